import { beforeEach, describe, expect, test } from 'vitest';
import {
  formatPerInstitutionCode,
  parsePerInstitutionCode,
} from '../../../src/codes/per-institution-code.js';
import type { Issuer } from '../../../src/issuance/issuer.js';
import { openIssuer } from '../../../src/issuance/open-issuer.js';
import { createMemoryStore } from '../../../src/stores/memory/memory-store.js';
import type { IssuanceStore } from '../../../src/stores/port.js';
import { openSoftwareVault } from '../../../src/vault/software/software-vault.js';
import { FaultyVault } from '../../support/faulty-vault.js';
import { testKeys } from '../../support/named-keys.js';
import { syntheticResidents, syntheticResidentTexts } from '../../support/residents.js';
import { switchInstitution } from '../../support/rotation-by-hand.js';
import { makeScratchFolder } from '../../support/scratch-folder.js';
import { single } from '../../support/single-callers.js';
import { KEY_NAMES } from '../../support/software-issuer.js';
import { type StandIn, standIn } from '../../support/stand-in.js';
import { acquisitionNumbers } from '../../support/synthetic-batches.js';
import { withCode } from '../../support/with-code.js';

const SEED = 71;
const PEOPLE = 3;
const folder = makeScratchFolder();

let vault: FaultyVault;
let real: IssuanceStore;
let store: StandIn<IssuanceStore>;
let issuer: Issuer;
let a: string[];

beforeEach(async () => {
  vault = new FaultyVault(await openSoftwareVault({ keys: testKeys(KEY_NAMES) }));
  real = createMemoryStore();
  store = standIn(real);
  issuer = await openIssuer({ vault, store: store.object });
  for (const institution of ['A1', 'B2']) await issuer.registerInstitution(institution);
  a = await issue('A1', PEOPLE);
  await issue('B2', PEOPLE);
  await issuer.registerRecordPeriod('2026');
});

async function issue(institution: string, count: number): Promise<string[]> {
  const request = {
    acquisitionNumbers: acquisitionNumbers(count),
    residents: syntheticResidents(SEED, 0, count),
  };
  const result = await issuer.issueBatch(institution, request, { reissue: true });
  return Array.from(result, (item) => (item.status === 'refused' ? '' : (item.code ?? '')));
}

/** Rotates B2's key between an operation's codes and this call of the store, so many times. */
function switchAt(method: keyof IssuanceStore, times = 1): void {
  const versions = [2, 10];
  let left = times;
  store.before = async (called) => {
    if (called !== method || left === 0) return;
    left--;
    const version = versions.shift();
    if (version === undefined) {
      // A switch of what nobody here uses begins an epoch as well.
      const rotation = {
        kind: 'institution',
        subject: 'Z9',
        notes: [],
        parts: 0,
        plan: '',
        createdAt: 1,
      } as const;
      const id = (await real.beginRotation(rotation)) as number;
      await real.moveRotation({ id, from: 'running', to: 'verified', at: 1 });
      await real.moveRotation({ id, from: 'verified', to: 'switched', at: 1 });
      await real.moveRotation({ id, from: 'switched', to: 'retiring', at: 1 });
      await real.moveRotation({ id, from: 'retiring', to: 'retired', at: 1 });
    } else await (await switchInstitution({ store: real, vault }, 'B2', version)).retire();
  };
}

