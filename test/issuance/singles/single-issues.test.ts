import { getEventListeners } from 'node:events';
import { setImmediate } from 'node:timers/promises';
import { beforeEach, describe, expect, it } from 'vitest';
import { institutionAudience } from '../../../src/codes/key-names.js';
import { formatPerInstitutionCode } from '../../../src/codes/per-institution-code.js';
import { RenkeiError } from '../../../src/errors/renkei-error.js';
import type { IssuanceItem } from '../../../src/issuance/batches/issuance-result.js';
import type { Issuer } from '../../../src/issuance/issuer.js';
import { openIssuer } from '../../../src/issuance/open-issuer.js';
import { createMemoryStore } from '../../../src/stores/memory/memory-store.js';
import type { IssuanceStore } from '../../../src/stores/port.js';
import { openSoftwareVault } from '../../../src/vault/software/software-vault.js';
import { FaultyVault } from '../../support/faulty-vault.js';
import { testKeys } from '../../support/named-keys.js';
import { syntheticResidents } from '../../support/residents.js';
import { switchInstitution } from '../../support/rotation-by-hand.js';
import { SINGLES_SEED, single } from '../../support/single-callers.js';
import { KEY_NAMES } from '../../support/software-issuer.js';
import { type StandIn, standIn } from '../../support/stand-in.js';
import { withCode } from '../../support/with-code.js';

let vault: FaultyVault;
let store: StandIn<IssuanceStore>;
let issuer: Issuer;

beforeEach(async () => {
  vault = new FaultyVault(await openSoftwareVault({ keys: testKeys(KEY_NAMES) }));
  store = standIn(createMemoryStore());
  issuer = await openIssuer({ vault, store: store.object });
  for (const institution of ['A1', 'B2', 'C3']) await issuer.registerInstitution(institution);
  vault.calls.length = 0;
  store.calls.length = 0;
});

/** How often a method of the store was called. */
const stored = () => store.calls.filter((name) => name === 'issue').length;

/** Makes every later `issue` of the store wait, until the returned function is called. */
function holdStore(): () => void {
  let release = (): void => undefined;
  const released = new Promise<void>((resolve) => {
    release = resolve;
  });
  store.before = (method) => (method === 'issue' ? released : undefined);
  return release;
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await setImmediate();
}

const statuses = (items: readonly IssuanceItem[]) => items.map(({ status }) => status);
const codeOf = (item: IssuanceItem | undefined) => (item as { code?: string }).code;

/** Issues for a range of people, all at once. */
const crowd = (institution: string, first: number, count: number) =>
  Array.from({ length: count }, (_, k) => issuer.issue(institution, single(first + k)));

