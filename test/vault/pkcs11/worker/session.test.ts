import pkcs11js from 'pkcs11js';
import { describe, expect, it } from 'vitest';
import { logIn, needsLogin, openSession } from '../../../../src/vault/pkcs11/worker/session.js';
import { ckr, standInModule } from '../../../support/stand-in-module.js';
import { withCode } from '../../../support/with-code.js';

const SLOT = Buffer.alloc(8);
const HANDLE = Buffer.alloc(8, 1);

function sharedPin(text: string): SharedArrayBuffer {
  const shared = new SharedArrayBuffer(text.length);
  new Uint8Array(shared).set(Buffer.from(text));
  return shared;
}

function loginWith(flags: number, answer: () => void) {
  const pins: unknown[] = [];
  const { module, calls } = standInModule({
    C_GetTokenInfo: () => ({ flags }),
    C_Login: (_session: never, user: never, pin: never) => {
      pins.push(user, pin);
      answer();
    },
  });
  const attempt = () => logIn({ module, slot: SLOT, handle: HANDLE }, 'user', sharedPin('4711'));
  return { attempt, pins, logins: () => calls.filter((call) => call === 'C_Login').length };
}

const refuse = (name: string, code: number) => () => {
  throw ckr(name, code);
};

describe('logIn', () => {
  it('logs the user in with the PIN, once', () => {
    const { attempt, pins, logins } = loginWith(0, () => undefined);
    attempt();
    expect(pins).toEqual([pkcs11js.CKU_USER, '4711']);
    expect(logins()).toBe(1);
  });

  it.each([
    ['CKR_PIN_INCORRECT', 0xa0, 'PIN_REFUSED'],
    ['CKR_PIN_LEN_RANGE', 0xa2, 'PIN_REFUSED'],
    ['CKR_PIN_LOCKED', 0xa4, 'PIN_LOCKED'],
    ['CKR_DEVICE_ERROR', 0x30, 'MODULE_FAULT'],
    ['CKR_FUNCTION_FAILED', 0x06, 'MODULE_FAULT'],
  ] as const)('calls C_Login exactly once when the answer is %s', (name, code, expected) => {
    const { attempt, logins } = loginWith(0, refuse(name, code));
    expect(attempt).toThrow(withCode(expected, { message: new RegExp(`^C_Login: ${name}$`) }));
    expect(logins()).toBe(1);
  });

  it('takes a login that somebody else in this process made in the meantime', () => {
    const { attempt, logins } = loginWith(0, refuse('CKR_USER_ALREADY_LOGGED_IN', 0x100));
    expect(attempt).not.toThrow();
    expect(logins()).toBe(1);
  });

  it('does not call C_Login when the next mistake would lock the token', () => {
    const { attempt, logins } = loginWith(pkcs11js.CKF_USER_PIN_FINAL_TRY, () => undefined);
    expect(attempt).toThrow(withCode('PIN_LOCKED', { message: /one more wrong PIN/ }));
    expect(logins()).toBe(0);
  });

  it('does not call C_Login when the token is locked', () => {
    const { attempt, logins } = loginWith(pkcs11js.CKF_USER_PIN_LOCKED, () => undefined);
    expect(attempt).toThrow(withCode('PIN_LOCKED'));
    expect(logins()).toBe(0);
  });

  it('does log in when the count of tries is merely low', () => {
    const { attempt, logins } = loginWith(pkcs11js.CKF_USER_PIN_COUNT_LOW, () => undefined);
    attempt();
    expect(logins()).toBe(1);
  });

  it('does not show the PIN when a driver does', () => {
    const { attempt } = loginWith(0, () => {
      throw new TypeError('bad PIN 4711');
    });
    expect(attempt).toThrow(withCode('MODULE_REFUSED'));
    expect(attempt).not.toThrow(/4711/);
  });
});

describe('needsLogin', () => {
  it.each([
    [0, pkcs11js.CKF_LOGIN_REQUIRED, true],
    [2, pkcs11js.CKF_LOGIN_REQUIRED, true],
    [1, pkcs11js.CKF_LOGIN_REQUIRED, false],
    [3, pkcs11js.CKF_LOGIN_REQUIRED, false],
    [0, 0, false],
  ])('in session state %i with token flags %i: %s', (state, flags, expected) => {
    const { module } = standInModule({
      C_GetSessionInfo: () => ({ state }),
      C_GetTokenInfo: () => ({ flags }),
    });
    expect(needsLogin({ module, slot: SLOT, handle: HANDLE })).toBe(expected);
  });
});

describe('openSession', () => {
  const open = (mechanisms: readonly number[], engine: 'sealed' | 'bulk') => {
    const stand = standInModule({
      C_GetSlotList: () => [Buffer.alloc(8, 7), SLOT],
      C_GetTokenInfo: (slot: Buffer) => {
        if (slot !== SLOT) throw ckr('CKR_TOKEN_NOT_PRESENT', 0xe0);
        return { label: 'mine'.padEnd(32), serialNumber: '1'.padEnd(16) };
      },
      C_OpenSession: () => HANDLE,
      C_CloseSession: () => undefined,
      C_GetMechanismList: () => mechanisms,
      C_GenerateKey: refuse('CKR_MECHANISM_INVALID', 0x70),
    });
    const request = { token: { label: 'mine' }, writable: false, engine, chunkBytes: 16 };
    return { ...stand, attempt: () => openSession(stand.module, request) };
  };

  it('passes over a slot whose token is just being taken away', () => {
    const { attempt } = open([pkcs11js.CKM_AES_ECB], 'bulk');
    expect(attempt()).toMatchObject({ slot: SLOT, handle: HANDLE });
  });

  it('names all missing mechanisms in one error, and leaves no session open', () => {
    const sealed = open([], 'sealed');
    expect(sealed.attempt).toThrow(
      withCode('MECHANISM_MISSING', { message: /lacks CKM_AES_CBC_ENCRYPT_DATA, CKM_AES_KEY_WRAP$/ }),
    );
    expect(sealed.calls.at(-1)).toBe('C_CloseSession');
    expect(open([], 'bulk').attempt).toThrow(
      withCode('MECHANISM_MISSING', { message: /lacks CKM_AES_ECB$/ }),
    );
  });
});
