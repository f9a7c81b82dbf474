const dollars = (cost) => `${cost?.toLocaleString('en', { maximumFractionDigits: 12 }) ?? '?'} USD`;

const WORDS = {
  en: {
    label: 'Your question (Enter sends, Shift+Enter begins a line)',
    send: 'Send',
    stop: 'Stop',
    forget: 'New conversation',
    stopped: 'stopped',
    cut: (reason) => `The answer is not whole: it was stopped by ${reason}.`,
    took: ({ usage, costUsd, firstTextMs }) =>
      `${usage.estimatedTokens ? 'about ' : ''}${usage.inputTokens} tokens in, ${usage.outputTokens} out, ${dollars(costUsd)}` +
      (firstTextMs === null ? '' : `, first word after ${firstTextMs} ms`),
    gone: 'make chat does not answer any more. Start it again, and open the address that it prints.',
  },
  ja: {
    label: '質問（Enter で送信、Shift+Enter で改行）',
    send: '送信',
    stop: '停止',
    forget: '新しい会話',
    stopped: '停止しました',
    cut: (reason) => `回答は途中で終わっています (${reason})。`,
    took: ({ usage, costUsd, firstTextMs }) =>
      `${usage.estimatedTokens ? '約 ' : ''}入力 ${usage.inputTokens} トークン、出力 ${usage.outputTokens} トークン、${dollars(costUsd)}` +
      (firstTextMs === null ? '' : `、最初の文字まで ${firstTextMs} ミリ秒`),
    gone: 'make chat が応答しません。もう一度起動し、表示されたアドレスを開いてください。',
  },
};

const language = navigator.language.startsWith('ja') ? 'ja' : 'en';
const words = WORDS[language];
const element = (id) => document.getElementById(id);
const [talk, form, prompt, stop] = ['talk', 'form', 'prompt', 'stop'].map(element);

document.documentElement.lang = language;
for (const id of ['label', 'send', 'stop', 'forget']) element(id).textContent = words[id];

/** What was said, as the function's event has it. */
const messages = [];
/** Stops the answer that is arriving. */
let arriving;

function add(className, text) {
  const line = document.createElement('p');
  line.className = className;
  line.textContent = text;
  talk.append(line);
  line.scrollIntoView({ block: 'end' });
  return line;
}

/** The Server-Sent Events of a response. This server writes each as a line `event` and a line `data`. */
async function* eventsOf(response) {
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = '';
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    const events = (rest + value).split('\n\n');
    rest = events.pop();
    for (const event of events) {
      const [, name, data] = /^event: (.*)\ndata: (.*)$/.exec(event) ?? [];
      if (name) yield { name, data: JSON.parse(data) };
    }
  }
}

/** Shows the answer while it arrives. Gives its text, or undefined where it failed. */
async function answer(question, signal) {
  const line = add('assistant', '');
  try {
    const body = JSON.stringify({ prompt: question, messages });
    const headers = { 'content-type': 'application/json' };
    const response = await fetch('ask', { method: 'POST', headers, body, signal });
    if (!response.ok) throw new Error(await response.text());
    for await (const { name, data } of eventsOf(response)) {
      if (name === 'text') {
        line.append(data.text);
        form.scrollIntoView({ block: 'end' });
      } else if (name === 'done') {
        if (data.cutShortBy) add('note wrong', words.cut(data.cutShortBy));
        if (data.took) add('note', words.took(data.took));
        return line.textContent;
      } else if (name === 'error') {
        add('note wrong', data.message);
        return undefined;
      }
    }
    throw new Error('The response ended before the answer.');
  } catch {
    if (!signal.aborted) {
      add('note wrong', words.gone);
      return undefined;
    }
    add('note', words.stopped);
    return line.textContent;
  }
}

form.addEventListener('submit', async (event) => {
  event.preventDefault();
  const question = prompt.value.trim();
  if (arriving || !question) return;
  arriving = new AbortController();
  prompt.value = '';
  stop.hidden = false;
  add('user', question);
  const text = await answer(question, arriving.signal);
  // A question without an answer is no turn that a model takes.
  if (text) messages.push({ role: 'user', text: question }, { role: 'assistant', text });
  arriving = undefined;
  stop.hidden = true;
  prompt.focus();
});

prompt.addEventListener('keydown', (event) => {
  // The Enter that ends a conversion of kana is part of the text.
  if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return;
  event.preventDefault();
  form.requestSubmit();
});

stop.addEventListener('click', () => arriving?.abort());

element('forget').addEventListener('click', () => location.reload());
