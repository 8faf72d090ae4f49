import { test } from '@fast-check/vitest';
import fc from 'fast-check';
import { createMemoryStore, openIssuer, parsePerInstitutionCode } from 'renkei';
import { openSoftwareVault } from 'renkei/software';
import { describe, expect, it, vi } from 'vitest';
import { codeAt } from '../../src/codes/packed-codes.js';
import { checkDigit } from '../../src/subjects/resident-record-code.js';
import { referenceCode, referenceLinkageCode } from '../support/reference.js';
import { syntheticResidents, syntheticResidentTexts } from '../support/residents.js';
import { AAA, AAA_2, BBB, RECORD, STORE, TEST_KEYS } from '../support/test-keys.js';
import { withCode } from '../support/with-code.js';

/** The sentences under "Why it is right" in the description of the scheme, one by one. */

const AUDIENCES = [STORE, AAA, AAA_2, BBB, RECORD];
const RUNS = { seed: 1, numRuns: 200 };

/** Any resident record code that is well-formed. */
const resident = fc.stringMatching(/^[0-9]{10}$/).map((body) => {
  const digits = Uint8Array.from(body, (digit) => digit.charCodeAt(0));
  return `${body}${checkDigit(digits)}`;
});
const packed = (text: string) => Uint8Array.from(text, (digit) => digit.charCodeAt(0));
const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');

const vault = await openSoftwareVault({ keys: TEST_KEYS });

describe('AES under one key is a permutation, KW is injective', () => {
  it('20,000 residents share no code at any audience', async () => {
    const { codes } = await vault.derive(syntheticResidents(1, 0, 20_000), AUDIENCES);
    for (const column of codes) {
      const distinct = new Set(Array.from({ length: 20_000 }, (_, k) => hex(codeAt(column, k))));
      expect(distinct.size).toBe(20_000);
    }
  });

  test.prop([resident, resident], RUNS)(
    'two residents have one code exactly when they are one',
    async (a, b) => {
      const { codes } = await vault.derive(packed(a + b), AUDIENCES);
      for (const column of codes) expect(hex(codeAt(column, 0)) === hex(codeAt(column, 1))).toBe(a === b);
    },
  );
});

describe('audience keys are pairwise distinct', () => {
  test.prop([resident, fc.integer({ min: 1, max: 3 })], RUNS)(
    'one resident’s codes at two audiences differ',
    async (text, generation) => {
      const { codes } = await vault.derive(packed(text), AUDIENCES, { generation });
      expect(new Set(codes.map(hex)).size).toBe(AUDIENCES.length);
    },
  );

  it('a key that another audience has is refused at registration', async () => {
    const twin = { ...TEST_KEYS, 'institution/TWIN/1': TEST_KEYS[AAA] as Uint8Array };
    const issuer = await openIssuer({
      vault: await openSoftwareVault({ keys: twin }),
      store: createMemoryStore(),
    });
    await issuer.registerInstitution('AAA');
    await expect(issuer.registerInstitution('TWIN')).rejects.toThrow(withCode('KEY_NOT_DISTINCT'));
  });
});

describe('nothing but a keyed permutation connects a resident record code and any code', () => {
  test.prop([resident, fc.integer({ min: 1, max: 3 })], RUNS)(
    'every code is KW of AES-256 of M(J), computed apart on node:crypto',
    async (text, generation) => {
      const { codes } = await vault.derive(packed(text), AUDIENCES, { generation });
      const expected = AUDIENCES.map((audience) => hex(referenceCode(TEST_KEYS, text, audience, generation)));
      expect(codes.map(hex)).toEqual(expected);
    },
  );

  it('under other keys the same residents have other codes', async () => {
    const other = Object.fromEntries(
      Object.entries(TEST_KEYS).map(([name, key]) => [name, key.map((byte) => byte ^ 0x80)]),
    );
    const { codes: here } = await vault.derive(syntheticResidents(1, 0, 500), AUDIENCES);
    const { codes: there } = await (await openSoftwareVault({ keys: other })).derive(
      syntheticResidents(1, 0, 500),
      AUDIENCES,
    );
    here.forEach((column, k) => {
      const theirs = there[k] as Uint8Array;
      for (let n = 0; n < 500; n++) expect(hex(codeAt(column, n))).not.toBe(hex(codeAt(theirs, n)));
    });
  });
});

