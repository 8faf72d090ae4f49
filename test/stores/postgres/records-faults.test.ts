import { inspect } from 'node:util';
import type { RecordStore } from 'renkei';
import { openPostgresRecordStore, openPostgresStore } from 'renkei/postgres';
import { newBranch, newRecord, recordContent, storeCodes } from 'renkei/testing';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { ScratchPostgres } from '../../support/postgres.js';
import { assertFileSound } from '../../support/record-file.js';
import { withCode } from '../../support/with-code.js';

const ROWS = 100;
const AT = Date.UTC(2026, 3, 1);

describe('faults of PostgreSQL under a record file', () => {
  let server: ScratchPostgres;
  let schema: string;
  let store: RecordStore;
  let schemas = 0;
  const open = (options = {}) => openPostgresRecordStore({ connection: server.main, schema, ...options });
  const batch = (n: number, rows = ROWS) => ({
    at: AT + n,
    records: Array.from({ length: rows }, (_, k) => newRecord(k, { requestId: `${n}-${k}` })),
    drafts: [{ event: 'test.drafted', details: { n } }],
  });

  beforeAll(async () => {
    server = await ScratchPostgres.start();
  }, 60_000);
  beforeEach(async () => {
    schema = `records_${schemas++}`;
    store = await open();
  });
  afterEach(() => store.close());
  afterAll(() => server.remove(), 60_000);

  /** Appends batch after batch until one fails, and gives how many were acknowledged. */
  async function appendUntilFault(first: number): Promise<number> {
    for (let n = first; ; n++) {
      try {
        await store.append(batch(n));
      } catch (error) {
        expect(error).toEqual(withCode('STORE_FAULT', { retryable: true }));
        return n - first;
      }
    }
  }

  /** That acknowledged batches are there, that repeating them changes nothing, and that rows and log agree. */
  async function expectNothingLost(acknowledged: number): Promise<void> {
    for (let n = 0; n < acknowledged; n++) {
      const { records } = await store.append({ ...batch(n), drafts: [] });
      expect(records.every(({ outcome }) => outcome === 'existed')).toBe(true);
    }
    // One batch may be stored whose acknowledgement was cut off; never a part of one.
    const { records } = await assertFileSound(store);
    expect([acknowledged * ROWS, (acknowledged + 1) * ROWS]).toContain(records.length);
    await store.append(batch(acknowledged));
    const all = await assertFileSound(store);
    expect(all.records).toHaveLength((acknowledged + 1) * ROWS);
  }

  it.each([
    ['its connections are cut', () => server.cutConnections()],
    [
      'the server is killed',
      async () => {
        await server.kill();
        await server.restart();
      },
    ],
  ])(
    'loses nothing that was acknowledged, and writes nothing twice, when %s',
    async (_, strike) => {
      let acknowledged = 0;
      for (let round = 0; round < 3; round++) {
        let hit = false;
        const appending = appendUntilFault(acknowledged).finally(() => {
          hit = true;
        });
        // A stroke between two calls is mended before anybody notices.
        while (!hit) {
          await new Promise((resolve) => setTimeout(resolve, 40 + round * 17));
          await strike();
        }
        acknowledged += await appending;
      }
      await expectNothingLost(acknowledged);
    },
    120_000,
  );

  it('has nothing of a batch when the server is killed before the commit', async () => {
    await store.append(batch(0));
    const unlock = await server.hold(`LOCK TABLE ${schema}.log_entry IN SHARE MODE`);
    const appending = store.append(batch(1)).catch((error: unknown) => error);
    await waitForActivity(`wait_event_type = 'Lock'`);
    await server.kill();
    expect(await appending).toEqual(withCode('STORE_FAULT', { retryable: true }));
    await unlock().catch(() => undefined);
    await server.restart();
    expect((await assertFileSound(store)).records).toHaveLength(ROWS);
    expect((await store.append(batch(1))).records.every(({ outcome }) => outcome === 'inserted')).toBe(true);
  }, 60_000);

  it('does not know of a batch when the server is killed during the commit, and the same call again finds it', async () => {
    await store.append(batch(0));
    // The commit is on the disk and waits for a standby that never comes.
    await server.query(`ALTER SYSTEM SET synchronous_standby_names = 'nobody'`);
    await server.query('SELECT pg_reload_conf()');
    const appending = store.append(batch(1)).catch((error: unknown) => error);
    await waitForActivity(`wait_event = 'SyncRep'`);
    await server.kill();
    expect(await appending).toEqual(withCode('STORE_FAULT', { retryable: true }));
    await server.restart();
    await server.query('ALTER SYSTEM RESET synchronous_standby_names');
    await server.query('SELECT pg_reload_conf()');
    expect((await assertFileSound(store)).records).toHaveLength(2 * ROWS);
    expect((await store.append(batch(1))).records.every(({ outcome }) => outcome === 'existed')).toBe(true);
  }, 60_000);

  it('has a batch whole when the server is killed after the commit, on a server that by default commits lazily', async () => {
    await server.query('ALTER SYSTEM SET synchronous_commit = off');
    await server.restart();
    await store.close();
    store = await open();
    await store.append(batch(0));
    await server.kill();
    await server.restart();
    await server.query('ALTER SYSTEM RESET synchronous_commit');
    await server.query('SELECT pg_reload_conf()');
    expect((await assertFileSound(store)).records).toHaveLength(ROWS);
  }, 60_000);

  it('refuses a server that may lose what it confirmed, and one that is a standby', async () => {
    const careless = await ScratchPostgres.start(['fsync=off']);
    await expect(openPostgresRecordStore({ connection: careless.main })).rejects.toThrow(
      withCode('STORE_NOT_DURABLE', { retryable: false, message: /fsync/ }),
    );
    await careless.remove();
    await server.restart({ standby: true });
    await store.logHead().catch(() => undefined);
    await expect(store.logHead()).rejects.toThrow(withCode('STORE_FAULT', { message: /standby/ }));
    await server.restart();
    expect(await store.logHead()).toMatchObject({ size: 0 });
  }, 60_000);

  it('answers whoever reads while the writer waits, and gives up a lock that does not come', async () => {
    await store.append(batch(0, 2));
    const impatient = await open({ lockTimeoutMs: 20 });
    const unlock = await server.hold(`SELECT FROM ${schema}.head FOR UPDATE`);
    await expect(impatient.append(batch(1, 2))).rejects.toThrow(
      withCode('STORE_FAULT', { retryable: true, message: /55P03/ }),
    );
    // More calls wait for the writer than the pool has connections.
    const waiting = Array.from({ length: 20 }, (_, n) => store.append(batch(n + 1, 1)));
    await waitForActivity(`wait_event_type = 'Lock'`);
    expect(await store.logHead()).toMatchObject({ size: 3 });
    expect(await store.records({ limit: 10 })).toHaveLength(2);
    expect(await store.personRecords({ period: '2026', recordCode: storeCodes(1), limit: 10 })).toHaveLength(
      1,
    );
    await unlock();
    await Promise.all(waiting);
    await impatient.close();
    expect((await assertFileSound(store)).records).toHaveLength(22);
  });

  it('stops at once, with nothing stored, when the caller gives up while it waits for the writer', async () => {
    const unlock = await server.hold(`SELECT FROM ${schema}.head FOR UPDATE`);
    const controllers = [new AbortController(), new AbortController()];
    const calls = controllers.map(({ signal }, n) =>
      store.append(batch(n), { signal }).catch((error: unknown) => error),
    );
    await waitForActivity(`wait_event_type = 'Lock'`);
    for (const controller of controllers.toReversed()) controller.abort();
    for (const outcome of await Promise.all(calls)) expect(outcome).toEqual(withCode('ABORTED'));
    await unlock();
    expect((await assertFileSound(store)).records).toHaveLength(0);
    await store.append(batch(0));
    expect((await assertFileSound(store)).records).toHaveLength(ROWS);
  });

  it('refuses by itself that anybody changes or removes a row, an entry or a checkpoint, even their owner', async () => {
    await store.append(batch(0, 3));
    await store.append({ at: AT, branches: [newBranch(1, 2)] });
    await store.addCheckpoint({ size: 4, note: 'signed\n' });
    const before = await assertFileSound(store);
    const statements = [
      `UPDATE record SET content = content || ' '`,
      'UPDATE record SET serial = serial + 10',
      'UPDATE record SET request_id = request_id || 1 WHERE branch = 1',
      'DELETE FROM record WHERE branch = 2',
      'TRUNCATE record',
      `UPDATE log_entry SET content = ''`,
      'DELETE FROM log_entry',
      'TRUNCATE log_entry',
      'UPDATE log_hash SET level = 9',
      'DELETE FROM log_checkpoint',
      `UPDATE log_checkpoint SET note = ''`,
      'UPDATE head SET size = size - 1',
      'UPDATE head SET next_serial = 1',
      'DELETE FROM head',
      'DELETE FROM record_period',
      'UPDATE record_period SET least_generation = 0',
    ];
    for (const statement of statements) {
      const refused = server.query(`SET search_path = ${schema}; ${statement}`);
      await expect(refused, statement).rejects.toMatchObject({ code: 'RK001' });
    }
    expect(await assertFileSound(store)).toEqual(before);
  });

  it('takes a key, a name of a request and a length that are wrong from nobody', async () => {
    await store.append(batch(0, 1));
    const row = (changes: string) => `INSERT INTO record SELECT (r).* FROM (
        SELECT jsonb_populate_record(record, '${changes}') AS r FROM record LIMIT 1) AS changed`;
    const statements = [
      ['23505', row('{"request_id": "other"}')],
      ['23505', row('{"serial": 9}')],
      ['23514', row('{"serial": 9, "request_id": "other", "record_code": "\\\\x00"}')],
      ['23514', row('{"serial": 9, "request_id": null}')],
      ['23514', row('{"serial": 0, "request_id": "other"}')],
      ['23505', `INSERT INTO log_entry SELECT * FROM log_entry LIMIT 1`],
      ['23505', `INSERT INTO head SELECT * FROM head`],
    ];
    for (const [code, statement] of statements) {
      const refused = server.query(`SET search_path = ${schema}; ${statement}`);
      await expect(refused, statement).rejects.toMatchObject({ code });
    }
  });

  it('says STORE_CORRUPT, and writes nothing, when rows stand where the head says there are none', async () => {
    await store.append(batch(0, 2));
    await server.query(
      `SET search_path = ${schema}; ALTER TABLE head DISABLE TRIGGER ALL; UPDATE head SET next_serial = 2`,
    );
    const error = await store.append(batch(1, 1)).catch((thrown: unknown) => thrown);
    expect(error).toEqual(withCode('STORE_CORRUPT', { retryable: false }));
    expect(await store.records({ limit: 10 })).toHaveLength(2);
    expect(await store.logHead()).toMatchObject({ size: 3 });
  });

  it('lets the message of the server never through', async () => {
    await server.query(
      `ALTER TABLE ${schema}.record ADD CONSTRAINT geheim CHECK (record_code IS NULL) NOT VALID`,
    );
    const error = await store
      .append({ at: AT, records: [newRecord(1, { content: recordContent({ department: '秘密課' }) })] })
      .catch((thrown: unknown) => thrown);
    expect(error).toEqual(withCode('STORE_FAULT', { message: /^appending: 23514$/ }));
    const shown = inspect(error, { depth: null, showHidden: true }) + JSON.stringify(error);
    expect(shown).not.toContain(Buffer.from(storeCodes(1)).toString('hex'));
    expect(shown).not.toMatch(/geheim|秘密課/);
  });

  it('keeps rows out of the log of the server when a request is on record and when a period is erased', async () => {
    const before = server.log().length;
    await store.append(batch(0, 5));
    await store.append(batch(0, 5));
    await store.erase({ period: '2026', limit: 10, at: AT });
    await server.query('SELECT 1 / 0').catch(() => undefined);
    const logged = server.log().slice(before);
    expect(logged).toContain('division by zero');
    expect(logged).not.toMatch(/\\x[0-9a-f]{8}|duplicate key|児童手当/);
  });

  it('holds no issuance store, and an issuance store holds no record file', async () => {
    await expect(openPostgresStore({ connection: server.main, schema })).rejects.toThrow(
      withCode('STORE_SCHEMA', { message: /holds no issuance store/ }),
    );
    await (await openPostgresStore({ connection: server.main, schema: 'issuances' })).close();
    await expect(open({ schema: 'issuances' })).rejects.toThrow(
      withCode('STORE_SCHEMA', { message: /holds no record file/ }),
    );
  });

  /** Waits until the server has somebody who works for us in a state. */
  async function waitForActivity(condition: string): Promise<void> {
    const sql = `SELECT FROM pg_stat_activity WHERE application_name = 'renkei' AND ${condition}`;
    while ((await server.query(sql)).length === 0) await new Promise((resolve) => setTimeout(resolve, 10));
  }
});
