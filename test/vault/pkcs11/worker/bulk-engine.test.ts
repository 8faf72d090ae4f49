import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RecordAudience, StoreAudience } from '../../../../src/codes/key-names.js';
import { BulkEngine } from '../../../../src/vault/pkcs11/worker/bulk-engine.js';
import type { Chunk } from '../../../../src/vault/pkcs11/worker/engine.js';
import type { FoundKey } from '../../../../src/vault/pkcs11/worker/key-ring.js';
import { type BareSession, openBareSession, plantSessionKey } from '../../../support/bare-session.js';
import { referenceCode } from '../../../support/reference.js';
import { syntheticResidents, syntheticResidentTexts } from '../../../support/residents.js';
import { seededBytes } from '../../../support/seeded-bytes.js';
import { makeScratchToken } from '../../../support/softhsm.js';
import { ckr, standInModule } from '../../../support/stand-in-module.js';
import { withCode } from '../../../support/with-code.js';

const KEYS = { 'link/1': seededBytes('link', 32), 'store/1': seededBytes('store', 32) };
const ROWS = 100;
const texts = syntheticResidentTexts(4, 0, ROWS);
const scratch = makeScratchToken();
let real: BareSession;
let link: FoundKey;
let store: FoundKey;

beforeAll(() => {
  real = openBareSession(scratch.module, scratch.token.label, scratch.userPin);
  const found = (name: string, value: Uint8Array): FoundKey => ({
    name: name as StoreAudience,
    handle: plantSessionKey(real, value),
    usages: new Set(['encrypt', 'decrypt']),
    trusted: false,
    fingerprint: '',
    wrappedZeroKey: new Uint8Array(24),
  });
  link = found('link/1', KEYS['link/1']);
  store = found('store/1', KEYS['store/1']);
});
afterAll(() => {
  real.close();
  scratch.remove();
});

type InOut = (session: Buffer, from: Buffer, to: Buffer) => Buffer;

/** SoftHSM, but refusing more than `most` bytes a call; remembers how many it was given. */
function limited(most: number, keepsOperation = false) {
  const sizes: number[] = [];
  const limit =
    (name: 'C_Encrypt' | 'C_Decrypt'): InOut =>
    (session, from, to) => {
      sizes.push(from.length);
      if (from.length <= most) return real.module[name](session, from, to);
      // What the standard says of a refused length: the operation is ended. Some modules keep it.
      if (!keepsOperation) real.module[name](session, Buffer.alloc(16), Buffer.alloc(16));
      throw ckr('CKR_DATA_LEN_RANGE', 0x21);
    };
  const stand = standInModule({ C_Encrypt: limit('C_Encrypt'), C_Decrypt: limit('C_Decrypt') }, real.module);
  return { ...stand, sizes, session: { module: stand.module, slot: real.slot, handle: real.handle } };
}

function chunk(engineInput: Uint8Array, from: FoundKey | undefined, outputs: readonly Uint8Array[]): Chunk {
  return {
    rows: ROWS,
    firstIndex: 0,
    input: engineInput,
    from,
    links: from === undefined ? [link] : [],
    to: outputs.map(() => store),
    outputs,
    checkAbort: () => undefined,
  };
}

function expectedCodes(): Uint8Array {
  return new Uint8Array(texts.flatMap((text) => [...referenceCode(KEYS, text, 'store/1')]));
}