describe('concurrent calls for one code each', () => {
  it('share one call of the vault and one transaction, and get each its own answer', async () => {
    const items = await Promise.all(crowd('A1', 0, 50));
    expect([vault.count('derive'), stored()]).toEqual([1, 1]);
    const alone = await openIssuer({ vault, store: createMemoryStore() });
    await alone.registerInstitution('A1');
    const acquisitionNumbers = Array.from({ length: 50 }, (_, k) => `P-${k}`);
    const residents = syntheticResidents(SINGLES_SEED, 0, 50);
    const expected = await alone.issueBatch('A1', { acquisitionNumbers, residents });
    expect(items).toEqual([...expected].map((item) => ({ ...item, index: 0 })));
  });

  it('do not wait for company: a call alone is served alone', async () => {
    await issuer.issue('A1', single(0));
    await issuer.issue('A1', single(1));
    expect([vault.count('derive'), stored()]).toEqual([2, 2]);
  });

  it('are collected while the vault computes, and go into the next round together', async () => {
    const release = vault.hold('derive');
    const first = issuer.issue('A1', single(0));
    await until(() => vault.count('derive') === 1);
    const others = crowd('A1', 1, 30);
    await setImmediate();
    expect(vault.count('derive')).toBe(1);
    release();
    expect(statuses(await Promise.all([first, ...others]))).toEqual(Array(31).fill('issued'));
    expect([vault.count('derive'), stored()]).toEqual([2, 2]);
  });

  it('are derived while the round before is stored, one round ahead and no more', async () => {
    const release = holdStore();
    const calls = [issuer.issue('A1', single(0))];
    await until(() => stored() === 1);
    calls.push(issuer.issue('A1', single(1)));
    await until(() => vault.count('derive') === 2);
    calls.push(issuer.issue('A1', single(2)));
    for (let turn = 0; turn < 10; turn++) await setImmediate();
    expect([vault.count('derive'), stored()]).toEqual([2, 1]);
    release();
    expect(statuses(await Promise.all(calls))).toEqual(['issued', 'issued', 'issued']);
  });

  it('may bear equal acquisition numbers: they are of different callers', async () => {
    const items = await Promise.all([0, 1, 2].map((person) => issuer.issue('A1', single(person, 'SAME'))));
    expect(statuses(items)).toEqual(['issued', 'issued', 'issued']);
    expect(stored()).toBe(1);
  });

  it('for one person are served in the order in which they came', async () => {
    const items = await Promise.all(
      [0, 0, 0].map((person, k) => issuer.issue('A1', single(person, `N-${k}`))),
    );
    expect(statuses(items)).toEqual(['issued', 'already-issued', 'already-issued']);
    expect(items.map(({ acquisitionNumber }) => acquisitionNumber)).toEqual(['N-0', 'N-1', 'N-2']);
    expect(stored()).toBe(1);
  });

  it('get the code again only where their own reissue asks for it', async () => {
    const reissue = [false, true, false, true];
    const items = await Promise.all(
      reissue.map((value) => issuer.issue('A1', single(0), { reissue: value })),
    );
    const code = codeOf(items[0]);
    expect(items.map(codeOf)).toEqual([code, code, undefined, code]);
    expect(stored()).toBe(1);
  });

  it('of several institutions go through rounds of their own, none behind another', async () => {
    const release = holdStore();
    const a = crowd('A1', 0, 20);
    const b = crowd('B2', 0, 20);
    await until(() => stored() === 2);
    release();
    const items = await Promise.all([...a, ...b]);
    expect(statuses(items)).toEqual(Array(40).fill('issued'));
    expect(new Set(items.map(codeOf)).size).toBe(40);
    expect(await store.object.count()).toMatchObject({ persons: 20, issuances: 40 });
  });

  it('are a thousand in a round at the most', async () => {
    const items = await Promise.all(crowd('A1', 0, 1_001));
    expect(
      items.every(({ status }, k) => status === 'issued' && items[k]?.acquisitionNumber === `P-${k}`),
    ).toBe(true);
    expect([vault.count('derive'), stored()]).toEqual([2, 2]);
    expect(await store.object.count()).toMatchObject({ issuances: 1_001 });
  });
});

describe('a call that is wrong by itself', () => {
  it('for its acquisition number is refused alone, wiped, and never reaches the vault', async () => {
    const bad = single(1, '12345678901');
    const [good, refused] = await Promise.all([issuer.issue('A1', single(0)), issuer.issue('A1', bad)]);
    expect(good?.status).toBe('issued');
    expect(refused).toEqual({
      index: 0,
      acquisitionNumber: '12345678901',
      status: 'refused',
      error: 'ACQUISITION_NUMBER_FORBIDDEN',
    });
    expect(bad.residentRecordCode.isWiped).toBe(true);
    expect(vault.residents.map(({ length }) => length)).toEqual([11]);
  });

  it('for its institution fails as it would alone, and the others are served', async () => {
    const wrong = Promise.allSettled([
      ...crowd('Unknown', 0, 2),
      issuer.issue('Unknown', single(0, '')),
      issuer.issue('not an institution', single(0)),
    ]);
    expect(statuses(await Promise.all(crowd('A1', 0, 2)))).toEqual(['issued', 'issued']);
    expect((await wrong).map((result) => (result as PromiseRejectedResult).reason.code)).toEqual([
      'INSTITUTION_UNKNOWN',
      'INSTITUTION_UNKNOWN',
      'INSTITUTION_UNKNOWN',
      'INSTITUTION_CODE_INVALID',
    ]);
  });

  it('for a resident the vault refuses is answered so alone', async () => {
    const spoilt = single(1);
    spoilt.residentRecordCode.digits[10] = (spoilt.residentRecordCode.digits[10] as number) ^ 1;
    const calls = [single(0), spoilt, single(2)].map((request) => issuer.issue('A1', request));
    const [first, refused, last] = await Promise.all(calls);
    expect([first?.status, last?.status]).toEqual(['issued', 'issued']);
    expect(refused).toMatchObject({ status: 'refused', error: 'RESIDENT_RECORD_CODE_CHECK_DIGIT' });
  });

  it('for its options is refused and its code wiped', async () => {
    const request = single(0);
    const call = issuer.issue('A1', request, { reissue: 1 } as never);
    await expect(call).rejects.toThrow(withCode('OPTION_INVALID'));
    expect(request.residentRecordCode.isWiped).toBe(true);
  });
});

