import type { Mechanism, Template } from 'pkcs11js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { StoreAudience } from '../../../../src/codes/key-names.js';
import type { Chunk } from '../../../../src/vault/pkcs11/worker/engine.js';
import type { FoundKey } from '../../../../src/vault/pkcs11/worker/key-ring.js';
import { SealedEngine } from '../../../../src/vault/pkcs11/worker/sealed-engine.js';
import { type BareSession, openBareSession, plantSessionKey } from '../../../support/bare-session.js';
import { referenceCode } from '../../../support/reference.js';
import { keyWrap } from '../../../support/reference-rk1.js';
import { syntheticResidents, syntheticResidentTexts } from '../../../support/residents.js';
import { seededBytes } from '../../../support/seeded-bytes.js';
import { makeScratchToken } from '../../../support/softhsm.js';
import { ckr, standInModule } from '../../../support/stand-in-module.js';
import { withCode } from '../../../support/with-code.js';

const KEYS = { 'link/1': seededBytes('link', 32), 'store/1': seededBytes('store', 32) };
const ROWS = 4;
const texts = syntheticResidentTexts(4, 0, ROWS);
const codes = new Uint8Array(texts.flatMap((text) => [...referenceCode(KEYS, text, 'store/1')]));
const FORGED = 2;
const withForgery = codes.slice();
withForgery[24 * FORGED] = (codes[24 * FORGED] as number) ^ 1;

const scratch = makeScratchToken();
let real: BareSession;
let link: FoundKey;
let store: FoundKey;

beforeAll(() => {
  real = openBareSession(scratch.module, scratch.token.label, scratch.userPin);
  const found = (name: keyof typeof KEYS): FoundKey => ({
    name: name as string as StoreAudience,
    handle: plantSessionKey(real, KEYS[name]),
    usages: new Set(['wrap', 'unwrap', 'derive']),
    trusted: false,
    fingerprint: '',
    wrappedZeroKey: keyWrap(KEYS[name], new Uint8Array(16)),
  });
  link = found('link/1');
  store = found('store/1');
});
afterAll(() => {
  real.close();
  scratch.remove();
});

type Functions = Parameters<typeof standInModule>[0];
type Unwrap = (session: Buffer, by: Mechanism, key: Buffer, code: Buffer, template: Template) => Buffer;

const realUnwrap: Unwrap = (...given) => real.module.C_UnwrapKey(...given);

function sealed(functions: Functions = {}, unwrap: Unwrap = realUnwrap) {
  const made: string[] = [];
  const destroyed: string[] = [];
  const noted = (handle: Buffer) => {
    made.push(handle.toString('hex'));
    return handle;
  };
  const { module: m } = real;
  const own: Functions = {
    C_DeriveKey: (session: Buffer, by: Mechanism, key: Buffer, template: Template) =>
      noted(m.C_DeriveKey(session, by, key, template)),
    C_UnwrapKey: (...given: Parameters<Unwrap>) => noted(unwrap(...given)),
    C_DestroyObject: (session: Buffer, handle: Buffer) => {
      destroyed.push(handle.toString('hex'));
      m.C_DestroyObject(session, handle);
    },
  };
  const { module } = standInModule({ ...functions, ...own }, m);
  const engine = new SealedEngine({ module, slot: real.slot, handle: real.handle });
  const run = (input: Uint8Array, from?: FoundKey) => {
    const outputs = [new Uint8Array(24 * ROWS).fill(7)];
    const chunk: Chunk = {
      rows: ROWS,
      firstIndex: 100,
      input,
      from,
      links: from === undefined ? [link] : [],
      to: [store],
      outputs,
      checkAbort: () => undefined,
    };
    return { refusals: engine.compute(chunk), output: outputs[0] };
  };
  return { run, made, destroyed };
}

const fails = (name: string, code: number) => () => {
  throw ckr(name, code);
};

describe('every linkage code object is destroyed', () => {
  it('after deriving and after translating, forged codes among them', () => {
    const { run, made, destroyed } = sealed();
    expect(run(syntheticResidents(4, 0, ROWS))).toEqual({ refusals: [], output: codes });
    expect(run(codes, store)).toEqual({ refusals: [], output: codes });
    const answer = run(withForgery, store);
    expect(answer.refusals).toEqual([{ index: 100 + FORGED, code: 'CODE_FORGED' }]);
    expect(answer.output).toEqual(codes.slice().fill(0, 24 * FORGED, 24 * (FORGED + 1)));
    expect(made.length).toBeGreaterThanOrEqual(3 * ROWS);
    expect(destroyed).toEqual(made);
  });

  it('when wrapping fails half-way', () => {
    const { run, made, destroyed } = sealed({ C_WrapKey: fails('CKR_DEVICE_ERROR', 0x30) });
    expect(() => run(codes, store)).toThrow(
      withCode('MODULE_FAULT', { message: /^C_WrapKey: CKR_DEVICE_ERROR$/ }),
    );
    expect(() => run(syntheticResidents(4, 0, ROWS))).toThrow(withCode('MODULE_FAULT'));
    expect(made).toHaveLength(2);
    expect(destroyed).toEqual(made);
  });
});

