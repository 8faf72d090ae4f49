import type { Mechanism, Template } from 'pkcs11js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { StoreAudience } from '../../../../src/codes/key-names.js';
import { attackKey } from '../../../../src/vault/pkcs11/worker/attacks.js';
import type { FoundKey } from '../../../../src/vault/pkcs11/worker/key-ring.js';
import { type BareSession, openBareSession, plantSessionKey } from '../../../support/bare-session.js';
import { keyWrap } from '../../../support/reference-rk1.js';
import { seededBytes } from '../../../support/seeded-bytes.js';
import { makeScratchToken } from '../../../support/softhsm.js';
import { ckr, standInModule } from '../../../support/stand-in-module.js';
import { withCode } from '../../../support/with-code.js';

/** A key that refuses hardly anything; and a module that fails instead of answering. */

const KEY = seededBytes('store', 32);
const scratch = makeScratchToken();
let real: BareSession;
let store: FoundKey;

beforeAll(() => {
  real = openBareSession(scratch.module, scratch.token.label, scratch.userPin);
  store = {
    name: 'store/1' as StoreAudience,
    handle: plantSessionKey(real, KEY),
    usages: new Set(['wrap', 'unwrap']),
    trusted: false,
    fingerprint: '',
    wrappedZeroKey: keyWrap(KEY, new Uint8Array(16)),
  };
});
afterAll(() => {
  real.close();
  scratch.remove();
});

type Unwrapping = [session: Buffer, by: Mechanism, key: Buffer, code: Buffer, template: Template];

/** Attacks the key through a module whose n-th unwrapping, counted from 1, may fail. */
function attack(failure: (n: number) => Error | undefined) {
  let unwrapped = 0;
  const { module } = standInModule(
    {
      C_UnwrapKey: (...given: Unwrapping) => {
        unwrapped++;
        const error = failure(unwrapped);
        if (error !== undefined) throw error;
        return real.module.C_UnwrapKey(...given);
      },
    },
    real.module,
  );
  const results = attackKey({ module, slot: real.slot, handle: real.handle }, store);
  return new Map(results.map((result) => [result.attack, result]));
}

describe('attackKey', () => {
  it('finds out that the key refuses next to nothing', () => {
    const results = attack(() => undefined);
    expect(results.get('unwrap as readable')).toMatchObject({ outcome: 'accepted', answer: 'CKR_OK' });
    expect(results.get('unwrap for other mechanisms')).toMatchObject({ outcome: 'accepted' });
    expect(results.get('unwrap a forged code')).toMatchObject({
      outcome: 'refused',
      answer: 'CKR_GENERAL_ERROR',
    });
  });

  it.each([
    ['CKR_DEVICE_ERROR', 0x30],
    ['CKR_SESSION_COUNT', 0xb1],
    ['CKR_SESSION_HANDLE_INVALID', 0xb3],
    ['CKR_USER_NOT_LOGGED_IN', 0x101],
    ['CKR_HOST_MEMORY', 0x02],
    ['CKR_GENERAL_ERROR', 0x05],
  ])('takes %s for a fault of the token, never for the refusal of an attack', (name, code) => {
    expect(() => attack(() => ckr(name, code))).toThrow(withCode('MODULE_FAULT'));
  });

  it('asks again when an answer may be about the device: what fails now and then refuses nothing', () => {
    const results = attack((n) => (n === 1 ? ckr('CKR_FUNCTION_FAILED', 0x06) : undefined));
    expect(results.get('unwrap as readable')).toMatchObject({ outcome: 'accepted' });
  });
});