describe('a round that fails', () => {
  it('in the vault fails all its callers with the same code, and no other round', async () => {
    vault.fail('HSM_UNAVAILABLE', 'derive');
    const results = await Promise.allSettled(crowd('A1', 0, 20));
    expect(results.map((result) => (result.status === 'rejected' ? result.reason.code : 'served'))).toEqual(
      Array(20).fill('HSM_UNAVAILABLE'),
    );
    vault.mend();
    expect(stored()).toBe(0);
    expect(statuses(await Promise.all(crowd('A1', 0, 20)))).toEqual(Array(20).fill('issued'));
  });

  it('in the store fails all its callers, and the round behind it is served', async () => {
    const release = holdStore();
    const lost = Promise.allSettled(crowd('A1', 0, 10));
    await until(() => stored() === 1);
    const behind = crowd('A1', 10, 10);
    await until(() => vault.count('derive') === 2);
    store.fail(new RenkeiError('STORE_FAULT', 'injected'), 'issue');
    release();
    for (const result of await lost) expect(result).toMatchObject({ reason: { code: 'STORE_FAULT' } });
    store.fail(undefined);
    expect(statuses(await Promise.all(behind))).toEqual(Array(10).fill('issued'));
    expect(await store.object.count()).toMatchObject({ issuances: 10 });
  });

  it('of an institution whose key is gone does not touch another institution', async () => {
    vault.before = (method) => {
      if (method === 'fingerprint') throw new RenkeiError('KEY_NOT_FOUND', 'injected');
    };
    const fresh = await openIssuerOverAll();
    const lost = Promise.allSettled([fresh.issue('B2', single(0)), fresh.issue('B2', single(1))]);
    const served = await issuer.issue('A1', single(0));
    expect(served.status).toBe('issued');
    expect((await lost).map((result) => (result as PromiseRejectedResult).reason.code)).toEqual([
      'KEY_NOT_FOUND',
      'KEY_NOT_FOUND',
    ]);
  });

  /** Another issuer, which has to hold every key against the vault anew. */
  async function openIssuerOverAll(): Promise<Issuer> {
    const before = vault.before;
    vault.mend();
    const other = await openIssuer({ vault, store: store.object });
    vault.before = before;
    return other;
  }

  it('after storing, when a code cannot be made, fails only those who need that code', async () => {
    await issuer.issue('B2', single(0));
    await issuer.changeResidentRecordCodes({
      old: syntheticResidents(SINGLES_SEED, 0, 1),
      new: syntheticResidents(SINGLES_SEED, 2, 1),
    });
    store.calls.length = 0;
    vault.fail('KEY_NOT_FOUND', 'translate');
    const [changed, fresh, plain] = await Promise.allSettled([
      issuer.issue('B2', single(2), { reissue: true }),
      issuer.issue('B2', single(1)),
      issuer.issue('B2', single(0)),
    ]);
    expect(stored()).toBe(1);
    expect((changed as PromiseRejectedResult).reason).toEqual(withCode('KEY_NOT_FOUND'));
    expect(fresh).toMatchObject({ value: { status: 'issued' } });
    expect(plain).toMatchObject({ value: { status: 'already-issued' } });
  });

  it('gives everybody codes of the active version after a rotation, whenever they were issued to', async () => {
    const before = await issuer.issue('B2', single(0));
    await switchInstitution({ store: store.object, vault }, 'B2', 2);
    const [again, fresh] = await Promise.all([
      issuer.issue('B2', single(0), { reissue: true }),
      issuer.issue('B2', single(1), { reissue: true }),
    ]);
    const { codes } = await vault.derive(syntheticResidents(SINGLES_SEED, 0, 2), [
      institutionAudience('B2', 2),
    ]);
    const texts = [0, 1].map((row) =>
      formatPerInstitutionCode((codes[0] as Uint8Array).subarray(row * 24, (row + 1) * 24), 2),
    );
    expect([codeOf(again), codeOf(fresh)]).toEqual(texts);
    expect(again).toMatchObject({ status: 'already-issued' });
    expect(codeOf(before)).not.toBe(codeOf(again));
  });

  it('for a row that is not of the store key fails only the caller whom it concerns', async () => {
    await issuer.issue('B2', single(0));
    await issuer.issue('B2', single(1));
    const real = store.object;
    const lying = new Proxy(real, {
      get(target, name) {
        const method: unknown = Reflect.get(target, name, target);
        if (name !== 'issue' || typeof method !== 'function') return method;
        return async (...args: unknown[]) => ({
          ...((await Reflect.apply(method, target, args)) as object),
          canonical: new Map([[0, new Uint8Array(24)]]),
        });
      },
    });
    const other = await openIssuer({ vault, store: lying });
    const [corrupt, good] = await Promise.allSettled(
      [0, 1].map((person) => other.issue('B2', single(person), { reissue: true })),
    );
    expect((corrupt as PromiseRejectedResult).reason).toEqual(withCode('STORE_CORRUPT'));
    expect(good).toMatchObject({ value: { status: 'already-issued' } });
  });
});