describe('keys that are switched or retired while a call is under way', () => {
  test.each([
    ['translate', 'lookUp', () => issuer.translate(a, { from: 'A1', to: 'B2' })],
    ['holders', 'holders', () => issuer.holders(a, { from: 'A1' })],
    ['managementInformation', 'details', () => issuer.managementInformation(a, { from: 'A1' })],
    ['recordCodes', 'lookUp', () => issuer.recordCodes(a, { from: 'A1', period: '2026' })],
    ['checkStore', 'persons', () => issuer.checkStore()],
  ] as const)('%s is done again by itself, and answers as after the change', async (_, method, call) => {
    switchAt(method);
    const answer = await call();
    store.before = () => undefined;
    const values = (given: unknown) =>
      given !== null && Symbol.iterator in Object(given) ? [...(given as [])] : given;
    expect(values(answer)).toEqual(values(await call()));
  });

  test('translate gives codes of the new version', async () => {
    switchAt('lookUp');
    const result = await issuer.translate(a, { from: 'A1', to: 'B2' });
    expect(Array.from(result, (item) => item.status === 'translated' && item.code)).toEqual(
      await issue('B2', PEOPLE),
    );
  });

  test('is done again three times and not for ever', async () => {
    switchAt('lookUp', 100);
    store.calls.length = 0;
    await expect(issuer.translate(a, { from: 'A1', to: 'B2' })).rejects.toThrow(withCode('KEYS_CHANGED'));
    expect(store.calls.filter((name) => name === 'lookUp')).toHaveLength(4);
  });

  test.each([
    ['issueBatch', 'issue', () => issue('B2', PEOPLE + 2)],
    ['issue', 'issue', () => issuer.issue('B2', single(500))],
    [
      'changeResidentRecordCodes',
      'change',
      () =>
        issuer.changeResidentRecordCodes({
          old: syntheticResidents(SEED, 0, 1),
          new: syntheticResidents(SEED, 50, 1),
        }),
    ],
    ['removePersons', 'remove', () => issuer.removePersons(syntheticResidents(SEED, 0, 1))],
  ] as const)(
    '%s fails with KEYS_CHANGED, retryable, and nothing is stored; again it is served',
    async (_, method, call) => {
      const before = await real.count();
      switchAt(method);
      await expect(call()).rejects.toMatchObject({ code: 'KEYS_CHANGED', retryable: true });
      expect({ ...(await real.count()), keys: 0 }).toEqual({ ...before, keys: 0 });
      for (const residents of vault.residents) expect(residents.every((byte) => byte === 0)).toBe(true);
      await call();
      expect({ ...(await real.count()), keys: 0 }).not.toEqual({ ...before, keys: 0 });
    },
  );

  test('a call that finds its keys changed before it derives begins again by itself', async () => {
    const keys = testKeys([...KEY_NAMES, 'institution/D4/1']);
    vault = new FaultyVault(await openSoftwareVault({ keys }));
    const late = await openIssuer({ vault, store: store.object });
    // Registered behind the issuer's back: it looks again for the name, and finds a new epoch.
    await (await openIssuer({ vault, store: real })).registerInstitution('D4');
    let outlooks = 0;
    store.before = async (method) => {
      if (method === 'outlook' && ++outlooks === 2) await switchInstitution({ store: real, vault }, 'B2', 2);
    };
    const request = { acquisitionNumbers: ['X'], residents: syntheticResidents(SEED, 0, 1) };
    expect((await late.issueBatch('D4', request)).counts.issued).toBe(1);
    expect(outlooks).toBeGreaterThanOrEqual(3);
  });

  test('a bulk load of another institution goes on by itself', async () => {
    const load = await issuer.openBulkLoad('A1', { folder: folder.path('load'), storeBatchRows: 2 });
    await load.receive([syntheticResidentTexts(SEED, 0, 20)]);
    switchAt('issue');
    await load.store();
    expect(load.counts).toMatchObject({ issued: 20 - PEOPLE, alreadyIssued: PEOPLE });
    await load.erase();
  });

  test('a comparison says so when its results are read after the change', async () => {
    const comparison = await issuer.comparePopulation([syntheticResidents(SEED, 0, 1)], {
      folder: folder.path('comparison'),
      institution: 'A1',
    });
    await switchInstitution({ store: real, vault }, 'A1', 2);
    await expect(comparison.both().next()).rejects.toThrow(withCode('KEYS_CHANGED'));
    await comparison.close();
  });
});

