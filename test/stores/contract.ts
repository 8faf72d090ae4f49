import { createHash } from 'node:crypto';
import fc from 'fast-check';
import {
  type InstitutionCode,
  type IssuanceBatch,
  type IssuanceStore,
  institutionAudience,
  type KeyName,
  linkKey,
  MAX_BATCH_ROWS,
  parseInstitutionCode,
  storeAudience,
} from 'renkei';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { withCode } from '../support/with-code.js';
import { ModelStore } from './model-store.js';

const CODE_LENGTH = 24;
const A = parseInstitutionCode('A1');
const B = parseInstitutionCode('B2');
const UNKNOWN = parseInstitutionCode('Unknown');

/** A store code that is the same for the same number. No store can tell it from a real one. */
export function storeCode(number: number): Uint8Array {
  return createHash('sha256').update(`person ${number}`).digest().subarray(0, CODE_LENGTH);
}

/** Store codes of numbered people, packed. */
export function storeCodes(...numbers: readonly number[]): Uint8Array {
  return Uint8Array.from(numbers.flatMap((number) => [...storeCode(number)]));
}

/** A batch with what does not matter filled in. */
export function batchOf(
  institution: InstitutionCode,
  codes: Uint8Array,
  changes: Partial<IssuanceBatch> = {},
): IssuanceBatch {
  return { institution, keyVersion: 1, generation: 1, issuedAt: 1_000, storeCodes: codes, ...changes };
}

function keyRecord(name: KeyName, fingerprint: string) {
  return { name, fingerprint: fingerprint.padEnd(16, '0'), registeredAt: 1_000 };
}

/** Registers the first key of institutions. */
export async function registerInstitutions(
  store: IssuanceStore,
  ...institutions: readonly InstitutionCode[]
) {
  for (const institution of institutions) {
    const fingerprint = Buffer.from(institution).toString('hex');
    await store.registerKey(keyRecord(institutionAudience(institution, 1), fingerprint));
  }
}