describe('a caller who gives up', () => {
  it('before the call is refused, and the code wiped', async () => {
    const request = single(0);
    const call = issuer.issue('A1', request, { signal: AbortSignal.abort() });
    await expect(call).rejects.toThrow(withCode('ABORTED'));
    expect(request.residentRecordCode.isWiped).toBe(true);
    expect(vault.count('derive')).toBe(0);
  });

  it('while waiting is answered at once and wiped at once; the others are served', async () => {
    const release = vault.hold('derive');
    const first = issuer.issue('A1', single(0));
    await until(() => vault.count('derive') === 1);
    const controller = new AbortController();
    const leaving = single(1);
    const left = issuer.issue('A1', leaving, { signal: controller.signal });
    const staying = issuer.issue('A1', single(2));
    expect(leaving.residentRecordCode.isWiped).toBe(false);
    controller.abort();
    expect(leaving.residentRecordCode.isWiped).toBe(true);
    await expect(left).rejects.toThrow(withCode('ABORTED', { retryable: true }));
    expect(getEventListeners(controller.signal, 'abort')).toEqual([]);
    release();
    expect(statuses(await Promise.all([first, staying]))).toEqual(['issued', 'issued']);
    expect(vault.residents.map(({ length }) => length)).toEqual([11, 11]);
    expect(await store.object.count()).toMatchObject({ issuances: 2 });
  });

  it('while the codes are derived is answered at once, and nothing of theirs is stored', async () => {
    const release = vault.hold('derive');
    const controller = new AbortController();
    const leaving = issuer.issue('A1', single(0), { signal: controller.signal });
    const same = issuer.issue('A1', single(0));
    const other = issuer.issue('A1', single(1));
    await until(() => vault.count('derive') === 1);
    controller.abort();
    await expect(leaving).rejects.toThrow(withCode('ABORTED'));
    release();
    // Whoever asked for the same person next is now the first.
    const items = await Promise.all([same, other]);
    expect(statuses(items)).toEqual(['issued', 'issued']);
    expect(new Set(items.map(codeOf)).size).toBe(2);
    expect(await store.object.count()).toMatchObject({ persons: 2, issuances: 2 });
  });

  it('once the round is being stored is too late: what is stored is answered', async () => {
    const release = holdStore();
    const controller = new AbortController();
    const call = issuer.issue('A1', single(0), { signal: controller.signal });
    await until(() => stored() === 1);
    expect(getEventListeners(controller.signal, 'abort')).toEqual([]);
    controller.abort();
    release();
    expect((await call).status).toBe('issued');
  });

  it('with everybody else of the round ends its call of the vault; nothing is stored', async () => {
    const controller = new AbortController();
    const { signal } = controller;
    const calls = Array.from({ length: 1_000 }, (_, k) => issuer.issue('A1', single(k), { signal }));
    const settled = Promise.allSettled(calls);
    await until(() => vault.count('derive') === 1);
    // However many share a signal, it has one listener.
    expect(getEventListeners(signal, 'abort').length).toBe(1);
    controller.abort();
    for (const result of await settled) expect(result).toMatchObject({ reason: { code: 'ABORTED' } });
    expect((await issuer.issue('A1', single(5_000))).status).toBe('issued');
    expect(await store.object.count()).toMatchObject({ issuances: 1 });
  });

  it('leaves no listener behind, however the call ends', async () => {
    const controller = new AbortController();
    const { signal } = controller;
    await issuer.issue('A1', single(0), { signal });
    vault.fail('HSM_UNAVAILABLE', 'derive');
    await expect(issuer.issue('A1', single(1), { signal })).rejects.toThrow(withCode('HSM_UNAVAILABLE'));
    expect(getEventListeners(signal, 'abort')).toEqual([]);
  });
});

