import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { errnoOf, fileFault } from '../../src/errors/file-fault.js';
import { RenkeiError } from '../../src/errors/renkei-error.js';
import { withCode } from '../support/with-code.js';

const SUBJECT = "the delivery's file";

test('a call of the file system that failed is told by its code, without the path', async () => {
  const error = await readFile('/no/such/secret-folder').catch((thrown: unknown) => thrown);
  expect(errnoOf(error)).toBe('ENOENT');
  const fault = fileFault('DELIVERY_FAULT', SUBJECT, 'reading', error);
  expect(fault).toEqual(
    withCode('DELIVERY_FAULT', { message: /^the delivery's file: reading failed \(ENOENT\)$/ }),
  );
});

test.each([
  ['one of the library', new RenkeiError('ABORTED', 'x')],
  ['a programming mistake', new TypeError('x')],
  ['one with a code that is no text', Object.assign(new Error('x'), { code: 7 })],
  ['no error at all', 'ENOENT'],
])('any other error is passed on as it is: %s', (_, error) => {
  expect(errnoOf(error)).toBeUndefined();
  expect(fileFault('DELIVERY_FAULT', SUBJECT, 'reading', error)).toBe(error);
});
