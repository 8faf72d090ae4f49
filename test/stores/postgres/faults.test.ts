import { closeSync, openSync, readSync, writeSync } from 'node:fs';
import { inspect } from 'node:util';
import { type IssuanceStore, parseInstitutionCode } from 'renkei';
import { openPostgresStore } from 'renkei/postgres';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { ScratchPostgres } from '../../support/postgres.js';
import { seededBytes } from '../../support/seeded-bytes.js';
import { withCode } from '../../support/with-code.js';
import { batchOf, changeOf, registerInstitutions, storeCodes } from '../contract.js';

const A = parseInstitutionCode('A1');
const ROWS = 500;
const CODE_LENGTH = 24;

describe('faults of PostgreSQL', () => {
  let server: ScratchPostgres;
  let schema: string;
  let store: IssuanceStore;
  let schemas = 0;
  const open = (options = {}) =>
    openPostgresStore({ connection: server.main, schema, partitions: 2, ...options });
  const batch = (n: number) => batchOf(A, seededBytes(`batch ${n}`, ROWS * CODE_LENGTH));

  beforeAll(async () => {
    server = await ScratchPostgres.start();
  });
  beforeEach(async () => {
    schema = `store_${schemas++}`;
    store = await open();
    await registerInstitutions(store, A);
  });
  afterEach(() => store.close());
  afterAll(() => server.remove());

  /** Issues batch after batch until one fails, and gives how many were acknowledged. */
  async function issueUntilFault(first: number): Promise<number> {
    for (let n = first; ; n++) {
      try {
        await store.issue(batch(n));
      } catch (error) {
        expect(error).toEqual(withCode('STORE_FAULT', { retryable: true }));
        return n - first;
      }
    }
  }

  /** That acknowledged batches are there, and that repeating all of them changes nothing. */
  async function expectNothingLost(acknowledged: number): Promise<void> {
    for (let n = 0; n < acknowledged; n++) {
      const { versions } = await store.issue(batch(n));
      expect(versions.every((version) => version === 1)).toBe(true);
    }
    // One batch may be stored whose acknowledgement was cut off; never a part of one.
    const { persons, issuances } = await store.count();
    expect(persons).toBe(issuances);
    expect([acknowledged * ROWS, (acknowledged + 1) * ROWS]).toContain(issuances);
    await store.issue(batch(acknowledged));
    expect(await store.count()).toMatchObject({ issuances: (acknowledged + 1) * ROWS });
    const findings = (await store.check()).map(({ invariant }) => invariant);
    // The batches name a generation for which these tests register no key.
    expect(findings).toEqual(['person-generation-has-key']);
  }

  it.each([
    ['its connections are cut', () => server.cutConnections()],
    ['the server restarts', () => server.restart()],
    [
      'the server is killed',
      async () => {
        await server.kill();
        await server.restart();
      },
    ],
  ])('loses nothing that was acknowledged when %s', async (_, strike) => {
    let acknowledged = 0;
    for (let round = 0; round < 4; round++) {
      let hit = false;
      const issuing = issueUntilFault(acknowledged).finally(() => {
        hit = true;
      });
      // A stroke between two calls is mended before anybody notices.
      while (!hit) {
        await new Promise((resolve) => setTimeout(resolve, 40 + round * 17));
        await strike();
      }
      acknowledged += await issuing;
    }
    expect(acknowledged).toBeGreaterThan(0);
    await expectNothingLost(acknowledged);
  });

  it('works on after its idle connections were cut', async () => {
    await store.issue(batch(0));
    await server.cutConnections();
    // Whether the cut is seen before or by the next call is a matter of luck.
    await store.listKeys().catch(() => undefined);
    expect((await store.lookUp(A, batch(0).storeCodes)).versions.every((version) => version === 1)).toBe(
      true,
    );
  });

  it('refuses a server that is a standby or recovers, and works on when it is the primary again', async () => {
    await store.issue(batch(0));
    await server.restart({ standby: true });
    const calls = [
      () => store.issue(batch(1)),
      () => store.lookUp(A, batch(0).storeCodes),
      () => store.count(),
      () => open(),
    ];
    for (const call of calls) {
      await call().catch(() => undefined);
      await expect(call()).rejects.toThrow(withCode('STORE_FAULT', { retryable: true, message: /standby/ }));
    }
    await server.restart();
    await expectNothingLost(1);
  });

  it.each(['fsync', 'full_page_writes'])(
    'refuses a server with %s off: it may lose what it confirmed',
    async (name) => {
      const careless = await ScratchPostgres.start([`${name}=off`]);
      try {
        await expect(openPostgresStore({ connection: careless.main })).rejects.toThrow(
          withCode('STORE_NOT_DURABLE', { retryable: false, message: new RegExp(name) }),
        );
      } finally {
        await careless.remove();
      }
    },
  );

  it('commits durably on a server that by default does not', async () => {
    await server.query('ALTER SYSTEM SET synchronous_commit = off');
    await server.restart();
    const fresh = await open();
    await registerInstitutions(fresh, A);
    await fresh.issue(batch(0));
    await server.kill();
    await server.restart();
    await fresh.close();
    await server.query('ALTER SYSTEM RESET synchronous_commit');
    await expectNothingLost(1);
  });

  it('gives up a statement that takes too long, and a lock that does not come', async () => {
    const hasty = await open({ statementTimeoutMs: 200, lockTimeoutMs: 50_000 });
    const impatient = await open({ lockTimeoutMs: 20 });
    const unlock = await server.hold(`LOCK TABLE ${schema}.issuance`);
    await expect(hasty.issue(batch(0))).rejects.toThrow(withCode('STORE_FAULT', { message: /57014/ }));
    await expect(impatient.issue(batch(0))).rejects.toThrow(withCode('STORE_FAULT', { message: /55P03/ }));
    await unlock();
    expect((await hasty.issue(batch(0))).versions.every((version) => version === 0)).toBe(true);
    expect((await impatient.issue(batch(0))).versions.every((version) => version === 1)).toBe(true);
    await Promise.all([hasty.close(), impatient.close()]);
  });

  it('stops at once, with nothing stored, when the caller gives up while a statement waits or a connection is awaited', async () => {
    const narrow = await open({ poolSize: 1 });
    const unlock = await server.hold(`LOCK TABLE ${schema}.issuance`);
    const controllers = [new AbortController(), new AbortController()];
    const calls = controllers.map(({ signal }, n) =>
      narrow.issue(batch(n), { signal }).catch((error: unknown) => error),
    );
    await new Promise((resolve) => setTimeout(resolve, 100));
    for (const controller of controllers.toReversed()) controller.abort();
    for (const outcome of await Promise.all(calls)) expect(outcome).toEqual(withCode('ABORTED'));
    await unlock();
    expect(await narrow.count()).toMatchObject({ persons: 0, issuances: 0 });
    await narrow.close();
  });

  it('says STORE_CORRUPT for a damaged page and serves nothing of it, and the check names it', async () => {
    const codes = batch(0).storeCodes;
    await store.issue(batch(0));
    const [{ path } = { path: '' }] = await server.query(
      `SELECT pg_relation_filepath('${schema}.issuance_0') AS path, pg_switch_wal()`,
    );
    await server.query('CHECKPOINT');
    await store.close();
    await server.stop();
    damage(server.dataFile(String(path)));
    await server.restart();
    store = await open();
    const calls = [() => store.details(A, codes), () => store.lookUp(A, codes)];
    for (const call of calls) {
      await expect(call()).rejects.toThrow(withCode('STORE_CORRUPT', { retryable: false, message: /XX001/ }));
    }
    expect((await store.check()).map(({ invariant }) => invariant)).toContain('storage-intact');
  });

  it('says STORE_CORRUPT, and does not try for ever, when a row is there for the insertion and not for the look-up', async () => {
    await server.query(
      `CREATE OR REPLACE FUNCTION ${schema}.insert_issuances(
        codes bytea, generation smallint, institution_id integer, key_version smallint, issued_at bigint
      ) RETURNS integer LANGUAGE sql AS 'SELECT 0'`,
    );
    await expect(store.issue(batch(0))).rejects.toThrow(withCode('STORE_CORRUPT', { retryable: false }));
    expect(await store.count()).toMatchObject({ persons: 0, issuances: 0 });
  });

  it('lets the message of the server never through', async () => {
    await server.query(
      `ALTER TABLE ${schema}.person ADD CONSTRAINT geheim CHECK (store_code IS NULL) NOT VALID`,
    );
    const codes = storeCodes(1);
    const error = await store.issue(batchOf(A, codes)).catch((thrown: unknown) => thrown);
    expect(error).toEqual(withCode('STORE_FAULT', { message: /^issuing: 23514$/ }));
    const shown = inspect(error, { depth: null, showHidden: true }) + JSON.stringify(error);
    expect(shown).not.toContain(Buffer.from(codes).toString('hex'));
    expect(shown).not.toContain('geheim');
  });

  it('keeps the code of a person who is there out of the log of the server', async () => {
    const before = server.log().length;
    await store.issue(batch(0));
    await store.issue(batch(0));
    await store.change(changeOf([[1, 2]]));
    await store.issue(batchOf(A, storeCodes(1, 2, 1)));
    await server.query('SELECT 1 / 0').catch(() => undefined);
    const logged = server.log().slice(before);
    expect(logged).toContain('division by zero');
    expect(logged).not.toMatch(/\\x[0-9a-f]{8}|duplicate key/);
  });
});

/** Changes one byte in the middle of a file's first page. */
function damage(path: string): void {
  const file = openSync(path, 'r+');
  const byte = Buffer.alloc(1);
  readSync(file, byte, 0, 1, 8_000);
  byte[0] = (byte[0] as number) ^ 0xff;
  writeSync(file, byte, 0, 1, 8_000);
  closeSync(file);
}