/** What every issuance store keeps to, whatever it is made of: the sentences of the port's comments. */
export function describeIssuanceStore(open: () => Promise<IssuanceStore>): void {
  let store: IssuanceStore;
  beforeEach(async () => {
    store = await open();
    await registerInstitutions(store, A, B);
  });
  afterEach(() => store.close());

  describe('beginning', () => {
    const keys = [
      keyRecord(linkKey(1), 'f1'),
      keyRecord(linkKey(2), 'f2'),
      keyRecord(storeAudience(3), 'f3'),
    ];

    it('records all keys once, and says that they existed after that', async () => {
      expect(await store.begin(keys)).toBe('inserted');
      expect(await store.begin(keys.map((key) => ({ ...key, registeredAt: 2_000 })))).toBe('existed');
      expect((await store.listKeys()).slice(2)).toEqual(keys);
    });

    it.each([
      ['fewer generations', keys.slice(1)],
      ['more generations', [...keys, keyRecord(linkKey(3), 'f4')]],
      ['another version of the store key', [...keys.slice(0, 2), keyRecord(storeAudience(1), 'f4')]],
      ['another key', [...keys.slice(0, 2), keyRecord(storeAudience(3), 'f4')]],
    ])('refuses %s after that, and changes nothing', async (_, others) => {
      await store.begin(keys);
      const before = await store.listKeys();
      expect(await store.begin(others)).toBe('conflict');
      expect(await store.listKeys()).toEqual(before);
    });

    it('refuses a fingerprint that stands with another name, and records none', async () => {
      const taken = keyRecord(storeAudience(3), Buffer.from(A).toString('hex'));
      const twice = keyRecord(storeAudience(3), 'f1');
      for (const last of [taken, twice]) {
        expect(await store.begin([...keys.slice(0, 2), last])).toBe('conflict');
      }
      expect((await store.count()).keys).toBe(2);
    });

    it('refuses a key of another kind with KEY_NAME_INVALID', async () => {
      const others = [...keys, keyRecord(institutionAudience('New', 1), 'f4')];
      await expect(store.begin(others)).rejects.toThrow(withCode('KEY_NAME_INVALID'));
      expect((await store.count()).keys).toBe(2);
    });

    it('is decided by one of several calls at once', async () => {
      const others = [...keys.slice(0, 1), keyRecord(storeAudience(1), 'f4')];
      const outcomes = await Promise.all([keys, others, keys, others].map((records) => store.begin(records)));
      expect(outcomes.toSorted()).toEqual(['conflict', 'conflict', 'existed', 'inserted']);
      expect([keys, others]).toContainEqual((await store.listKeys()).slice(2));
    });
  });

  describe('registering keys', () => {
    const name = storeAudience(1);

    it('inserts a key once and says that it existed after that', async () => {
      expect(await store.registerKey(keyRecord(name, 'f1'))).toBe('inserted');
      expect(await store.registerKey({ ...keyRecord(name, 'f1'), registeredAt: 2_000 })).toBe('existed');
      expect((await store.listKeys()).filter((key) => key.name === name)).toEqual([keyRecord(name, 'f1')]);
    });

    it('keeps nothing of the object it was given', async () => {
      const record = keyRecord(name, 'f1');
      await store.registerKey(record);
      record.fingerprint = 'f2'.padEnd(16, '0');
      expect(await store.listKeys()).toContainEqual(keyRecord(name, 'f1'));
    });

    it('refuses another fingerprint under a name, and changes nothing', async () => {
      await store.registerKey(keyRecord(name, 'f1'));
      const before = await store.listKeys();
      expect(await store.registerKey(keyRecord(name, 'f2'))).toBe('conflict');
      expect(await store.listKeys()).toEqual(before);
    });

    it('refuses one fingerprint under two names, and changes nothing: two audiences never share a key', async () => {
      await store.registerKey(keyRecord(name, 'f1'));
      const before = await store.listKeys();
      expect(await store.registerKey(keyRecord(institutionAudience('New', 1), 'f1'))).toBe('conflict');
      expect(await store.listKeys()).toEqual(before);
      await expect(store.heldVersions(parseInstitutionCode('New'), storeCodes(1))).rejects.toThrow(
        withCode('INSTITUTION_UNKNOWN'),
      );
    });

    it('refuses a name and a fingerprint that belong to two other keys', async () => {
      await store.registerKey(keyRecord(name, 'f1'));
      await store.registerKey(keyRecord(linkKey(1), 'f2'));
      expect(await store.registerKey(keyRecord(name, 'f2'))).toBe('conflict');
    });

    it('lists all keys ordered by name', async () => {
      const names = [storeAudience(2), linkKey(1), storeAudience(10), institutionAudience('a1', 1)];
      for (const [k, key] of names.entries()) {
        await store.registerKey({ ...keyRecord(key, `f${k}`), registeredAt: 9_000 - k });
      }
      expect((await store.listKeys()).map((key) => key.name)).toEqual([
        'institution/A1/1',
        'institution/B2/1',
        'institution/a1/1',
        'link/1',
        'store/10',
        'store/2',
      ]);
    });
  });

  describe('issuing', () => {
    it('answers 0 for a row it inserted and the key version for one that was there', async () => {
      expect([...(await store.issue(batchOf(A, storeCodes(1, 2))))]).toEqual([0, 0]);
      expect([...(await store.issue(batchOf(A, storeCodes(3, 2, 1))))]).toEqual([0, 1, 1]);
    });

    it('repeats safely: the same batch again inserts nothing', async () => {
      const batch = batchOf(A, storeCodes(1, 2, 3));
      await store.issue(batch);
      const before = await store.count();
      expect([...(await store.issue(batch))]).toEqual([1, 1, 1]);
      expect(await store.count()).toEqual(before);
    });

    it('keeps the version under which a person was issued first', async () => {
      await store.issue(batchOf(A, storeCodes(1), { keyVersion: 1 }));
      expect([...(await store.issue(batchOf(A, storeCodes(1, 2), { keyVersion: 2 })))]).toEqual([1, 0]);
      expect([...(await store.heldVersions(A, storeCodes(1, 2)))]).toEqual([1, 2]);
    });

    it('inserts the first of equal rows in one batch, and gives the others its version', async () => {
      const held = await store.issue(batchOf(A, storeCodes(7, 8, 7, 7, 9), { keyVersion: 255 }));
      expect([...held]).toEqual([0, 0, 255, 255, 0]);
      expect((await store.count()).issuances).toBe(3);
    });

    it('gives equal rows that were held before the version they were held under', async () => {
      await store.issue(batchOf(A, storeCodes(7)));
      const held = await store.issue(batchOf(A, storeCodes(7, 8, 7, 8), { keyVersion: 2 }));
      expect([...held]).toEqual([1, 0, 1, 2]);
    });

    it('counts a person once, however many institutions have a code', async () => {
      await store.issue(batchOf(A, storeCodes(1, 2)));
      await store.issue(batchOf(B, storeCodes(2, 3)));
      expect(await store.count()).toEqual({ keys: 2, persons: 3, issuances: 4 });
      expect([...(await store.heldVersions(A, storeCodes(1, 2, 3)))]).toEqual([1, 1, 0]);
      expect([...(await store.heldVersions(B, storeCodes(1, 2, 3)))]).toEqual([0, 1, 1]);
    });

    it('tells codes apart that differ in one bit, the first or the last', async () => {
      const code = storeCode(1);
      const variants = [0, CODE_LENGTH - 1].map((place) =>
        code.map((byte, k) => (k === place ? byte ^ 1 : byte)),
      );
      await store.issue(batchOf(A, code));
      for (const other of variants) expect([...(await store.heldVersions(A, other))]).toEqual([0]);
    });

    it('takes codes that hold zero bytes, and a view into a larger buffer', async () => {
      const zeros = new Uint8Array(3 * CODE_LENGTH);
      zeros[CODE_LENGTH] = 1;
      const view = zeros.subarray(CODE_LENGTH);
      expect([...(await store.issue(batchOf(A, view)))]).toEqual([0, 0]);
      expect([...(await store.heldVersions(A, zeros))]).toEqual([1, 1, 1]);
    });

    it('does not keep the buffer it was given', async () => {
      const codes = storeCodes(1);
      await store.issue(batchOf(A, codes));
      codes.fill(0);
      expect([...(await store.heldVersions(A, storeCodes(1)))]).toEqual([1]);
    });

    it('takes an empty batch and touches nothing, not even the institution', async () => {
      const before = await store.count();
      for (const institution of [A, UNKNOWN]) {
        expect(await store.issue(batchOf(institution, new Uint8Array(0)))).toEqual(new Uint8Array(0));
        expect(await store.heldVersions(institution, new Uint8Array(0))).toEqual(new Uint8Array(0));
      }
      expect(await store.count()).toEqual(before);
    });

    it('takes the largest batch it promises', async () => {
      const codes = new Uint8Array(MAX_BATCH_ROWS * CODE_LENGTH);
      const numbers = new DataView(codes.buffer);
      for (let k = 0; k < MAX_BATCH_ROWS; k++) numbers.setUint32(k * CODE_LENGTH, k);
      expect((await store.issue(batchOf(A, codes))).every((version) => version === 0)).toBe(true);
      expect((await store.count()).issuances).toBe(MAX_BATCH_ROWS);
    });
  });

  describe('refusing a call', () => {
    const calls = (institution: InstitutionCode, codes: Uint8Array) =>
      [() => store.issue(batchOf(institution, codes)), () => store.heldVersions(institution, codes)] as const;

    it.each([
      ['INSTITUTION_UNKNOWN', UNKNOWN, storeCodes(1)],
      ['BUFFER_LENGTH', A, new Uint8Array(CODE_LENGTH + 1)],
      ['BUFFER_LENGTH', A, new Uint8Array(CODE_LENGTH - 1)],
      ['BUFFER_LENGTH', A, 'no bytes' as never],
      ['BATCH_TOO_LARGE', A, new Uint8Array((MAX_BATCH_ROWS + 1) * CODE_LENGTH)],
    ] as const)('with %s leaves everything as it was', async (code, institution, codes) => {
      for (const call of calls(institution, codes)) await expect(call()).rejects.toThrow(withCode(code));
      expect(await store.count()).toEqual({ keys: 2, persons: 0, issuances: 0 });
    });

    it('names the institution that is unknown', async () => {
      for (const call of calls(UNKNOWN, storeCodes(1))) await expect(call()).rejects.toThrow(/Unknown/);
    });
  });

  describe('refusing what could not be read back', () => {
    it.each([
      ['VERSION_INVALID', { keyVersion: 0 }],
      ['VERSION_INVALID', { keyVersion: 256 }],
      ['VERSION_INVALID', { keyVersion: 1.5 }],
      ['GENERATION_INVALID', { generation: 0 }],
      ['GENERATION_INVALID', { generation: 256 }],
      ['OPTION_INVALID', { issuedAt: 1.5 }],
      ['OPTION_INVALID', { issuedAt: new Date(1_000) as never }],
      ['INSTITUTION_CODE_INVALID', { institution: 'A-1' as never }],
    ] as const)('with %s: a batch with %j', async (code, changes) => {
      const issued = store.issue(batchOf(A, storeCodes(1), changes));
      await expect(issued).rejects.toThrow(withCode(code, { retryable: false }));
      expect(await store.count()).toEqual({ keys: 2, persons: 0, issuances: 0 });
    });

    it.each([
      ['KEY_NAME_INVALID', { name: 'store/01' as never }],
      ['OPTION_INVALID', { fingerprint: 'f1' }],
      ['OPTION_INVALID', { fingerprint: 'F100000000000000' }],
      ['OPTION_INVALID', { registeredAt: Number.NaN }],
    ] as const)('with %s: a key with %j', async (code, changes) => {
      const registered = store.registerKey({ ...keyRecord(storeAudience(1), 'f1'), ...changes });
      await expect(registered).rejects.toThrow(withCode(code, { retryable: false }));
      expect((await store.count()).keys).toBe(2);
    });
  });

  describe('when several calls run at once', () => {
    it('inserts every row for one of them, and tells the others under which version', async () => {
      const people = Array.from({ length: 50 }, (_, k) => k);
      const calls = [1, 2, 3, 4].map((version) => ({
        version,
        order: version % 2 === 0 ? people : people.toReversed(),
      }));
      const answers = await Promise.all(
        calls.map(({ version, order }) =>
          store.issue(batchOf(A, storeCodes(...order), { keyVersion: version })),
        ),
      );
      const held = await store.heldVersions(A, storeCodes(...people));
      for (const person of people) {
        const told = calls.map(({ order }, k) => answers[k]?.[order.indexOf(person)]);
        const winner = calls[told.indexOf(0)];
        expect(told).toEqual(calls.map((call) => (call === winner ? 0 : winner?.version)));
        expect(held[person]).toBe(winner?.version);
      }
      expect(await store.count()).toEqual({ keys: 2, persons: people.length, issuances: people.length });
    });

    it('records a name, and a fingerprint, for one of them', async () => {
      const [one, other] = [linkKey(1), storeAudience(1)];
      const asked = [keyRecord(one, 'f1'), keyRecord(one, 'f2'), keyRecord(other, 'f1')];
      const outcomes = await Promise.all(asked.map((record) => store.registerKey(record)));
      expect(outcomes.filter((outcome) => outcome === 'inserted').length).toBeGreaterThan(0);
      const recorded = (await store.listKeys()).filter(({ name }) => name === one || name === other);
      expect(recorded.length).toBe(outcomes.filter((outcome) => outcome === 'inserted').length);
      expect(new Set(recorded.map(({ name }) => name)).size).toBe(recorded.length);
      expect(new Set(recorded.map(({ fingerprint }) => fingerprint)).size).toBe(recorded.length);
    });
  });

  describe('closing', () => {
    it('lets running calls end first', async () => {
      const running = [store.issue(batchOf(A, storeCodes(1))), store.issue(batchOf(B, storeCodes(1)))];
      const closed = store.close();
      expect((await Promise.all(running)).map((held) => [...held])).toEqual([[0], [0]]);
      await closed;
    });

    it('may be done twice, also as an async disposal', async () => {
      await Promise.all([store.close(), store.close()]);
      await store[Symbol.asyncDispose]();
    });

    it('refuses every call after it', async () => {
      await store.close();
      const calls = [
        () => store.begin([keyRecord(linkKey(1), 'f1')]),
        () => store.registerKey(keyRecord(linkKey(1), 'f1')),
        () => store.listKeys(),
        () => store.issue(batchOf(A, storeCodes(1))),
        () => store.heldVersions(A, storeCodes(1)),
        () => store.count(),
      ];
      for (const call of calls) await expect(call()).rejects.toThrow(withCode('STORE_CLOSED'));
    });
  });

  it('does what a trivial model does, whatever is asked in whatever order', {
    timeout: 120_000,
  }, async () => {
    const institution = fc.constantFrom(A, B, UNKNOWN);
    const people = fc.array(fc.nat(5), { maxLength: 8 });
    const names = fc.constantFrom<KeyName>(
      linkKey(1),
      storeAudience(1),
      institutionAudience(UNKNOWN, 1),
      institutionAudience(A, 2),
    );
    const action = fc.oneof(
      fc.record({ call: fc.constant('registerKey' as const), name: names, fingerprint: fc.nat(3) }),
      fc.record({
        call: fc.constant('issue' as const),
        institution,
        people,
        keyVersion: fc.integer({ min: 1, max: 255 }),
      }),
      fc.record({ call: fc.constant('heldVersions' as const), institution, people }),
      fc.record({ call: fc.constantFrom('listKeys' as const, 'count' as const) }),
    );
    type Step = typeof action extends fc.Arbitrary<infer T> ? T : never;
    const perform = (target: IssuanceStore | ModelStore, step: Step) => {
      switch (step.call) {
        case 'registerKey':
          return target.registerKey(keyRecord(step.name, `abc${step.fingerprint}`));
        case 'issue':
          return target.issue(
            batchOf(step.institution, storeCodes(...step.people), { keyVersion: step.keyVersion }),
          );
        case 'heldVersions':
          return target.heldVersions(step.institution, storeCodes(...step.people));
        default:
          return target[step.call]();
      }
    };
    const outcome = (result: Promise<unknown>) =>
      result.catch((error: unknown) => ({ code: (error as { code?: unknown }).code }));
    await fc.assert(
      fc.asyncProperty(fc.array(action, { maxLength: 25 }), async (steps) => {
        const model = new ModelStore();
        const real = await open();
        try {
          for (const target of [model, real]) await registerInstitutions(target as IssuanceStore, A, B);
          for (const step of steps) {
            expect(await outcome(perform(real, step))).toEqual(await outcome(perform(model, step)));
          }
        } finally {
          await real.close();
        }
      }),
      { seed: 20260401, numRuns: 60 },
    );
  });
}
