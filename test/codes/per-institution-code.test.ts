import { test } from '@fast-check/vitest';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  formatPerInstitutionCode,
  parsePerInstitutionCode,
  readPerInstitutionCode,
} from '../../src/codes/per-institution-code.js';
import { withCode } from '../support/with-code.js';

const ALPHABET = 'abcdefghijklmnopqrstuvwxyz234567';
const RUNS = { seed: 21, numRuns: 5_000 };

const version = fc.integer({ min: 1, max: 255 });
const code = fc.uint8Array({ minLength: 24, maxLength: 24 });
const GOOD = formatPerInstitutionCode(
  Uint8Array.from({ length: 24 }, (_, k) => k * 7),
  1,
);

/** What parses must be, character for character, what is written for it. */
function parsesCanonicallyOrNotAtAll(text: string): boolean {
  const parsed = readPerInstitutionCode(text);
  if (typeof parsed === 'string') return false;
  expect(formatPerInstitutionCode(parsed.code, parsed.version)).toBe(text);
  return true;
}

describe('the external form', () => {
  it('is the version byte and 24 code bytes in lower-case base32', () => {
    expect(formatPerInstitutionCode(new Uint8Array(24), 1)).toBe(`ae${'a'.repeat(38)}`);
    expect(formatPerInstitutionCode(new Uint8Array(24).fill(255), 255)).toBe('7'.repeat(40));
  });

  test.prop([version, code], RUNS)(
    'has 40 characters and is taken apart into what it was made of',
    (v, bytes) => {
      const text = formatPerInstitutionCode(bytes, v);
      expect(text).toMatch(/^[a-z2-7]{40}$/);
      expect(parsePerInstitutionCode(text)).toEqual({ version: v, code: bytes });
    },
  );

  it.each([0, 23, 25, 48])('is not written for a code of %i bytes', (length) => {
    expect(() => formatPerInstitutionCode(new Uint8Array(length), 1)).toThrow(withCode('BUFFER_LENGTH'));
  });

  it.each([0, 256, -1, 1.5, Number.NaN])('is not written for version %s', (v) => {
    expect(() => formatPerInstitutionCode(new Uint8Array(24), v)).toThrow(withCode('CODE_VERSION_INVALID'));
  });
});

describe('a text that is not the external form is refused with its own code', () => {
  it.each([
    ['nothing', '', 'CODE_LENGTH'],
    ['39 characters', GOOD.slice(1), 'CODE_LENGTH'],
    ['41 characters', `${GOOD}a`, 'CODE_LENGTH'],
    ['a line end after it', `${GOOD}\n`, 'CODE_LENGTH'],
    ['padding', `${GOOD}======`, 'CODE_LENGTH'],
    ['spaces around it', ` ${GOOD} `, 'CODE_LENGTH'],
    ['no text', undefined, 'CODE_LENGTH'],
    ['bytes', new Uint8Array(40), 'CODE_LENGTH'],
    ['upper case', GOOD.toUpperCase(), 'CODE_CHARACTER'],
    ['one upper-case letter', `A${GOOD.slice(1)}`, 'CODE_CHARACTER'],
    ['a digit outside the alphabet', `${GOOD.slice(0, 39)}1`, 'CODE_CHARACTER'],
    ['a full-width letter', `${GOOD.slice(0, 39)}ａ`, 'CODE_CHARACTER'],
    ['a letter whose low byte is in the alphabet', `${GOOD.slice(0, 39)}\u0161`, 'CODE_CHARACTER'],
    ['a lone surrogate', `${GOOD.slice(0, 39)}\ud83d`, 'CODE_CHARACTER'],
    ['version 0', `aa${GOOD.slice(2)}`, 'CODE_VERSION_INVALID'],
  ] as const)('%s', (_, text, expected) => {
    expect(readPerInstitutionCode(text)).toBe(expected);
    expect(() => parsePerInstitutionCode(text as string)).toThrow(withCode(expected));
  });
});

describe('what parses re-encodes to itself', () => {
  const good = fc.tuple(version, code).map(([v, bytes]) => formatPerInstitutionCode(bytes, v));
  const place = fc.nat({ max: 39 });

  test.prop([good, place, fc.string({ unit: 'binary', minLength: 1, maxLength: 1 })], RUNS)(
    'after a character is replaced by any other',
    (text, at, letter) => {
      const mutated = text.slice(0, at) + letter + text.slice(at + 1);
      const parses = parsesCanonicallyOrNotAtAll(mutated);
      if (!ALPHABET.includes(letter)) expect(parses).toBe(false);
    },
  );

  test.prop([good, place, fc.constantFrom(...ALPHABET)], RUNS)(
    'after a character is replaced by one of the alphabet: it then is another code',
    (text, at, letter) => {
      const mutated = text.slice(0, at) + letter + text.slice(at + 1);
      if (!parsesCanonicallyOrNotAtAll(mutated))
        expect(readPerInstitutionCode(mutated)).toBe('CODE_VERSION_INVALID');
      else if (mutated !== text)
        expect(parsePerInstitutionCode(mutated)).not.toEqual(parsePerInstitutionCode(text));
    },
  );

  test.prop(
    [good, place, fc.constantFrom('insert', 'remove', 'double', 'swap'), fc.constantFrom(...ALPHABET)],
    RUNS,
  )('after characters are inserted, removed, doubled or swapped', (text, at, how, letter) => {
    const before = text.slice(0, at);
    const after = text.slice(at);
    const mutated = {
      insert: before + letter + after,
      remove: before + after.slice(1),
      double: before + after.slice(0, 1) + after,
      swap: before + after.slice(1, 2) + after.slice(0, 1) + after.slice(2),
    }[how];
    const parses = parsesCanonicallyOrNotAtAll(mutated);
    if (how !== 'swap') expect(parses).toBe(false);
  });

  test.prop([good, fc.array(fc.boolean(), { minLength: 40, maxLength: 40 })], RUNS)(
    'after letters are put in upper case',
    (text, upper) => {
      const mutated = [...text].map((letter, k) => (upper[k] ? letter.toUpperCase() : letter)).join('');
      expect(parsesCanonicallyOrNotAtAll(mutated)).toBe(mutated === text);
    },
  );

  test.prop([good, place, fc.constantFrom('NFD', 'fullwidth', 'zero-width', 'bom', 'rtl')], RUNS)(
    'after it is dressed up in Unicode',
    (text, at, how) => {
      const letter = text[at] as string;
      const dressed = {
        NFD: `${letter}\u0301`.normalize('NFD'),
        fullwidth: String.fromCharCode(letter.charCodeAt(0) + 0xfee0),
        'zero-width': `\u200b${letter}`,
        bom: `\ufeff${letter}`,
        rtl: `\u202e${letter}`,
      }[how];
      const mutated = text.slice(0, at) + dressed + text.slice(at + 1);
      expect(parsesCanonicallyOrNotAtAll(mutated)).toBe(false);
    },
  );

  test.prop([fc.string({ unit: 'binary', minLength: 40, maxLength: 40 })], RUNS)(
    'on any 40 characters',
    (text) => {
      parsesCanonicallyOrNotAtAll(text);
    },
  );
});
