import { createMemoryStore, type IssuanceStore } from 'renkei';
import { openPostgresStore } from 'renkei/postgres';
import { openSqliteStore } from 'renkei/sqlite';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ScratchPostgres } from '../support/postgres.js';
import { syntheticResidentTexts } from '../support/residents.js';
import {
  deliveredBytes,
  issueTo,
  openRotationVault,
  openRotationWorld,
  read,
} from '../support/rotation-world.js';
import { makeScratchFolder } from '../support/scratch-folder.js';

const { path } = makeScratchFolder();
let server: ScratchPostgres;
beforeAll(async () => {
  server = await ScratchPostgres.start();
});
afterAll(() => server.remove());

const STORES: Readonly<Record<string, () => Promise<IssuanceStore>>> = {
  memory: async () => createMemoryStore(),
  sqlite: () => openSqliteStore({ path: path('rotation.sqlite') }),
  postgres: () =>
    openPostgresStore({ connection: server.main, schema: 'rotation', partitions: 3, poolSize: 4 }),
};

/** One life with all kinds of rotation, one after the other; gives the bytes of all deliveries. */
async function live(name: string): Promise<string[]> {
  const store = await (STORES[name] as () => Promise<IssuanceStore>)();
  const folder = path(name);
  try {
    const world = await openRotationWorld({ store, vault: await openRotationVault() });
    const { rotations, issuer, people } = world;
    const bytes: string[] = [];
    const requests = [
      { kind: 'institution', institution: 'A1' },
      { kind: 'generation', source: 'store' },
      { kind: 'store' },
    ] as const;
    for (const [n, request] of requests.entries()) {
      const rotation = await rotations.begin(request);
      const workers = ['one', 'two'].map((worker) => rotation.work({ folder, worker }));
      await Promise.all(workers);
      await issueTo(issuer, 'A1', syntheticResidentTexts(8, n * 10, 5));
      const verified = read(await rotation.verify({ folder }));
      await issueTo(issuer, 'A1', syntheticResidentTexts(8, n * 10 + 5, 5));
      const switched = read(await rotation.switch({ folder, graceMs: 0 }));
      for (const receipt of [verified, switched]) bytes.push(...(await deliveredBytes(folder, receipt)));
      await rotation.retire();
      expect(await rotation.status()).toBe('retired');
      expect(await issuer.checkStore()).toEqual([]);
    }
    bytes.push((await issueTo(issuer, 'A1', people)).join());
    return bytes;
  } finally {
    await store.close();
  }
}

describe('all rotations of a store, one after the other', () => {
  test('end in the same bytes whatever the store', { timeout: 120_000 }, async () => {
    const expected = await live('memory');
    expect(expected.length).toBeGreaterThan(6);
    expect(await live('sqlite')).toEqual(expected);
    expect(await live('postgres')).toEqual(expected);
  });
});
