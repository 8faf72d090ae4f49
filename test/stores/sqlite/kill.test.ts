import Sqlite from 'better-sqlite3';
import { openIssuer } from 'renkei';
import { openPkcs11Vault, provisionKeys } from 'renkei/pkcs11';
import { openSqliteStore } from 'renkei/sqlite';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Child } from '../../support/child.js';
import type { IssuingPlan } from '../../support/issuing-child.js';
import { testKeys } from '../../support/named-keys.js';
import { makeScratchFolder } from '../../support/scratch-folder.js';
import { makeScratchToken } from '../../support/softhsm.js';
import { syntheticBatches } from '../../support/synthetic-batches.js';

const INSTITUTION = 'A1';
const BATCHES = { seed: 9, batches: 40, size: 1_000 };
/** After how many acknowledged batches, and how many milliseconds later, each child is killed. */
const KILLS = Array.from({ length: 12 }, (_, n) => ({ batches: (n * 7) % 13, delayMs: (n * 5) % 11 }));

describe('kill −9 in the middle of a batch', () => {
  const token = makeScratchToken();
  const folder = makeScratchFolder();
  const connection = { module: token.module, token: token.token, pin: token.pin };
  let vault: Awaited<ReturnType<typeof openPkcs11Vault>>;

  beforeAll(async () => {
    const values = testKeys(['link/1', 'store/1', `institution/${INSTITUTION}/1`]);
    const keys = Object.entries(values).map(([name, value]) => ({ name, level: 1 as const, value }));
    await provisionKeys({ ...connection, keys });
    vault = await openPkcs11Vault({ ...connection, engine: 'bulk' });
  });

  afterAll(async () => {
    await vault.close();
    token.remove();
  });

  it.each(KILLS)(
    'leaves whole batches and every acknowledged one: $batches batches and $delayMs ms after the start',
    async ({ batches, delayMs }) => {
      const database = folder.path(`${batches}.sqlite`);
      const acknowledged = await killWhileIssuing(database, batches, delayMs);

      const store = await openSqliteStore({ path: database });
      try {
        const { persons, issuances } = await store.count();
        expect(persons).toBe(issuances);
        expect(persons % BATCHES.size).toBe(0);
        const stored = persons / BATCHES.size;
        // A batch may be stored whose acknowledgement the kill cut off, never the other way round.
        expect(stored).toBeGreaterThanOrEqual(acknowledged);
        expect(stored).toBeLessThan(BATCHES.batches);

        const issuer = await openIssuer({ vault, store });
        const alreadyIssued: number[] = [];
        for await (const { counts } of issuer.issueAll(INSTITUTION, syntheticBatches(BATCHES))) {
          expect(counts.issued + counts.alreadyIssued).toBe(BATCHES.size);
          alreadyIssued.push(counts.alreadyIssued);
        }
        expect(alreadyIssued).toEqual(
          Array.from({ length: BATCHES.batches }, (_, n) => (n < stored ? BATCHES.size : 0)),
        );
        const everybody = BATCHES.batches * BATCHES.size;
        expect(await store.count()).toMatchObject({ persons: everybody, issuances: everybody });
      } finally {
        await store.close();
      }
      const connection = new Sqlite(database);
      expect(connection.pragma('integrity_check', { simple: true })).toBe('ok');
      connection.close();
    },
  );

  /** Gives the number of batches that were acknowledged. */
  async function killWhileIssuing(database: string, batches: number, delayMs: number): Promise<number> {
    const plan: IssuingPlan = {
      module: token.module,
      label: token.token.label,
      pin: token.userPin,
      database,
      institution: INSTITUTION,
      batches: BATCHES,
    };
    const child = new Child('issuing-child.ts', plan);
    expect(await child.line()).toBe('ready');
    let acknowledged = 0;
    while (acknowledged < batches && (await child.line()) !== undefined) acknowledged++;
    await new Promise((resolve) => setTimeout(resolve, delayMs));
    await child.kill();
    while ((await child.line()) !== undefined) acknowledged++;
    return acknowledged;
  }
});
