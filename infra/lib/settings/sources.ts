import { existsSync, readFileSync } from 'node:fs';
import { z } from 'zod';
import { UserError } from '../errors.ts';
import { message, type Text } from '../text.ts';
import { type Settings, settingNames, settingsSchema, takes } from './settings.ts';

/** Names and values as a person gave them, before they are checked. */
export type Given = ReadonlyMap<string, string | number | boolean>;

type Environment = Readonly<Record<string, string | undefined>>;

/** Where settings come from. */
export interface SettingsSources {
  /** Of the process; make exports to it what is typed after `make deploy`. */
  readonly environment: Environment;
  /** settings.json, for settings that are kept. It need not exist. */
  readonly file: string;
}

/** The settings, and those of them that somebody gave. */
export interface ReadSettings {
  readonly settings: Settings;
  readonly given: Given;
}

/**
 * Reads and checks the settings: the environment (and so the command line) wins over
 * the file, the file over the defaults. An empty value is one that is not given.
 *
 * @throws UserError naming the first setting that is unknown or out of its bounds.
 */
export function readSettings({ environment, file }: SettingsSources): ReadSettings {
  const typed = typedAfterMake(environment);
  refuseUnknown(
    typed.filter((name) => !isOtherVariable(name)),
    { en: 'on the command line', ja: 'コマンドライン' },
  );
  const given: Given = new Map([...fromFile(file), ...fromEnvironment(environment)]);
  return { settings: checkSettings(given), given };
}

/** Checks each value against its setting's bounds. */
export function checkSettings(given: Given): Settings {
  const byKey = Object.fromEntries([...given].map(([name, value]) => [settingNames.get(name) ?? name, value]));
  const result = settingsSchema.safeParse(byKey);
  if (result.success) return result.data;
  throw new UserError(
    refusal(
      given,
      result.error.issues.map((issue) => issue.path[0]),
    ),
  );
}

function refusal(given: Given, wrongKeys: readonly unknown[]): string | Text {
  const [name, key] = [...settingNames].find((entry) => wrongKeys.includes(entry[1])) ?? [];
  if (name === undefined || key === undefined) return 'A setting is unknown.';
  return texts.refused(name, takes(key), String(given.get(name)));
}

function fromEnvironment(environment: Environment): [string, string][] {
  return [...settingNames.keys()].flatMap((name): [string, string][] => {
    const value = environment[name]?.trim();
    return value ? [[name, value]] : [];
  });
}

function fromFile(file: string): [string, string | number | boolean][] {
  if (!existsSync(file)) return [];
  const values = z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])).safeParse(parseJson(file));
  if (!values.success) {
    throw new UserError(texts.noObject());
  }
  refuseUnknown(Object.keys(values.data), { en: 'in infra/settings.json', ja: 'infra/settings.json' });
  return Object.entries(values.data).filter(([, value]) => value !== '');
}

function parseJson(file: string): unknown {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return undefined;
  }
}

/**
 * The names of the variables typed after `make TARGET`, which make passes on in MAKEFLAGS
 * as ` -- NAME=value NAME=value` (make 3.81 leaves the dashes out), a blank inside a value as `\ `.
 */
function typedAfterMake(environment: Environment): string[] {
  const words = (environment.MAKEFLAGS ?? '').match(/(?:\\.|\S)+/g) ?? [];
  return words.flatMap((word) => /^([A-Za-z_][A-Za-z0-9_]*)[:+?]*=/.exec(word)?.[1] ?? []);
}

/** Variables that are not settings, but may be typed after a target. */
function isOtherVariable(name: string): boolean {
  return /^(AWS_|CDK_|CARGO_|NODE_|DOCTOR_|(NO_COLOR|CI|LANG|JSON|YES|SUFFIX|CALL|SINCE|FOLLOW|REPO|ENVIRONMENT|BRANCH|ADMINISTRATOR|PULL_REQUESTS|MODELS|VERIFY|CALLS_PER_DAY|PROMPTS|INPUT_TOKENS|OUTPUT_TOKENS|SECONDS)$)/.test(
    name,
  );
}

function refuseUnknown(names: readonly string[], where: Text): void {
  const unknown = names.find((name) => !settingNames.has(name));
  if (unknown === undefined) return;
  throw new UserError(texts.unknown(unknown, where, [...settingNames.keys()].join(', ')));
}

const texts = {
  refused: message(
    (name: string, takes: Text, given: string) => `${name} takes ${takes.en}; "${given}" was given.`,
    (name, takes, given) => `${name} には次の値を指定してください: ${takes.ja} ("${given}" が指定されました)。`,
  ),
  noObject: message(
    () => 'infra/settings.json takes one JSON object of settings, such as {"MEMORY": 256}.',
    () => 'infra/settings.json には {"MEMORY": 256} のような、設定の JSON オブジェクトを 1 つ書いてください。',
  ),
  unknown: message(
    (name: string, where: Text, names: string) => `${name} ${where.en} is no setting; the settings are ${names}.`,
    (name, where, names) => `${where.ja}の ${name} という設定はありません。使える設定は ${names} です。`,
  ),
} as const;
