import { describe, expect, it } from 'vitest';
import type { RenkeiErrorCode } from '../../src/errors/codes.js';
import { packResidents } from '../../src/subjects/pack-residents.js';
import {
  ResidentRecordCode,
  residentRecordCodeFault,
  writeResidentRecordCode,
} from '../../src/subjects/resident-record-code.js';
import { syntheticResidents, syntheticResidentTexts } from '../support/residents.js';
import { withCode } from '../support/with-code.js';

const GOOD = '24727059608';
const latin1 = (bytes: Uint8Array) => Buffer.from(bytes).toString('latin1');

const MALFORMED: readonly [string, unknown, RenkeiErrorCode][] = [
  ['an empty text', '', 'RESIDENT_RECORD_CODE_LENGTH'],
  ['ten digits', '2472705960', 'RESIDENT_RECORD_CODE_LENGTH'],
  ['thirteen digits (a Corporate Number)', '2472705960812', 'RESIDENT_RECORD_CODE_LENGTH'],
  ['digits with a hyphen', '2472-7059608', 'RESIDENT_RECORD_CODE_LENGTH'],
  ['digits with a line end', `${GOOD}\n`, 'RESIDENT_RECORD_CODE_LENGTH'],
  ['an Individual Number (個人番号)', '379474484458', 'INDIVIDUAL_NUMBER_REFUSED'],
  ['an Individual Number of zeros', '000000000000', 'INDIVIDUAL_NUMBER_REFUSED'],
  ['twelve full-width digits', '３７９４７４４８４４５８', 'RESIDENT_RECORD_CODE_LENGTH'],
  ['a letter', '2472705960O', 'RESIDENT_RECORD_CODE_CHARACTER'],
  ['a sign', '-2472705960', 'RESIDENT_RECORD_CODE_CHARACTER'],
  ['a space', '2472705960 ', 'RESIDENT_RECORD_CODE_CHARACTER'],
  ['a NUL', '2472705960\u0000', 'RESIDENT_RECORD_CODE_CHARACTER'],
  ['the characters next to the digits', '/:/:/:/:/:/', 'RESIDENT_RECORD_CODE_CHARACTER'],
  ['full-width digits', '２４７２７０５９６０８', 'RESIDENT_RECORD_CODE_CHARACTER'],
  ['one full-width digit', '2472705960８', 'RESIDENT_RECORD_CODE_CHARACTER'],
  ['Arabic-Indic digits', '٢٤٧٢٧٠٥٩٦٠٨', 'RESIDENT_RECORD_CODE_CHARACTER'],
  ['letters whose low byte is a digit', 'ĲĴķĲķİĵĹĶİĸ', 'RESIDENT_RECORD_CODE_CHARACTER'],
  ['a lone high surrogate', '2472705960\ud83d', 'RESIDENT_RECORD_CODE_CHARACTER'],
  ['a lone low surrogate', '\udc342472705960'.slice(0, 11), 'RESIDENT_RECORD_CODE_CHARACTER'],
  ['a number', 24_727_059_608, 'RESIDENT_RECORD_CODE_CHARACTER'],
  ['null', null, 'RESIDENT_RECORD_CODE_CHARACTER'],
  ['a wrong check digit', '24727059607', 'RESIDENT_RECORD_CODE_CHECK_DIGIT'],
];

describe('a malformed resident record code', () => {
  it.each(MALFORMED)('%s is refused with its own code', (_, text, code) => {
    expect(() => new ResidentRecordCode(text as string)).toThrow(withCode(code));
  });

  it.each(MALFORMED)('%s: the message does not repeat it', (_, text) => {
    let message = '';
    try {
      new ResidentRecordCode(text as string);
    } catch (error) {
      message = (error as Error).message;
    }
    expect(message).not.toBe('');
    if (text !== '') expect(message).not.toContain(String(text));
  });

  it('an Individual Number is refused by name', () => {
    expect(() => new ResidentRecordCode('379474484458')).toThrow(
      withCode('INDIVIDUAL_NUMBER_REFUSED', { message: /Individual Number/ }),
    );
  });

  it.each(MALFORMED)('%s writes nothing beside its row, and leaves its row blank', (_, text, code) => {
    const packed = new Uint8Array(33).fill(7);
    packed.fill(0, 11, 22);
    expect(writeResidentRecordCode(text as string, packed, 11)).toBe(code);
    expect([...packed.subarray(11, 22)]).toEqual(new Array(11).fill(0));
    expect([...packed.subarray(0, 11), ...packed.subarray(22)]).toEqual(new Array(22).fill(7));
  });
});

describe('a packed row', () => {
  it.each([0x00, 0x10, 0x2f, 0x3a, 0x7f, 0xb2, 0xff])('with the byte %i in any place is refused', (byte) => {
    for (let place = 0; place < 11; place++) {
      const packed = Uint8Array.from(`99999999999${GOOD}`, (letter) => letter.charCodeAt(0));
      packed[11 + place] = byte;
      expect(residentRecordCodeFault(packed, 11)).toBe('RESIDENT_RECORD_CODE_CHARACTER');
    }
  });

  it('of zero bytes is no resident', () => {
    expect(residentRecordCodeFault(new Uint8Array(11), 0)).toBe('RESIDENT_RECORD_CODE_CHARACTER');
  });
});

describe('packResidents', () => {
  it('packs texts one behind the other', () => {
    const packed = packResidents(syntheticResidentTexts(3, 0, 500));
    expect(packed.refusals).toEqual([]);
    expect(packed.residents).toEqual(syntheticResidents(3, 0, 500));
  });

  it('packs nothing into nothing', () => {
    expect(packResidents([])).toEqual({ residents: new Uint8Array(0), refusals: [] });
  });

  it('names every bad item by index and code, blanks its row and keeps the others', () => {
    const texts = MALFORMED.flatMap(([, text]) => [GOOD, text as string]);
    const { residents, refusals } = packResidents([...texts, GOOD]);
    expect(refusals).toEqual(MALFORMED.map(([, , code], k) => ({ index: 2 * k + 1, code })));
    for (let k = 0; k <= 2 * MALFORMED.length; k++) {
      const row = latin1(residents.subarray(11 * k, 11 * (k + 1)));
      expect(row).toBe(k % 2 === 0 ? GOOD : '\0'.repeat(11));
    }
  });
});

describe('ResidentRecordCode', () => {
  it.each([GOOD, '01234567892', '00000000000'])('takes %s, leading zeros included', (text) => {
    expect(latin1(new ResidentRecordCode(text).take())).toBe(text);
  });

  it('hands its digits over once', () => {
    const code = new ResidentRecordCode(GOOD);
    code.take();
    expect(() => code.take()).toThrow(withCode('RESIDENT_RECORD_CODE_WIPED'));
  });

  it('has nothing to hand over once it is wiped', () => {
    const code = new ResidentRecordCode(GOOD);
    code.wipe();
    code.wipe();
    expect(() => code.take()).toThrow(withCode('RESIDENT_RECORD_CODE_WIPED'));
  });
});
