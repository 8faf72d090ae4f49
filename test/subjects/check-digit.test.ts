import { describe, expect, it } from 'vitest';
import { checkDigit, residentRecordCodeFault } from '../../src/subjects/resident-record-code.js';
import { syntheticResidents } from '../support/residents.js';

const WEIGHTS = [5, 4, 3, 2, 7, 6, 5, 4, 3, 2] as const;
const ZERO = 0x30;

const ascii = (text: string) => Uint8Array.from(text, (letter) => letter.charCodeAt(0));

/** The remainder r, straight from the definition. */
function remainder(code: Uint8Array): number {
  return WEIGHTS.reduce((sum, weight, k) => sum + weight * ((code[k] as number) - ZERO), 0) % 11;
}

const isWellFormed = (code: Uint8Array) => residentRecordCodeFault(code, 0) === undefined;

describe('the check digit (検査数字)', () => {
  it.each([
    // body, Σ d·w, r, check digit, resident record code
    ['2472705960', 179, 3, 8, '24727059608'],
    ['1234567890', 195, 8, 3, '12345678903'],
    ['9876543210', 195, 8, 3, '98765432103'],
    ['0123456789', 174, 9, 2, '01234567892'],
    ['1111111111', 41, 8, 3, '11111111113'],
    ['9999999999', 369, 6, 5, '99999999995'],
    ['0000000005', 10, 10, 1, '00000000051'],
    ['0000000006', 12, 1, 0, '00000000060'],
    ['3141592653', 177, 1, 0, '31415926530'],
    ['0000000000', 0, 0, 0, '00000000000'],
  ])('of %s: Σ %i, r %i, digit %i', (body, sum, r, digit, code) => {
    expect(WEIGHTS.reduce((total, weight, k) => total + weight * Number(body[k]), 0)).toBe(sum);
    expect(remainder(ascii(body))).toBe(r);
    expect(checkDigit(ascii(body))).toBe(digit);
    expect(isWellFormed(ascii(code))).toBe(true);
  });

  it('is read at an offset of a packed batch', () => {
    expect(checkDigit(ascii('xxx2472705960'), 3)).toBe(8);
  });

  it('agrees with the definition on 20,000 synthetic bodies', () => {
    const codes = syntheticResidents(11, 0, 20_000);
    const remainders = new Set<number>();
    let wrong = 0;
    for (let at = 0; at < codes.length; at += 11) {
      const code = codes.subarray(at, at + 11);
      const r = remainder(code);
      remainders.add(r);
      if (checkDigit(code) !== (r <= 1 ? 0 : 11 - r)) wrong++;
    }
    expect(wrong).toBe(0);
    expect(remainders.size).toBe(11);
  });

  it('makes every other last digit wrong', () => {
    for (let last = 0; last <= 9; last++) expect(isWellFormed(ascii(`2472705960${last}`))).toBe(last === 8);
  });
});

describe('what the check digit finds, and what it does not', () => {
  const codes = syntheticResidents(12, 0, 5_000);
  const each = function* () {
    for (let at = 0; at < codes.length; at += 11) yield codes.slice(at, at + 11);
  };

  it('a wrong body digit passes exactly when it turns r = 0 into r = 1 or back: about 1.6 of 100', () => {
    let passed = 0;
    let tried = 0;
    let unexpected = 0;
    for (const code of each()) {
      for (let place = 0; place < 10; place++) {
        for (let digit = 0; digit <= 9; digit++) {
          const wrong = code.slice();
          wrong[place] = ZERO + digit;
          if (wrong[place] === code[place]) continue;
          const passes = isWellFormed(wrong);
          if (passes !== (remainder(code) <= 1 && remainder(wrong) <= 1)) unexpected++;
          tried++;
          if (passes) passed++;
        }
      }
    }
    expect(unexpected).toBe(0);
    expect(passed / tried).toBeGreaterThan(0.013);
    expect(passed / tried).toBeLessThan(0.019);
  });

  it('digits six places apart have one weight: swapped, they are never noticed', () => {
    for (const code of each()) {
      for (let place = 0; place < 4; place++) {
        const swapped = code.slice();
        swapped[place] = code[place + 6] as number;
        swapped[place + 6] = code[place] as number;
        expect(isWellFormed(swapped)).toBe(true);
      }
    }
  });

  it('neighbours swapped are mostly noticed: about 1.8 of 100 are not', () => {
    let passed = 0;
    let tried = 0;
    for (const code of each()) {
      for (let place = 0; place < 9; place++) {
        if (code[place] === code[place + 1]) continue;
        const swapped = code.slice();
        swapped[place] = code[place + 1] as number;
        swapped[place + 1] = code[place] as number;
        tried++;
        if (isWellFormed(swapped)) passed++;
      }
    }
    expect(passed / tried).toBeGreaterThan(0.012);
    expect(passed / tried).toBeLessThan(0.024);
  });
});