describe('KW carries a 64-bit integrity check', () => {
  it('a code with any one of its 192 bits flipped is refused', async () => {
    const code = referenceCode(TEST_KEYS, '24727059608', AAA);
    const flipped = new Uint8Array(192 * 24);
    for (let bit = 0; bit < 192; bit++) {
      flipped.set(code, 24 * bit);
      const at = 24 * bit + (bit >> 3);
      flipped[at] = (flipped[at] as number) ^ (1 << (bit & 7));
    }
    const { refusals } = await vault.translate(flipped, AAA, [STORE]);
    expect(refusals).toEqual(Array.from({ length: 192 }, (_, index) => ({ index, code: 'CODE_FORGED' })));
  });

  test.prop([fc.uint8Array({ minLength: 24, maxLength: 24 })], RUNS)(
    'a made-up code is refused',
    async (code) => {
      const { refusals } = await vault.translate(code, AAA, [STORE]);
      expect(refusals).toEqual([{ index: 0, code: 'CODE_FORGED' }]);
    },
  );

  test.prop([resident], RUNS)('a code of another institution, version or kind is refused', async (text) => {
    for (const other of [STORE, AAA_2, BBB, RECORD]) {
      const { refusals } = await vault.translate(referenceCode(TEST_KEYS, text, other), AAA, [STORE]);
      expect(refusals).toEqual([{ index: 0, code: 'CODE_FORGED' }]);
    }
  });

  it.each([1, 8, 16, 23, 25])('%i bytes are no code', async (length) => {
    const code = new Uint8Array(length);
    await expect(vault.translate(code, AAA, [STORE])).rejects.toThrow(withCode('BUFFER_LENGTH'));
  });
});

describe('no stored or transmitted value is L', () => {
  it('what an issuer writes to its store and hands out holds neither L nor the resident record code', async () => {
    const store = createMemoryStore();
    const issue = vi.spyOn(store, 'issue');
    const lookUp = vi.spyOn(store, 'lookUp');
    const issuer = await openIssuer({ vault, store });
    await issuer.registerInstitution('AAA');
    await issuer.registerInstitution('0220113112101700');
    const residents = syntheticResidentTexts(1, 0, 100);
    const request = { acquisitionNumbers: residents.map((_, k) => `n-${k}`), residents };
    const handedOut: string[] = [];
    for (const institution of ['AAA', '0220113112101700']) {
      for (const item of await issuer.issueBatch(institution, request)) {
        if (item.status === 'issued') handedOut.push(item.code);
      }
    }
    await issuer.translate(handedOut.slice(0, 100), { from: 'AAA', to: '0220113112101700' });
    const written = [
      ...issue.mock.calls.map(([batch]) => hex(batch.storeCodes)),
      ...lookUp.mock.calls.map(([, storeCodes]) => hex(storeCodes)),
    ];
    const crossed = [
      ...written,
      ...handedOut,
      ...handedOut.map((text) => hex(parsePerInstitutionCode(text).code)),
    ];
    const everything = crossed.join(' ');
    for (const text of residents) {
      const linkageCode = referenceLinkageCode(TEST_KEYS, text);
      expect(everything).not.toContain(hex(linkageCode));
      expect(everything).not.toContain(text);
      expect(everything).not.toContain(hex(Buffer.from(text)));
      // The same search does find what is there.
      for (const audience of [STORE, AAA, BBB]) {
        expect(everything).toContain(hex(referenceCode(TEST_KEYS, text, audience)));
      }
    }
  });
});

describe('symmetric only, 256-bit keys', () => {
  it.each([0, 16, 24, 31, 33, 64])('a key of %i bytes is refused', async (length) => {
    const keys = { ...TEST_KEYS, [AAA]: new Uint8Array(length) };
    await expect(openSoftwareVault({ keys })).rejects.toThrow(
      withCode('KEY_LENGTH', { message: /institution\/AAA\/1/ }),
    );
  });
});
