import { readFileSync } from 'node:fs';
import { inspect } from 'node:util';
import { openPostgresRecordStore } from 'renkei/postgres';
import { newBranch, newRecord, storeCodes } from 'renkei/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sectionUnder, tableRows } from '../docs/markdown.js';
import { ScratchPostgres, tablesOf } from '../support/postgres.js';
import { assertFileSound } from '../support/record-file.js';
import { seededBytes } from '../support/seeded-bytes.js';
import { withCode } from '../support/with-code.js';
import { describeRecordStore } from './contract.js';
import { expectLargeBatchesLikeMemory, expectRecordsLikeMemory } from './records-like-memory.js';

const AT = Date.UTC(2026, 3, 1);

describe('the PostgreSQL record store', () => {
  let server: ScratchPostgres;
  let schemas = 0;
  beforeAll(async () => {
    server = await ScratchPostgres.start();
  });
  afterAll(() => server.remove());

  const newSchema = () => `records_${schemas++}`;
  const openAt = (schema: string) =>
    openPostgresRecordStore({ connection: server.main, schema, poolSize: 4 });

  describeRecordStore({ newPlace: newSchema, open: openAt });

  it(
    'answers as the store in memory does, and keeps the same bytes, whatever is asked in whatever order',
    { timeout: 300_000 },
    () => expectRecordsLikeMemory(() => openAt(newSchema()), 40),
  );

  it('keeps the same bytes of batches that take several statements, pages and log entries', {
    timeout: 120_000,
  }, async () => {
    await using store = await openAt(newSchema());
    await expectLargeBatchesLikeMemory(store);
  });

  it('shows nothing of its content or its connection', async () => {
    const store = await openAt(newSchema());
    for (const text of [
      String(store),
      JSON.stringify(store),
      inspect(store, { showHidden: true, depth: null }),
    ]) {
      expect(text.replaceAll('"', '')).toBe('[PostgresRecordStore: redacted]');
    }
    await store.close();
  });

  describe('when it is opened', () => {
    it.each([
      ['OPTION_UNKNOWN', { partitions: 8 }, /"partitions"/],
      ['OPTION_UNKNOWN', { spread: {} }, /"spread"/],
      ['OPTION_INVALID', { connection: undefined }, /"connection"/],
      ['OPTION_INVALID', { schema: 'a"; DROP SCHEMA public' }, /"schema"/],
      ['OPTION_INVALID', { poolSize: 0 }, /"poolSize"/],
      ['OPTION_INVALID', { lockTimeoutMs: 9 }, /"lockTimeoutMs"/],
      [
        'OPTION_INVALID',
        { connection: { connectionString: 'postgresql://a:geheim@[::/b' } },
        /openPostgresRecordStore: option "connectionString"/,
      ],
    ] as const)('refuses with %s: %j', async (code, options, message) => {
      const opened = openPostgresRecordStore({ connection: server.main, ...options } as never);
      const error = await opened.catch((thrown: unknown) => thrown);
      expect(error).toEqual(withCode(code, { message, retryable: false }));
      expect(inspect(error, { depth: null, showHidden: true })).not.toContain('geheim');
    });

    it('with create: false makes nothing where there is no file, and opens one that is there', async () => {
      const [absent, made] = [newSchema(), newSchema()];
      const open = (schema: string) =>
        openPostgresRecordStore({ connection: server.main, schema, create: false, poolSize: 1 });
      await expect(open(absent)).rejects.toThrow(withCode('STORE_SCHEMA', { retryable: false }));
      expect(await server.query(`SELECT to_regnamespace('${absent}') AS made`)).toEqual([{ made: null }]);
      await (await openAt(made)).close();
      await using store = await open(made);
      await store.append({ at: AT, records: [newRecord(1)] });
      expect(await store.records({ limit: 10 })).toHaveLength(1);
    });

    it('makes one file, however many open it at once', async () => {
      const schema = newSchema();
      const stores = await Promise.all(Array.from({ length: 4 }, () => openAt(schema)));
      await Promise.all(stores.map((store, n) => store.append({ at: AT, records: [newRecord(n)] })));
      expect(await stores[0]?.logHead()).toMatchObject({ size: 4 });
      for (const store of stores) await store.close();
    });

    it('refuses a file of a later release, and a database that keeps texts in another encoding', async () => {
      const schema = newSchema();
      await (await openAt(schema)).close();
      await server.query(`INSERT INTO ${schema}.record_migration VALUES (99, 0)`);
      await expect(openAt(schema)).rejects.toThrow(withCode('STORE_SCHEMA', { message: /schema 99/ }));
      await server.query(
        `CREATE DATABASE latin ENCODING 'LATIN1' TEMPLATE template0 LOCALE_PROVIDER libc LOCALE 'C'`,
      );
      await expect(
        openPostgresRecordStore({ connection: { ...server.main, database: 'latin' } }),
      ).rejects.toThrow(withCode('STORE_SCHEMA', { message: /UTF8/ }));
    });
  });

  describe('as docs/stores/postgresql-records.md has it', () => {
    const page = readFileSync(new URL('../../docs/stores/postgresql-records.md', import.meta.url), 'utf8');
    const [tablesShown = '', privileges = ''] = [...page.matchAll(/```sql\n([\s\S]*?)```/g)].map(
      ([, sql = '']) => sql,
    );

    it('has the tables that the page shows', async () => {
      const [made, told] = [newSchema(), newSchema()];
      await (await openAt(made)).close();
      await server.query(`CREATE SCHEMA ${told}; SET search_path = ${told}; ${tablesShown}`);
      const expected = await tablesOf(server, told);
      expect(expected.length).toBeGreaterThan(20);
      expect(await tablesOf(server, made)).toEqual(expected);
    });

    it('needs for daily work no more privileges than the page gives, and with these erases and re-keys nothing', async () => {
      const schema = newSchema();
      await (await openAt(schema)).close();
      await server.query(
        `CREATE ROLE mediator LOGIN PASSWORD 'daily'; ${privileges.replaceAll('renkei_records', schema)}`,
      );
      const connection = { ...server.main, user: 'mediator', password: 'daily' };
      await using store = await openPostgresRecordStore({ connection, schema, create: false });
      await store.append({ at: AT, records: [newRecord(1)] });
      await store.append({ at: AT, branches: [newBranch(1, 2)], drafts: [{ event: 'test.drafted' }] });
      expect(await store.addCheckpoint({ size: 3, note: 'signed\n' })).toBe('inserted');
      const refused = withCode('STORE_FAULT', { message: /42501/ });
      const period = '2026';
      await expect(store.erase({ period, limit: 1, at: AT })).rejects.toThrow(refused);
      await expect(store.settleGeneration(period, 2, AT)).rejects.toThrow(refused);
      const codes = { oldCodes: storeCodes(1), newCodes: storeCodes(2) };
      await expect(store.rekey({ ...codes, period, generation: 1, at: AT })).rejects.toThrow(refused);
      expect((await assertFileSound(store)).records).toHaveLength(2);
    });

    it('is as large as the page says', async () => {
      const schema = newSchema();
      await using store = await openAt(schema);
      const [rows, batchRows] = [40_000, 10_000];
      const codes = seededBytes('record codes', rows * 24);
      for (let first = 0; first < rows; first += batchRows) {
        const records = Array.from({ length: batchRows }, (_, k) =>
          newRecord(0, {
            requestId: `request-${first + k}`,
            recordCode: codes.subarray((first + k) * 24, (first + k + 1) * 24),
          }),
        );
        await store.append({ at: AT + first, records });
      }
      const told = tableRows(sectionUnder(page, '## How large is it?'));
      expect(told.map(([table]) => table)).toEqual(['`record`', '`log_entry`']);
      for (const [name = '', ...cells] of told) {
        const [{ heap, indexes } = { heap: 0, indexes: 0 }] = (await server.query(
          `SELECT pg_relation_size(oid)::float8 AS heap, pg_indexes_size(oid)::float8 AS indexes
          FROM pg_class WHERE oid = '${schema}.${name.replaceAll('`', '')}'::regclass`,
        )) as { heap: number; indexes: number }[];
        [heap, indexes, heap + indexes].forEach((bytes, column) => {
          expect(Math.abs(bytes / rows / Number(cells[column]) - 1)).toBeLessThan(0.05);
        });
      }
    }, 120_000);
  });
});
