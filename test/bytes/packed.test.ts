import { describe, expect, it } from 'vitest';
import { row, rowCount } from '../../src/bytes/packed.js';
import { wipe } from '../../src/bytes/wipe.js';
import { withCode } from '../support/with-code.js';

describe('rowCount', () => {
  it('counts whole rows, none at all included', () => {
    expect(rowCount(new Uint8Array(0), 11, 'residents')).toBe(0);
    expect(rowCount(new Uint8Array(33), 11, 'residents')).toBe(3);
    expect(rowCount(Buffer.alloc(48), 24, 'codes')).toBe(2);
  });

  it.each([1, 10, 12, 32])('refuses %i bytes as rows of 11', (length) => {
    expect(() => rowCount(new Uint8Array(length), 11, 'residents')).toThrow(
      withCode('BUFFER_LENGTH', { message: new RegExp(`^residents: ${length} bytes .* 11$`) }),
    );
  });

  it.each([['text'], [[1, 2]], [null], [undefined], [new ArrayBuffer(11)], [new Uint16Array(11)]])(
    'refuses %j in place of a Uint8Array',
    (value) => {
      expect(() => rowCount(value as unknown as Uint8Array, 11, 'residents')).toThrow(
        withCode('BUFFER_LENGTH'),
      );
    },
  );
});

describe('row', () => {
  it('is a view on the batch, not a copy', () => {
    const packed = Uint8Array.from({ length: 6 }, (_, k) => k);
    const second = row(packed, 2, 1);
    expect([...second]).toEqual([2, 3]);
    second[0] = 9;
    expect(packed[2]).toBe(9);
  });
});

describe('wipe', () => {
  it('overwrites every buffer it is given, of any element type, and passes over undefined', () => {
    const bytes = Uint8Array.of(1, 2, 3);
    const words = Uint32Array.of(4, 5);
    const view = new DataView(Uint8Array.of(6, 7).buffer);
    wipe(bytes, undefined, words, view);
    expect([...bytes, ...words, view.getUint8(0), view.getUint8(1)]).toEqual([0, 0, 0, 0, 0, 0, 0]);
  });

  it('overwrites the view only, not the rest of the buffer it lies in', () => {
    const whole = new Uint8Array(8).fill(1);
    wipe(whole.subarray(2, 5));
    expect([...whole]).toEqual([1, 1, 0, 0, 0, 1, 1, 1]);
  });
});