describe('resident record codes of single callers', () => {
  it('are off the heap while they wait, and wiped when the vault has answered', async () => {
    const release = vault.hold('derive');
    const first = single(0);
    const served = [issuer.issue('A1', first)];
    await until(() => vault.count('derive') === 1);
    // In the packed batch now, and nowhere else.
    expect(first.residentRecordCode.isWiped).toBe(true);
    const [packed] = vault.residents as [Uint8Array<ArrayBuffer>];
    expect(Buffer.from(packed)).toEqual(Buffer.from(syntheticResidents(SINGLES_SEED, 0, 1)));
    const waiting = single(1);
    served.push(issuer.issue('A1', waiting));
    expect(waiting.residentRecordCode.isWiped).toBe(false);
    release();
    await Promise.all(served);
    for (const buffer of [...vault.residents, waiting.residentRecordCode.digits]) {
      expect(buffer.every((byte) => byte === 0)).toBe(true);
    }
  });

  it('are wiped even when the vault fails before it wipes them', async () => {
    let packed: Uint8Array | undefined;
    vault.derive = async (residents) => {
      packed = residents;
      throw new RenkeiError('HSM_UNAVAILABLE', 'injected');
    };
    const request = single(0);
    await expect(issuer.issue('A1', request)).rejects.toThrow(withCode('HSM_UNAVAILABLE'));
    expect(packed).toEqual(new Uint8Array(11));
    expect(request.residentRecordCode.isWiped).toBe(true);
  });

  it('are wiped when the issuer is closed or too many wait', async () => {
    const busy = await openIssuer({ vault, store: store.object, maxWaitingIssues: 1 });
    const accepted = busy.issue('A1', single(0));
    const tooMany = single(1);
    await expect(busy.issue('A1', tooMany)).rejects.toThrow(withCode('ISSUER_BUSY', { retryable: true }));
    const closing = busy.close();
    const late = single(2);
    await expect(busy.issue('A1', late)).rejects.toThrow(withCode('ISSUER_CLOSED'));
    expect([tooMany, late].every(({ residentRecordCode }) => residentRecordCode.isWiped)).toBe(true);
    expect((await accepted).status).toBe('issued');
    await closing;
  });
});

describe('the number of waiting calls', () => {
  it('is bounded for all institutions together; places come free by rounds and by giving up', async () => {
    const busy = await openIssuer({ vault, store: store.object, maxWaitingIssues: 2 });
    const release = vault.hold('derive');
    const running = busy.issue('A1', single(0));
    await until(() => vault.count('derive') === 1);
    const controller = new AbortController();
    const waiting = busy.issue('A1', single(1), { signal: controller.signal });
    const left = expect(waiting).rejects.toThrow(withCode('ABORTED'));
    const other = busy.issue('A1', single(2));
    await expect(busy.issue('B2', single(3))).rejects.toThrow(withCode('ISSUER_BUSY'));
    controller.abort();
    await left;
    const next = busy.issue('A1', single(4));
    await expect(busy.issue('A1', single(5))).rejects.toThrow(withCode('ISSUER_BUSY'));
    release();
    expect(statuses(await Promise.all([running, other, next]))).toEqual(['issued', 'issued', 'issued']);
    expect((await busy.issue('B2', single(6))).status).toBe('issued');
  });

  it.each([0, 1.5, 10_000_001, 'many'])(
    'must be an integer from 1: %j is refused',
    async (maxWaitingIssues) => {
      const opening = openIssuer({ vault, store: store.object, maxWaitingIssues } as never);
      await expect(opening).rejects.toThrow(withCode('OPTION_INVALID'));
    },
  );
});

describe('closing', () => {
  it('waits for a round whose callers have all given up: its resident record codes are wiped by then', async () => {
    const release = vault.hold('derive');
    const controller = new AbortController();
    const call = issuer.issue('A1', single(0), { signal: controller.signal });
    await until(() => vault.count('derive') === 1);
    controller.abort();
    await expect(call).rejects.toThrow(withCode('ABORTED'));
    const closed = issuer.close();
    let isClosed = false;
    void closed.then(() => {
      isClosed = true;
    });
    await setImmediate();
    expect(isClosed).toBe(false);
    release();
    await closed;
    expect(vault.residents).toEqual([new Uint8Array(11)]);
  });

  it('answers every call that was accepted, waiting or under way, and refuses later ones', async () => {
    const release = vault.hold('derive');
    const accepted = crowd('A1', 0, 5);
    await until(() => vault.count('derive') === 1);
    accepted.push(...crowd('A1', 5, 5), ...crowd('B2', 0, 5));
    const closed = issuer.close();
    await expect(issuer.issue('A1', single(99))).rejects.toThrow(withCode('ISSUER_CLOSED'));
    release();
    await closed;
    expect(statuses(await Promise.all(accepted))).toEqual(Array(15).fill('issued'));
  });
});
