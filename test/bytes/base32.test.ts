import { test } from '@fast-check/vitest';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeBase32, encodeBase32 } from '../../src/bytes/base32.js';

const bytes = (text: string) => Uint8Array.from(text, (letter) => letter.charCodeAt(0));

describe('base32', () => {
  it('encodes the vectors of RFC 4648 section 10 that need no padding', () => {
    expect(encodeBase32(bytes(''))).toBe('');
    expect(encodeBase32(bytes('fooba'))).toBe('mzxw6ytb');
    expect(decodeBase32('mzxw6ytb')).toEqual(bytes('fooba'));
  });

  it('encodes all-zero and all-one bytes', () => {
    expect(encodeBase32(new Uint8Array(5))).toBe('aaaaaaaa');
    expect(encodeBase32(new Uint8Array(5).fill(255))).toBe('77777777');
  });

  it('puts every value of five bits into every one of the eight places', () => {
    const alphabet = 'abcdefghijklmnopqrstuvwxyz234567';
    for (let place = 0; place < 8; place++) {
      for (const [value, letter] of [...alphabet].entries()) {
        const text = `${'a'.repeat(place)}${letter}${'a'.repeat(7 - place)}`;
        const expected = BigInt(value) << BigInt(35 - 5 * place);
        const decoded = Buffer.from(decodeBase32(text) as Uint8Array);
        expect(decoded.toString('hex')).toBe(expected.toString(16).padStart(10, '0'));
        expect(encodeBase32(decoded)).toBe(text);
      }
    }
  });

  test.prop(
    [
      fc
        .uint8Array({ maxLength: 8 })
        .map((part) => new Uint8Array(5 * part.length).fill(7).map((_, k) => part[k % part.length] ?? 0)),
    ],
    {
      seed: 4648,
    },
  )('gives back what was encoded', (input) => {
    expect(decodeBase32(encodeBase32(input))).toEqual(input);
  });

  it.each([
    'A',
    'Z',
    '0',
    '1',
    '8',
    '9',
    '=',
    ' ',
    '-',
    '\u0000',
    '\u007f',
    '\u0080',
    'é',
    'ａ',
    '２',
    'ſ',
    '\ud83d',
  ])('refuses the character %j in every place', (letter) => {
    for (let place = 0; place < 8; place++) {
      expect(decodeBase32(`${'a'.repeat(place)}${letter}${'a'.repeat(7 - place)}`)).toBeUndefined();
    }
  });
});