test('codes of many versions that nobody knows have the keys on record looked at once', async () => {
  const { code } = parsePerInstitutionCode(a[0] as string);
  const texts = Array.from({ length: 200 }, (_, k) => formatPerInstitutionCode(code, k + 50));
  let looks = 0;
  store.before = (called) => {
    if (called === 'listKeys') looks++;
  };
  const result = await issuer.translate(texts, { from: 'A1', to: 'B2' });
  expect(new Set(Array.from(result, (item) => 'error' in item && item.error))).toEqual(
    new Set(['CODE_VERSION_UNKNOWN']),
  );
  expect(looks).toBe(1);
});

describe('a hold before a switch', () => {
  const soon = () => Date.now() + 120;
  const request = (first: number) => ({
    acquisitionNumbers: ['X'],
    residents: syntheticResidents(SEED, first, 1),
  });

  test.each([
    ['issueBatch', () => issuer.issueBatch('B2', request(60))],
    ['issue', () => issuer.issue('B2', single(501))],
    ['issueAll', () => issuer.issueAll('B2', [request(61)]).next()],
    [
      'changeResidentRecordCodes',
      () =>
        issuer.changeResidentRecordCodes({
          old: syntheticResidents(SEED, 0, 1),
          new: syntheticResidents(SEED, 51, 1),
        }),
    ],
    ['removePersons', () => issuer.removePersons(syntheticResidents(SEED, 0, 1))],
  ])('%s derives nothing before the switch has come', async (_, call) => {
    await real.hold(Date.now() + 600_000);
    vault.calls.length = 0;
    const running = call();
    let isDone = false;
    void running.then(() => {
      isDone = true;
    });
    await new Promise((resolve) => setTimeout(resolve, 60));
    expect(vault.count('derive')).toBe(0);
    expect(isDone).toBe(false);
    await (await switchInstitution({ store: real, vault }, 'B2', 2)).retire();
    await running;
    expect(vault.count('derive')).toBeGreaterThan(0);
  });

  test('a translation goes on meanwhile', async () => {
    await real.hold(Date.now() + 600_000);
    expect((await issuer.translate(a, { from: 'A1', to: 'B2' })).at(0)).toMatchObject({
      status: 'translated',
    });
  });

  test('ends by itself, even where the clock of the issuer stands still', async () => {
    const start = Date.now();
    const still = await openIssuer({ vault, store: store.object, now: () => start });
    await real.hold(soon());
    expect((await still.issueBatch('B2', request(62))).counts.issued).toBe(1);
  });

  test('ends for a caller who gives up, whose residents are wiped', async () => {
    await real.hold(Date.now() + 600_000);
    const given = request(63);
    const controller = new AbortController();
    const running = issuer.issueBatch('B2', given, { signal: controller.signal });
    await new Promise((resolve) => setTimeout(resolve, 40));
    controller.abort();
    await expect(running).rejects.toThrow(withCode('ABORTED'));
    expect(given.residents).toEqual(new Uint8Array(11));
  });

  test('is asked about once a batch when there is none', async () => {
    store.calls.length = 0;
    await issue('B2', PEOPLE);
    expect(store.calls).toEqual(['outlook', 'issue']);
  });
});

describe('a record period', () => {
  const records = () => issuer.recordCodes(a, { from: 'A1', period: '2026' });

  test('makes record codes while its key is accepting, and is RECORD_PERIOD_RETIRED after that', async () => {
    const open = await records();
    const rotation = {
      kind: 'record-period',
      subject: 'record/2026',
      notes: [],
      parts: 0,
      plan: '',
      createdAt: 1,
    } as const;
    const id = (await real.beginRotation(rotation)) as number;
    const name = 'record/2026' as never;
    await real.moveRotation({ id, from: 'running', to: 'verified', at: 1 });
    const accepting = { name, from: 'active', to: 'accepting' } as const;
    await real.moveRotation({ id, from: 'verified', to: 'switched', at: 1, keys: [accepting] });
    expect(await records()).toEqual(open);
    const retired = { name, from: 'accepting', to: 'retired' } as const;
    await real.moveRotation({ id, from: 'switched', to: 'retiring', at: 1, keys: [retired] });
    await expect(records()).rejects.toThrow(withCode('RECORD_PERIOD_RETIRED'));
  });
});
