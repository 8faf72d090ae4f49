import {
  type IssuanceStore,
  openIssuer,
  type PageRequest,
  parseInstitutionCode,
  recordAudience,
} from 'renkei';
import { openSoftwareVault } from 'renkei/software';
import { beforeEach, describe, expect, it } from 'vitest';
import { testKey, testKeys } from '../support/named-keys.js';
import { syntheticResidents, syntheticResidentTexts } from '../support/residents.js';
import { KEY_NAMES, openSoftwareIssuer, type SoftwareIssuer } from '../support/software-issuer.js';
import { acquisitionNumbers } from '../support/synthetic-batches.js';
import { withCode } from '../support/with-code.js';

const A1 = parseInstitutionCode('A1');
const PEOPLE = 25_000;

let world: SoftwareIssuer;
beforeEach(async () => {
  world = await openSoftwareIssuer();
});

const issue = (count: number) =>
  world.issuer.issueBatch('A1', {
    acquisitionNumbers: acquisitionNumbers(count),
    residents: syntheticResidents(70, 0, count),
  });

/** Store codes that the store's key never made. */
const invented = (count: number) =>
  Uint8Array.from({ length: count * 24 }, (_, k) => (k % 24 === 0 ? 1 + Math.floor(k / 24) : 7));

const insert = (storeCodes: Uint8Array, keyVersion = 1) =>
  world.store.issue({ institution: A1, keyVersion, generation: 1, issuedAt: 1, storeCodes });

describe('fsck with the vault', () => {
  it('finds nothing in a store that has lived: issued, changed, deleted', async () => {
    await issue(5);
    const changed = syntheticResidentTexts(70, 50, 1);
    await world.issuer.changeResidentRecordCodes({ old: syntheticResidents(70, 0, 1), new: changed });
    await world.issuer.removePersons(syntheticResidents(70, 4, 1));
    expect(await world.issuer.checkStore()).toEqual([]);
  });

  it('opens every store code under the store’s key and counts those that are not of it, aliases too', async () => {
    await issue(3);
    await insert(invented(2));
    const codes = { oldCodes: invented(1), newCodes: invented(3).subarray(48) };
    await world.store.change({ generation: 1, changedAt: 1, ...codes });
    expect(await world.issuer.checkStore()).toEqual([{ invariant: 'store-code-genuine', rows: 3 }]);
  });

  it('names what the store itself finds', async () => {
    await issue(1);
    await insert(invented(2), 9);
    const findings = await world.issuer.checkStore();
    expect(findings).toContainEqual({ invariant: 'issuance-version-has-key', rows: 2 });
    expect(findings).toContainEqual({ invariant: 'store-code-genuine', rows: 2 });
  });

  it('names every key on record that the vault lacks or has another of', async () => {
    await issue(1);
    await world.store.registerKey({
      name: recordAudience('2031'),
      fingerprint: 'f'.repeat(16),
      registeredAt: 1,
    });
    const keys = { ...testKeys(KEY_NAMES), 'institution/B2/1': testKey('another') };
    const vault = await openSoftwareVault({ keys });
    const issuer = await openIssuer({ vault, store: world.store });
    expect(await issuer.checkStore()).toEqual([
      { invariant: 'key-matches-vault', rows: 1, detail: 'institution/B2/1: KEY_FINGERPRINT_MISMATCH' },
      { invariant: 'key-matches-vault', rows: 1, detail: 'record/2031: KEY_NOT_FOUND' },
    ]);
  });

  it('walks the whole store page by page, tells how far it is, and gives up when told to', async () => {
    await issue(PEOPLE);
    const progress: number[] = [];
    await world.issuer.checkStore({
      onProgress: ({ storeCodesChecked }) => progress.push(storeCodesChecked),
    });
    expect(progress.length).toBeGreaterThan(1);
    expect(progress).toEqual(progress.toSorted((a, b) => a - b));
    expect(progress.at(-1)).toBe(PEOPLE);
    const giveUp = new AbortController();
    let told = 0;
    const checking = world.issuer.checkStore({
      signal: giveUp.signal,
      onProgress: () => {
        told++;
        giveUp.abort();
      },
    });
    await expect(checking).rejects.toThrow(withCode('ABORTED'));
    expect(told).toBe(1);
  });

  it('does not walk in a circle through a store that gives the same page for ever', async () => {
    await issue(1);
    const circling = new Proxy(world.store, {
      get: (real, name) =>
        name === 'persons'
          ? async ({ limit }: PageRequest) => ({
              storeCodes: new Uint8Array(limit * 24),
              generations: new Uint8Array(limit).fill(1),
              canonical: new Map(),
            })
          : (Reflect.get(real, name, real) as () => unknown).bind(real),
    }) as IssuanceStore;
    const issuer = await openIssuer({ vault: world.vault, store: circling });
    await expect(issuer.checkStore()).rejects.toThrow(withCode('STORE_CORRUPT'));
  });

  it.each([
    ['ABORTED', { signal: AbortSignal.abort() }],
    ['OPTION_UNKNOWN', { repair: true }],
    ['OPTION_INVALID', { onProgress: 1 }],
  ])('fails with %s: %j', async (code, options) => {
    await expect(world.issuer.checkStore(options as never)).rejects.toThrow(withCode(code as never));
  });
});