describe('a code counts as forged only while a code known to be good is accepted', () => {
  it.each([
    ['CKR_GENERAL_ERROR', 0x05],
    ['CKR_FUNCTION_FAILED', 0x06],
    ['CKR_WRAPPED_KEY_INVALID', 0x110],
    ['CKR_ENCRYPTED_DATA_INVALID', 0x40],
  ])('%s of one code, twice, with the good one accepted in between: forged', (name, code) => {
    const seen: string[] = [];
    const unwrap: Unwrap = (...given) => {
      const input = given[3].toString('hex');
      seen.push(input);
      try {
        return realUnwrap(...given);
      } catch {
        throw ckr(name, code);
      }
    };
    const { run } = sealed({}, unwrap);
    expect(run(withForgery, store).refusals).toEqual([{ index: 100 + FORGED, code: 'CODE_FORGED' }]);
    const forged = Buffer.from(withForgery.subarray(24 * FORGED, 24 * (FORGED + 1))).toString('hex');
    const good = Buffer.from(store.wrappedZeroKey).toString('hex');
    expect(seen.slice(FORGED, FORGED + 3)).toEqual([forged, good, forged]);
  });

  it('a module that now refuses every code: a fault, and nobody is called a forger', () => {
    const { run } = sealed({}, fails('CKR_GENERAL_ERROR', 0x05));
    expect(() => run(codes, store)).toThrow(
      withCode('MODULE_FAULT', { message: /^C_UnwrapKey: CKR_GENERAL_ERROR$/, retryable: true }),
    );
  });

  it('a module that stumbles once over a good code: the code is served', () => {
    let calls = 0;
    const unwrap: Unwrap = (...given) => {
      if (calls++ === 1) throw ckr('CKR_GENERAL_ERROR', 0x05);
      return realUnwrap(...given);
    };
    const { run, made, destroyed } = sealed({}, unwrap);
    expect(run(codes, store)).toEqual({ refusals: [], output: codes });
    expect(destroyed).toEqual(made);
  });

  it.each([
    ['CKR_SESSION_HANDLE_INVALID', 0xb3],
    ['CKR_DEVICE_REMOVED', 0x32],
    ['CKR_USER_NOT_LOGGED_IN', 0x101],
    ['CKR_KEY_HANDLE_INVALID', 0x60],
  ])('%s never speaks of one code: a fault at once', (name, code) => {
    const seen: string[] = [];
    const unwrap: Unwrap = () => {
      seen.push(name);
      throw ckr(name, code);
    };
    const { run } = sealed({}, unwrap);
    expect(() => run(codes, store)).toThrow(
      withCode('MODULE_FAULT', { message: new RegExp(`C_UnwrapKey: ${name}`) }),
    );
    expect(seen).toHaveLength(1);
  });
});

describe('a module that misbehaves', () => {
  it('by wrapping to another length is refused', () => {
    const { run } = sealed({ C_WrapKey: () => Buffer.alloc(32) });
    expect(() => run(codes, store)).toThrow(
      withCode('MODULE_REFUSED', { message: /32 bytes instead of 24/ }),
    );
  });

  it('by refusing to derive or to destroy is named with the call', () => {
    const { module: m } = real;
    const refusing = (name: string) => {
      const { module } = standInModule({ [name]: fails('CKR_FUNCTION_NOT_PERMITTED', 0x68) }, m);
      const engine = new SealedEngine({ module, slot: real.slot, handle: real.handle });
      return () =>
        engine.compute({
          rows: ROWS,
          firstIndex: 0,
          input: syntheticResidents(4, 0, ROWS),
          from: undefined,
          links: [link],
          to: [],
          outputs: [],
          checkAbort: () => undefined,
        });
    };
    expect(refusing('C_DeriveKey')).toThrow(withCode('MODULE_REFUSED', { message: /^C_DeriveKey: / }));
    expect(refusing('C_DestroyObject')).toThrow(
      withCode('MODULE_REFUSED', { message: /^C_DestroyObject: / }),
    );
  });
});
