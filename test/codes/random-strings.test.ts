import { describe, expect, it } from 'vitest';
import { institutionAudience, storeAudience } from '../../src/codes/key-names.js';
import { packCodes } from '../../src/codes/packed-codes.js';
import { readPerInstitutionCode } from '../../src/codes/per-institution-code.js';
import { openSoftwareVault } from '../../src/vault/software/software-vault.js';
import { seededBytes } from '../support/seeded-bytes.js';

const BASE32 = 'abcdefghijklmnopqrstuvwxyz234567';
const ALPHABETS = {
  'decimal digits': '0123456789',
  'upper-case base32': BASE32.toUpperCase(),
  'letters of both cases and digits': 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789',
  base64url: 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_',
  'printable ASCII': String.fromCharCode(...Array.from({ length: 95 }, (_, k) => 32 + k)),
  'Latin-1': String.fromCharCode(...Array.from({ length: 256 }, (_, k) => k)),
  'the alphabet, and look-alikes from elsewhere': `${BASE32}ａｂｃｄеоѕ２３01l８\ud83d`,
};

/** Texts of the given length, letter by letter from an alphabet, the same for the same seed. */
function randomTexts(seed: string, count: number, length: number, alphabet: string): string[] {
  const random = new Uint16Array(seededBytes(seed, 2 * count * length).buffer);
  return Array.from({ length: count }, (_, n) => {
    let text = '';
    for (let k = 0; k < length; k++) text += alphabet[(random[n * length + k] as number) % alphabet.length];
    return text;
  });
}

const parses = (text: string) => typeof readPerInstitutionCode(text) === 'object';

describe('100,000 random strings never parse by accident', () => {
  it.each(Object.entries(ALPHABETS))('10,000 of 40 characters: %s', (name, alphabet) => {
    const texts = randomTexts(name, 10_000, 40, alphabet);
    expect(texts.filter(parses)).toEqual([]);
  });

  it('30,000 of another length, from the very alphabet of the external form', () => {
    const lengths = [1, 8, 16, 24, 32, 38, 39, 41, 42, 48, 56, 64, 80, 400, 1000];
    for (const length of lengths) {
      const texts = randomTexts(`length ${length}`, 2_000, length, BASE32);
      expect(texts.filter(parses), `length ${length}`).toEqual([]);
    }
  });
});

/**
 * Every string of 40 characters of the alphabet is somebody's code or nobody's: 200 bits have no room for a checksum
 * besides the 64 bits that AES Key Wrap checks. Parsing refuses version 0; the vault refuses the rest.
 */
describe('a random string of exactly the form', () => {
  const texts = randomTexts('forgeries', 20_000, 40, BASE32);
  const namesVersionZero = (text: string) => /^a[a-d]/.test(text);

  it('does not parse when it names version 0, and only then', () => {
    const versionZero = texts.filter(namesVersionZero);
    expect(versionZero.length).toBeGreaterThan(0);
    for (const text of versionZero) expect(readPerInstitutionCode(text)).toBe('CODE_VERSION_INVALID');
    expect(texts.filter(parses)).toEqual(texts.filter((text) => !namesVersionZero(text)));
  });

  it.each([
    ['its own', BASE32, 19_000],
    ['all lower-case letters and digits, of which 1 in 100 strings is of the form', `${BASE32}0189`, 50],
  ])(
    'is refused as forged by the vault, whatever version it names: alphabet %s',
    async (_, alphabet, least) => {
      const codes = randomTexts('forgeries', 20_000, 40, alphabet).flatMap((text) => {
        const parsed = readPerInstitutionCode(text);
        return typeof parsed === 'string' ? [] : [parsed.code];
      });
      expect(codes.length).toBeGreaterThan(least);
      const from = institutionAudience('AAA', 1);
      const keys = { [from]: seededBytes('institution', 32), 'store/1': seededBytes('store', 32) };
      await using vault = await openSoftwareVault({ keys });
      const { codes: answers, refusals } = await vault.translate(packCodes(codes), from, [storeAudience(1)]);
      expect(refusals).toEqual(codes.map((_code, index) => ({ index, code: 'CODE_FORGED' })));
      expect(answers[0]?.every((byte) => byte === 0)).toBe(true);
    },
  );
});
