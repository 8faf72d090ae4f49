import { expect } from 'vitest';
import type { RenkeiErrorCode } from '../../src/errors/codes.js';

/**
 * Matches an error of the library by its code, for `toThrow`. The class says nothing: the built package and the
 * sources have one each.
 *
 * @param details what else the error must bear: a part of its message, or its retryable flag
 */
export function withCode(
  code: RenkeiErrorCode,
  details: { readonly message?: RegExp; readonly retryable?: boolean } = {},
): unknown {
  return expect.objectContaining({
    name: 'RenkeiError',
    code,
    ...(details.message === undefined ? {} : { message: expect.stringMatching(details.message) }),
    ...(details.retryable === undefined ? {} : { retryable: details.retryable }),
  });
}
