import { describe, expect, it } from 'vitest';
import { linkKey } from '../../src/codes/key-names.js';
import { fingerprintOf, zeroKey } from '../../src/scheme/fingerprint.js';
import { linkFingerprintBlock, writeLinkageBlocks } from '../../src/scheme/linkage-block.js';
import { packResidents } from '../../src/subjects/pack-residents.js';
import { referenceFingerprint } from '../support/reference.js';
import { keyWrap } from '../support/reference-rk1.js';
import { syntheticResidents, syntheticResidentTexts } from '../support/residents.js';
import { AAA, TEST_KEYS } from '../support/test-keys.js';

const latin1 = (bytes: Uint8Array) => Buffer.from(bytes).toString('latin1');

describe('writeLinkageBlocks: M(J) = "RK1:" || 0x00 || J', () => {
  it('writes one block a resident', () => {
    const texts = syntheticResidentTexts(5, 0, 300);
    const blocks = new Uint8Array(300 * 16).fill(255);
    expect(writeLinkageBlocks(syntheticResidents(5, 0, 300), blocks)).toEqual([]);
    expect(latin1(blocks)).toBe(texts.map((text) => `RK1:\0${text}`).join(''));
  });

  it('writes nothing for nothing', () => {
    expect(writeLinkageBlocks(new Uint8Array(0), new Uint8Array(0))).toEqual([]);
  });

  it('names a refused row by its index in the whole batch, blanks its block and serves the others', () => {
    const { residents } = packResidents(['24727059608', '24727059607', 'x', '01234567892']);
    const blocks = new Uint8Array(4 * 16).fill(255);
    expect(writeLinkageBlocks(residents, blocks, 1000)).toEqual([
      { index: 1001, code: 'RESIDENT_RECORD_CODE_CHARACTER' },
      { index: 1002, code: 'RESIDENT_RECORD_CODE_CHARACTER' },
    ]);
    const blank = '\0'.repeat(16);
    expect(latin1(blocks)).toBe(`RK1:\x0024727059608${blank}${blank}RK1:\x0001234567892`);
  });

  it('tells a wrong check digit from a byte that is no digit', () => {
    const residents = Uint8Array.from('2472705960724727059b08', (letter) => letter.charCodeAt(0));
    expect(writeLinkageBlocks(residents, new Uint8Array(32))).toEqual([
      { index: 0, code: 'RESIDENT_RECORD_CODE_CHECK_DIGIT' },
      { index: 1, code: 'RESIDENT_RECORD_CODE_CHARACTER' },
    ]);
  });

  it('leaves the residents as they are: wiping them is the vault’s', () => {
    const residents = syntheticResidents(5, 0, 3);
    writeLinkageBlocks(residents, new Uint8Array(48));
    expect(residents).toEqual(syntheticResidents(5, 0, 3));
  });
});

describe('fingerprints', () => {
  it('of an audience key: 8 bytes of SHA-256 of KW(K, 16 zero bytes)', () => {
    const key = TEST_KEYS[AAA] as Uint8Array;
    expect(zeroKey()).toEqual(new Uint8Array(16));
    expect(fingerprintOf(keyWrap(key, zeroKey()))).toBe(referenceFingerprint(TEST_KEYS, AAA));
    expect(referenceFingerprint(TEST_KEYS, AAA)).toMatch(/^[0-9a-f]{16}$/);
  });

  it('of a link key are made from a block that no resident record code leads to', () => {
    const block = linkFingerprintBlock();
    expect(latin1(block)).toBe('RK1:\x01fingerprint');
    block.fill(0);
    expect(latin1(linkFingerprintBlock())).toBe('RK1:\x01fingerprint');
    expect(referenceFingerprint(TEST_KEYS, linkKey(1))).not.toBe(referenceFingerprint(TEST_KEYS, linkKey(2)));
  });
});
