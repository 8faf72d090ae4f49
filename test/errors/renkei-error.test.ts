import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { throwIfAborted } from '../../src/errors/abort.js';
import { ERROR_CODES, type RenkeiErrorCode } from '../../src/errors/codes.js';
import { RenkeiError } from '../../src/errors/renkei-error.js';
import { withCode } from '../support/with-code.js';

describe('RenkeiError', () => {
  it.each(Object.keys(ERROR_CODES) as RenkeiErrorCode[])(
    '%s carries its code and its retryable flag',
    (code) => {
      const error = new RenkeiError(code, 'what went wrong');
      expect(error).toBeInstanceOf(Error);
      expect(error).toMatchObject({
        name: 'RenkeiError',
        code,
        message: 'what went wrong',
        retryable: ERROR_CODES[code].retryable,
      });
    },
  );

  it('lets a call be made again only where that can help: aborts, deadlines, faults of module and store, a lost worker, a full queue, keys that were switched, records not yet under their new codes', () => {
    const retryable = Object.entries(ERROR_CODES).filter(([, entry]) => entry.retryable);
    expect(retryable.map(([code]) => code).sort()).toEqual([
      'ABORTED',
      'DEADLINE_EXCEEDED',
      'DELIVERY_FAULT',
      'EXTRACTION_FAULT',
      'HSM_UNAVAILABLE',
      'ISSUER_BUSY',
      'KEYS_CHANGED',
      'MEDIATOR_BUSY',
      'MODULE_FAULT',
      'RECORDS_OUTDATED',
      'SPILL_FAULT',
      'STORE_FAULT',
      'WORKER_LOST',
    ]);
  });

  it('names the index of the item where there is one, and has no such property where there is none', () => {
    expect(new RenkeiError('CODE_FORGED', 'm', { index: 0 }).index).toBe(0);
    expect(Object.keys(new RenkeiError('CODE_FORGED', 'm'))).not.toContain('index');
  });

  it('has no cause: an inspected error shows its own message and nothing of a driver', () => {
    const error = new RenkeiError('MODULE_FAULT', 'C_Encrypt: CKR_DEVICE_ERROR');
    expect(error).not.toHaveProperty('cause');
    expect(inspect(error)).toContain('C_Encrypt: CKR_DEVICE_ERROR');
  });
});

describe('throwIfAborted', () => {
  it('does nothing without a signal and before the abort', () => {
    expect(() => throwIfAborted(undefined)).not.toThrow();
    expect(() => throwIfAborted(new AbortController().signal)).not.toThrow();
  });

  it('throws ABORTED, which may be retried, and keeps the reason of the caller to itself', () => {
    const signal = AbortSignal.abort(new Error('resident 24727059608 left'));
    expect(() => throwIfAborted(signal)).toThrow(withCode('ABORTED', { retryable: true }));
    expect(() => throwIfAborted(signal)).not.toThrow(/24727059608/);
  });
});
