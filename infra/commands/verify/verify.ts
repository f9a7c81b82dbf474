import { randomBytes } from 'node:crypto';
import { rmSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { exitOnError, UserError } from '../../lib/errors.ts';
import { throwawayName } from '../../lib/names.ts';
import { modelsFile, verifiedDir, verifyDir, workspaceDir } from '../../lib/paths.ts';
import { choose, type ReadChoice, readChoice } from '../../lib/settings/choice.ts';
import { checkSettings } from '../../lib/settings/sources.ts';
import { readModels } from '../../lib/models/table.ts';
import { unattended } from '../deploy/programs.ts';
import { requireBootstrap } from '../shared/preconditions.ts';
import { findStack } from '../shared/stack-state.ts';
import { announceTarget, type Target } from '../shared/target.ts';
import { localized } from '../../lib/text.ts';
import { isConfirmed, isOn, wantsJson } from '../shared/terminal.ts';
import { removeThrowaway } from './clean.ts';
import { type Context, contextOf, interruptRunning, isEmulated, makeIn } from './context.ts';
import { mostUsd } from './cost.ts';
import { commitOf, pagesOf, type Report, versionsOf, writeReport } from './report.ts';
import { INTERRUPTED, lineOf, type Outcome, runSteps, type Step } from './run.ts';
import { STEPS } from './steps/all.ts';
import { modelSteps } from './steps/models.ts';
import { claim, isTaken, leftText, throwawayEnvironment, throwawaySettings } from './throwaway.ts';

await exitOnError(async () => {
  const { context, steps, most } = await preparedRun();
  await requireConsent(context, most);
  await claim(context.target);
  const began = Date.now();
  const outcomes = await tried(steps, context);
  const { outcome, left } = await removeThrowaway(context);
  show(outcome);
  const report = reportOf(context, [...outcomes, outcome], most, (Date.now() - began) / 60_000);
  sayWhatIsLeft(context.target, left);
  keep(report);
  if (left.length > 0 || report.steps.some(({ result }) => result === 'failed')) process.exitCode = 1;
});

async function preparedRun(): Promise<{ context: Context; steps: readonly Step[]; most: number }> {
  const { models } = readModels(modelsFile);
  const today = new Date().toISOString().slice(0, 10);
  const steps = [...STEPS, ...modelSteps(process.env.MODELS, models, today)];
  const user = await announceTarget('proving on a throwaway beside', 'deploy');
  const { settings, given }: ReadChoice = readChoice('deploy');
  const suffix = process.env.SUFFIX?.trim() || randomBytes(2).toString('hex');
  const stackName = throwawayName(settings.functionName, suffix);
  const target = { ...user, stackName };
  await requireBootstrap(target);
  if (await findStack(target)) throw isTaken(target);
  const own = throwawaySettings(given, stackName, settings.region);
  const choice = choose(checkSettings(own), readModels(modelsFile), today);
  const environment = throwawayEnvironment(stackName, own);
  const context = contextOf({
    target,
    choice,
    isEmulated: isEmulated(process.env),
    make: makeIn(environment, stackName),
  });
  const planned = steps.flatMap(({ calls = [] }) => calls);
  return { context, steps, most: mostUsd(planned, choice) };
}

/** @throws UserError where nobody says yes. */
async function requireConsent({ target, choice, isEmulated: emulated }: Context, most: number): Promise<void> {
  const [model] = choice.models;
  console.error(
    localized({
      en: `It makes the stack ${target.stackName} with all that make deploy makes, calls ${model?.id} with it, and removes it. At most $${most.toFixed(2)}${emulated ? ', were this AWS and no emulator' : ''}.`,
      ja: `スタック ${target.stackName} を make deploy と同じ内容で作成し、${model?.id} を呼び出したあと、削除します。料金は最大 $${most.toFixed(2)} です${emulated ? ' (エミュレーターではなく AWS の場合)' : ''}。`,
    }),
  );
  if (isOn('YES')) return;
  if (unattended())
    throw new UserError({
      en: 'Nothing was made. Type YES=1 after make verify where there is no terminal to ask on.',
      ja: '何も作成していません。確認に答えられない環境では、make verify に YES=1 を付けてください。',
    });
  if (!(await isConfirmed(localized({ en: 'Go on? [y/N] ', ja: '続けますか? [y/N] ' }))))
    throw new UserError({ en: 'Nothing was made.', ja: '何も作成していません。' });
}

/** Ctrl-C ends the target that runs, and the steps after it; a second one the removal too. */
async function tried(steps: readonly Step[], context: Context): Promise<Outcome[]> {
  let interrupts = 0;
  const onInterrupt = () => {
    interrupts += 1;
    interruptRunning();
    if (interrupts === 1)
      console.error(
        localized({
          en: 'Interrupted: removing what was made. Ctrl-C again leaves it there.',
          ja: '中断しました。作成したものを削除します。もう一度 Ctrl-C を押すと、削除せずに終わります。',
        }),
      );
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, onInterrupt);
  // A reader that has gone, as of a pipe, is no reason to leave the stack there.
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);
  return runSteps(steps, context, show, () => interrupts > 0);
}

function show(outcome: Outcome): void {
  const line = lineOf(outcome, Math.max(...STEPS.map(({ name }) => name.length)));
  if (wantsJson()) console.error(line);
  else console.log(line);
}

function reportOf(
  { target, choice, isEmulated: emulated, since, figures }: Context,
  steps: Outcome[],
  most: number,
  minutes: number,
): Report {
  return {
    date: since.toISOString().slice(0, 10),
    region: target.region,
    commit: commitOf(),
    versions: versionsOf(),
    // The others are deployed, and not called.
    models: choice.models.slice(0, 1).map(({ id }) => id),
    isEmulated: emulated,
    mostUsd: Number(most.toFixed(4)),
    minutes: Number(minutes.toFixed(1)),
    figures,
    steps,
  };
}

/** A run against an emulator says nothing of AWS, and one that was interrupted too little: both stay on this machine. */
function keep(report: Report): void {
  const { isEmulated: emulated, steps } = report;
  const isProof = !emulated && !steps.some(({ seen }) => seen === INTERRUPTED);
  const directory = isProof ? verifiedDir : join(verifyDir, 'reports');
  const file = writeReport(directory, report);
  if (isProof) for (const { name, text } of pagesOf(directory)) writeFileSync(join(workspaceDir, name), text);
  if (wantsJson()) console.log(JSON.stringify(report, null, 2));
  console.error(
    localized({
      en: `Wrote ${relative(workspaceDir, file)}.${emulated ? ' An emulator was asked, and not AWS.' : ''}`,
      ja: `${relative(workspaceDir, file)} に書き込みました。${emulated ? 'AWS ではなくエミュレーターの結果です。' : ''}`,
    }),
  );
}

function sayWhatIsLeft(target: Target, left: readonly string[]): void {
  if (left.length > 0) console.error(localized(leftText(target, left)));
  else rmSync(join(verifyDir, target.stackName), { recursive: true, force: true });
}
