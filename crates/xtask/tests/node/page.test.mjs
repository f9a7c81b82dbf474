// The page of make chat PAGE=1 in headless Chromium, where one is installed: CHROMIUM names it, or else it is looked for on the PATH.
//
// XTASK_BIN names the built program.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import { delimiter, join } from 'node:path';
import { createInterface } from 'node:readline';
import { json } from 'node:stream/consumers';
import { after, before, test } from 'node:test';

const require = createRequire(new URL('../../../../infra/package.json', import.meta.url));
const { chromium } = require('playwright-core');

const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];
const onPath = (process.env.PATH ?? '').split(delimiter).flatMap((folder) => NAMES.map((name) => join(folder, name)));
const executablePath = process.env.CHROMIUM || onPath.find(existsSync);
if (!executablePath) {
  console.error('SKIPPED: the page is tested in Chromium, which is not installed (Debian, Ubuntu: apt install chromium)');
}
const options = { skip: executablePath ? false : 'no Chromium' };

let browser, model, program, address;
before(async () => {
  if (!executablePath) return;
  assert.ok(process.env.XTASK_BIN, 'XTASK_BIN is not set; build the program and give its path');
  model = createServer().listen(0, '127.0.0.1');
  await once(model, 'listening');
  const { PATH, HOME, CARGO_HOME, RUSTUP_HOME, CARGO_TARGET_DIR } = process.env;
  const upstream = `http://127.0.0.1:${model.address().port}/v1`;
  program = spawn(process.env.XTASK_BIN, ['chat', '--page', '--target=local'], {
    env: { PATH, HOME, CARGO_HOME, RUSTUP_HOME, CARGO_TARGET_DIR, XTASK_UPSTREAM: upstream, XTASK_UPSTREAM_MODEL: 'm' },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = once(program, 'exit').then(() => assert.fail('it ended before it printed an address'));
  [address] = await Promise.race([once(createInterface(program.stdout), 'line'), ended]);
  // Chromium's own sandbox needs what a container does not give; no other page than ours is opened.
  browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] });
});
after(async () => {
  await browser?.close();
  program?.removeAllListeners('exit');
  program?.kill();
  model?.closeAllConnections();
  model?.close();
});

/** The next request to the model. */
async function asked() {
  const [request, response] = await once(model, 'request');
  const { messages } = await json(request);
  const send = (chunk) => response.write(`data: ${JSON.stringify(chunk)}\n\n`);
  return {
    messages: messages.map(({ role, content }) => `${role}: ${content}`),
    isLeft: once(response, 'close'),
    says: (content) => send({ choices: [{ delta: { content } }] }),
    breaksOff: () => response.destroy(),
    ends: () => {
      const usage = { prompt_tokens: 7, completion_tokens: 5 };
      send({ choices: [{ delta: {}, finish_reason: 'stop' }], usage });
      response.end('data: [DONE]\n\n');
    },
  };
}

/** The page as somebody of that language opens it; gives what went wrong in it too. */
async function open(settings) {
  const page = await browser.newPage(settings);
  const errors = [];
  page.on('pageerror', (error) => errors.push(String(error)));
  page.on('console', (message) => message.type() === 'error' && errors.push(message.text()));
  await page.route('**/favicon.ico', (route) => route.fulfill({ status: 204 }));
  await page.goto(address);
  return { page, errors };
}

async function sends(page, question) {
  const request = asked();
  await page.locator('textarea').fill(question);
  await page.locator('textarea').press('Enter');
  return request;
}

test('each word is shown before the model says the next, and what was said is sent along', options, async () => {
  const { page, errors } = await open({ locale: 'en-US' });
  const first = await sends(page, 'one?');
  const answer = page.locator('.assistant');
  let shown = '';
  for (const words of ['<b>One', ' and\n\n', 'two</b>']) {
    first.says(words);
    shown += words;
    await page.waitForFunction((text) => document.querySelector('.assistant').textContent === text, shown);
  }
  first.ends();
  await page.getByText('7 tokens in, 5 out, ').waitFor();
  assert.equal(await answer.locator('b').count(), 0);
  const second = await sends(page, 'two?');
  assert.deepEqual(second.messages, ['user: one?', `assistant: ${shown}`, 'user: two?']);
  second.ends();
  assert.deepEqual(errors, []);
  await page.close();
});

test('Stop keeps the text so far, and an answer that fails is left out', options, async () => {
  const { page } = await open({ locale: 'en-US' });
  const first = await sends(page, 'half?');
  first.says('Half of');
  await page.getByText('Half of').waitFor();
  await page.getByRole('button', { name: 'Stop' }).click();
  await first.isLeft;
  await page.getByText('stopped').waitFor();
  const second = await sends(page, 'broken?');
  second.says('Not');
  second.breaksOff();
  await page.locator('.wrong').waitFor();
  const third = await sends(page, 'more?');
  assert.deepEqual(third.messages, ['user: half?', 'assistant: Half of', 'user: more?']);
  third.ends();
  await page.close();
});

test('the page speaks the language of the browser, and is dark where the system is', options, async () => {
  for (const [locale, colorScheme, language, send, paper] of [
    ['ja-JP', 'dark', 'ja', '送信', 'rgb(23, 23, 26)'],
    ['de-DE', 'light', 'en', 'Send', 'rgb(255, 255, 255)'],
  ]) {
    const { page } = await open({ locale, colorScheme });
    assert.equal(await page.locator('html').getAttribute('lang'), language);
    await page.getByRole('button', { name: send, exact: true }).waitFor();
    const background = await page.locator('body').evaluate((body) => getComputedStyle(body).backgroundColor);
    assert.equal(background, paper);
    await page.close();
  }
});

test('another site in the same browser cannot have the function asked', options, async (t) => {
  const { page } = await open({ locale: 'en-US' });
  const other = createServer((_, response) => response.setHeader('content-type', 'text/html').end('<p>'));
  t.after(() => other.close());
  other.listen(0, '127.0.0.1');
  await once(other, 'listening');
  await page.goto(`http://127.0.0.1:${other.address().port}/`);
  const asks = () => assert.fail('the model was asked');
  model.on('request', asks);
  // A request that needs no permission beforehand, to the very path.
  const refused = page.waitForResponse(`${address}ask`);
  await page.evaluate((url) => fetch(url, { method: 'POST', mode: 'no-cors', body: '{"prompt":"theirs?"}' }), `${address}ask`);
  assert.equal((await refused).status(), 403);
  model.off('request', asks);
  await page.close();
});