describe('a module that refuses long data (CKR_DATA_LEN_RANGE)', () => {
  it.each([
    [1_024, false],
    [16, false],
    [48, false],
    [1_024, true],
  ])(
    'takes at most %i bytes (keeps the operation: %s): the chunk is halved until it fits, the bytes are right',
    (most, keeps) => {
      const { session, sizes } = limited(most, keeps);
      const engine = new BulkEngine(session, 65_536);
      const codes = new Uint8Array(24 * ROWS);
      expect(engine.compute(chunk(syntheticResidents(4, 0, ROWS), undefined, [codes]))).toEqual([]);
      expect(codes).toEqual(expectedCodes());
      const again = new Uint8Array(24 * ROWS);
      expect(engine.compute(chunk(codes, store, [again]))).toEqual([]);
      expect(again).toEqual(codes);
      expect(sizes.filter((size) => size > most).length).toBeGreaterThan(0);
      // Refused lengths come from trial calls only: after a direction's first data went through, none is refused.
      sizes.length = 0;
      engine.compute(chunk(codes, store, [again]));
      expect(Math.max(...sizes)).toBeLessThanOrEqual(most);
    },
  );

  it('and refuses even one block: fails with its answer instead of halving for ever', () => {
    const { session } = limited(0);
    const engine = new BulkEngine(session, 64);
    const run = () =>
      engine.compute(chunk(syntheticResidents(4, 0, ROWS), undefined, [new Uint8Array(24 * ROWS)]));
    expect(run).toThrow(withCode('MODULE_REFUSED', { message: /^C_Encrypt: CKR_DATA_LEN_RANGE$/ }));
  });
});

describe('a faulty module', () => {
  const run = (functions: Parameters<typeof standInModule>[0]) => {
    const { module } = standInModule(functions, real.module);
    const engine = new BulkEngine({ module, slot: real.slot, handle: real.handle }, 4_096);
    return () =>
      engine.compute(chunk(syntheticResidents(4, 0, ROWS), undefined, [new Uint8Array(24 * ROWS)]));
  };

  it('that fails is a fault of the module, and the chunk is not halved', () => {
    const fail = () => {
      throw ckr('CKR_DEVICE_ERROR', 0x30);
    };
    const failAndEnd: InOut = (session) => {
      real.module.C_Encrypt(session, Buffer.alloc(16), Buffer.alloc(16));
      return fail();
    };
    expect(run({ C_Encrypt: failAndEnd })).toThrow(
      withCode('MODULE_FAULT', { message: /^C_Encrypt: CKR_DEVICE_ERROR$/ }),
    );
    expect(run({ C_EncryptInit: fail })).toThrow(withCode('MODULE_FAULT'));
  });

  it('that does not encrypt in place is refused before a code is made', () => {
    const encrypt: InOut = (session, from, to) => {
      if (from !== to) return real.module.C_Encrypt(session, from, to);
      return real.module.C_Encrypt(session, Buffer.from(from), Buffer.alloc(from.length));
    };
    expect(run({ C_Encrypt: encrypt })).toThrow(withCode('MODULE_REFUSED', { message: /in place/ }));
  });

  it('that chains the blocks is refused before a code is made', () => {
    const encrypt: InOut = (session, from, to) => {
      const out = real.module.C_Encrypt(session, from, to);
      for (let k = 16; k < to.length; k++) to[k] = (to[k] as number) ^ (to[k - 16] as number);
      return out;
    };
    expect(run({ C_Encrypt: encrypt })).toThrow(withCode('MODULE_REFUSED', { message: /block by block/ }));
  });
});

describe('keys the bulk engine may not use', () => {
  it.each(['store/1', 'link/1', 'record/2026'])(
    '%s without CKA_ENCRYPT is refused by name (ENGINE_REFUSED)',
    (name) => {
      const engine = new BulkEngine({ module: real.module, slot: real.slot, handle: real.handle }, 64);
      const key = { name: name as RecordAudience, handle: store.handle, usages: new Set(['wrap'] as const) };
      expect(() => engine.fingerprint(key)).toThrow(
        withCode('ENGINE_REFUSED', { message: new RegExp(name) }),
      );
    },
  );
});

it('an abort is heard between two chunks', () => {
  let looks = 0;
  const engine = new BulkEngine({ module: real.module, slot: real.slot, handle: real.handle }, 160);
  const batch = {
    ...chunk(syntheticResidents(4, 0, ROWS), undefined, [new Uint8Array(24 * ROWS)]),
    checkAbort: () => {
      if (++looks === 3) throw new Error('given up');
    },
  };
  expect(() => engine.compute(batch)).toThrow('given up');
  expect(looks).toBe(3);
});
