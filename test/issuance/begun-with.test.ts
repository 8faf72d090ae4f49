import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { linkKey } from '../../src/codes/key-names.js';
import { openIssuer } from '../../src/issuance/open-issuer.js';
import { createMemoryStore } from '../../src/stores/memory/memory-store.js';
import type { IssuanceStore } from '../../src/stores/port.js';
import type { Vault } from '../../src/vault/port.js';
import { openSoftwareVault } from '../../src/vault/software/index.js';
import { syntheticResidents } from '../support/residents.js';

/** A store begun with generation 2 and the store key 3 keeps both: 命令85 44条2項 would be broken otherwise. */
const NAMES = ['link/1', 'link/2', 'link/3', 'store/1', 'store/3', 'institution/A/1'];
const BEGUN_WITH = { generation: 2, storeKeyVersion: 3 };

let vault: Vault;
beforeAll(async () => {
  const keys = NAMES.map((name, k) => [name, new Uint8Array(32).fill(k + 1)] as const);
  vault = await openSoftwareVault({ keys: Object.fromEntries(keys) });
});
afterAll(() => vault.close());

async function issueOne(store: IssuanceStore, options: typeof BEGUN_WITH) {
  const issuer = await openIssuer({ vault, store, ...options });
  await issuer.registerInstitution('A');
  const request = { acquisitionNumbers: ['a-1'], residents: syntheticResidents(1, 0, 1) };
  return (await issuer.issueBatch('A', request)).counts;
}

describe('a person is never issued to twice because an issuer was opened with other options', () => {
  test('the same generation and store key: already issued', async () => {
    const store = createMemoryStore();
    expect(await issueOne(store, BEGUN_WITH)).toMatchObject({ issued: 1 });
    expect(await issueOne(store, BEGUN_WITH)).toMatchObject({ issued: 0, alreadyIssued: 1 });
  });

  test.each([
    ['a lower generation', { ...BEGUN_WITH, generation: 1 }],
    ['a higher generation', { ...BEGUN_WITH, generation: 3 }],
    ['another store key', { ...BEGUN_WITH, storeKeyVersion: 1 }],
    ['keys that the vault has not', { generation: 9, storeKeyVersion: 9 }],
  ])('%s: the active keys of the store decide', async (_what, options) => {
    const store = createMemoryStore();
    await issueOne(store, BEGUN_WITH);
    const before = [await store.count(), await store.listKeys()];
    expect(await issueOne(store, options)).toMatchObject({ issued: 0, alreadyIssued: 1 });
    expect([await store.count(), await store.listKeys()]).toEqual(before);
  });

  test.each([
    ['generations', { ...BEGUN_WITH, generation: 3 }],
    ['store keys', { ...BEGUN_WITH, storeKeyVersion: 1 }],
  ])(
    'two openings of an empty store at once with different %s: both use the keys of one',
    async (_, other) => {
      const store = createMemoryStore();
      const openings = [BEGUN_WITH, other].map((options) => issueOne(store, options));
      const counts = await Promise.all(openings);
      expect(counts.map(({ issued }) => issued).sort()).toEqual([0, 1]);
      expect((await store.count()).persons).toBe(1);
      const active = (await store.listKeys()).filter(({ state }) => state === 'active');
      expect(active.filter(({ name }) => name.startsWith('store/'))).toHaveLength(1);
      expect(active.filter(({ name }) => name.startsWith('link/'))).toHaveLength(1);
    },
  );

  test('a store with a link key and no store key is refused: nobody knows what it was begun with', async () => {
    const store = createMemoryStore();
    const fingerprint = await vault.fingerprint(linkKey(1));
    await store.registerKey({ name: linkKey(1), fingerprint, registeredAt: 1 });
    await expect(issueOne(store, BEGUN_WITH)).rejects.toMatchObject({ code: 'STORE_CORRUPT' });
  });

  test('an opening that fails for a missing key puts none on record', async () => {
    const store = createMemoryStore();
    await expect(issueOne(store, { ...BEGUN_WITH, generation: 4 })).rejects.toMatchObject({
      code: 'KEY_NOT_FOUND',
    });
    expect(await store.listKeys()).toEqual([]);
    expect(await issueOne(store, BEGUN_WITH)).toMatchObject({ issued: 1 });
  });

  test('an empty store that other processes begin alike at the same time is opened by all', async () => {
    const store = createMemoryStore();
    const all = [1, 2, 3].map(() => openIssuer({ vault, store, ...BEGUN_WITH }));
    expect(await Promise.all(all)).toHaveLength(3);
  });
});
