import { describe, expect, it } from 'vitest';
import { RenkeiError } from '../../../../src/errors/renkei-error.js';
import { calling, ckrOf, mayConcernItem, moduleError } from '../../../../src/vault/pkcs11/worker/faults.js';
import { ckr } from '../../../support/stand-in-module.js';
import { withCode } from '../../../support/with-code.js';

describe('ckrOf reads a module’s answer', () => {
  it.each([
    [ckr('CKR_DEVICE_ERROR', 0x30), { name: 'CKR_DEVICE_ERROR', code: 0x30 }],
    [new Error('CKR_ATTRIBUTE_READ_ONLY:16'), { name: 'CKR_ATTRIBUTE_READ_ONLY', code: 16 }],
    [ckr('CKR_VENDOR_DEFINED', 0x1b), { name: 'CKR_ACTION_PROHIBITED', code: 0x1b }],
    [new Error('CKR_VENDOR_DEFINED:27'), { name: 'CKR_ACTION_PROHIBITED', code: 27 }],
    [ckr('CKR_VENDOR_DEFINED', 0x80000001), { name: 'CKR 0x80000001', code: 0x80000001 }],
  ])('out of %s', (error, answer) => {
    expect(ckrOf(error)).toEqual(answer);
  });

  it.each([[new TypeError('wrong argument')], [ckr('NativeError', 0)], ['CKR_OK:0'], [undefined]])(
    'and finds none in %s',
    (error) => {
      expect(ckrOf(error)).toBeUndefined();
    },
  );
});

describe('moduleError', () => {
  it.each([
    ['CKR_DEVICE_ERROR', 0x30, 'MODULE_FAULT'],
    ['CKR_SESSION_HANDLE_INVALID', 0xb3, 'MODULE_FAULT'],
    ['CKR_TOKEN_NOT_PRESENT', 0xe0, 'MODULE_FAULT'],
    ['CKR_GENERAL_ERROR', 0x05, 'MODULE_FAULT'],
    ['CKR_TEMPLATE_INCONSISTENT', 0xd1, 'MODULE_REFUSED'],
    ['CKR_KEY_FUNCTION_NOT_PERMITTED', 0x68, 'MODULE_REFUSED'],
    ['CKR_PIN_INCORRECT', 0xa0, 'PIN_REFUSED'],
    ['CKR_PIN_INVALID', 0xa1, 'PIN_REFUSED'],
    ['CKR_PIN_LEN_RANGE', 0xa2, 'PIN_REFUSED'],
    ['CKR_PIN_EXPIRED', 0xa3, 'PIN_REFUSED'],
    ['CKR_USER_PIN_NOT_INITIALIZED', 0x102, 'PIN_REFUSED'],
    ['CKR_PIN_LOCKED', 0xa4, 'PIN_LOCKED'],
  ] as const)('%s (%i) is %s', (name, code, expected) => {
    expect(moduleError('C_Some', ckr(name, code))).toMatchObject({
      code: expected,
      message: `C_Some: ${name}`,
    });
  });

  it('does not repeat what a driver’s own error says', () => {
    const error = moduleError('C_Login', new TypeError('pin "1234" is no string'));
    expect(error).toMatchObject({ code: 'MODULE_REFUSED', message: 'C_Login could not be called' });
  });

  it('passes an error of the library on', () => {
    const own = new RenkeiError('ABORTED', 'm');
    expect(moduleError('C_Some', own)).toBe(own);
  });
});

it('calling() turns a failed call into an error of the library and passes answers on', () => {
  expect(calling('C_Some', () => 7)).toBe(7);
  const fail = () => {
    throw ckr('CKR_HOST_MEMORY', 2);
  };
  expect(() => calling('C_Some', fail)).toThrow(withCode('MODULE_FAULT', { retryable: true }));
});

it('a lost session or token never concerns an item, a refused code may', () => {
  expect(mayConcernItem({ name: 'CKR_SESSION_CLOSED', code: 0xb0 })).toBe(false);
  expect(mayConcernItem({ name: 'CKR_USER_NOT_LOGGED_IN', code: 0x101 })).toBe(false);
  expect(mayConcernItem({ name: 'CKR_GENERAL_ERROR', code: 0x05 })).toBe(true);
  expect(mayConcernItem({ name: 'CKR_WRAPPED_KEY_INVALID', code: 0x110 })).toBe(true);
});
