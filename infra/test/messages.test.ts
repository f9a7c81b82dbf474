import { expect, it } from 'vitest';
import { message, languageOf } from '../commands/shared/text.ts';

it('a message without its translation does not compile', () => {
  // @ts-expect-error -- the Japanese is missing
  expect(() => message(() => 'English alone')().ja).toThrow();
});

it('a translation takes the values of the original', () => {
  const english = (name: string): string => name;
  const japanese = (name: number): string => `${name}`;
  // @ts-expect-error -- a number is no string
  expect(message(english, japanese)('a')).toEqual({ en: 'a', ja: 'a' });
});

it('a language is chosen as terminals choose it, DOCTOR_LANG first', () => {
  expect([
    languageOf({}),
    languageOf({ LANG: 'C.UTF-8' }),
    languageOf({ LANG: 'ja_JP.UTF-8' }),
    languageOf({ LANG: 'ja_JP.UTF-8', LC_ALL: 'C' }),
    languageOf({ DOCTOR_LANG: 'en', LANG: 'ja_JP.UTF-8' }),
    languageOf({ DOCTOR_LANG: 'ja' }),
  ]).toEqual(['en', 'en', 'ja', 'en', 'en', 'ja']);
});
