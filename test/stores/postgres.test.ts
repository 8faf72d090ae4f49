import { readFileSync } from 'node:fs';
import { inspect } from 'node:util';
import { institutionAudience, MAX_BATCH_ROWS, parseInstitutionCode } from 'renkei';
import { openPostgresStore } from 'renkei/postgres';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sectionUnder, tableRows } from '../docs/markdown.js';
import { ScratchPostgres, tablesOf } from '../support/postgres.js';
import { seededBytes } from '../support/seeded-bytes.js';
import { withCode } from '../support/with-code.js';
import {
  batchOf,
  changeOf,
  describeIssuanceStore,
  registerInstitutions,
  storeCode,
  storeCodes,
} from './contract.js';
import { expectLikeMemory } from './like-memory.js';

const A = parseInstitutionCode('A1');

describe('the PostgreSQL store', () => {
  let server: ScratchPostgres;
  let schemas = 0;
  beforeAll(async () => {
    server = await ScratchPostgres.start();
  });
  afterAll(() => server.remove());

  const newSchema = () => `store_${schemas++}`;
  const openAt = (schema: string) =>
    openPostgresStore({ connection: server.main, schema, partitions: 3, poolSize: 4 });

  describeIssuanceStore({ newPlace: newSchema, open: openAt });

  it(
    'answers as the store in memory does, whatever is asked in whatever order',
    {
      timeout: 300_000,
    },
    () => expectLikeMemory(() => openAt(newSchema()), 60),
  );

  it('holds of a person nothing but store codes, a generation, a version and two dates', async () => {
    const schema = newSchema();
    const store = await openAt(schema);
    await registerInstitutions(store, A);
    await store.issue(batchOf(A, storeCodes(1), { generation: 4, keyVersion: 5, issuedAt: 6_000 }));
    await store.change(changeOf([[1, 2]], { generation: 4, changedAt: 7_000 }));
    await store.close();
    const [own, alias] = [Buffer.from(storeCode(1)), Buffer.from(storeCode(2))];
    expect(await server.query(`SELECT * FROM ${schema}.person ORDER BY created_at`)).toEqual([
      { store_code: own, generation: 4, created_at: '6000', canonical: null },
      { store_code: alias, generation: 4, created_at: '7000', canonical: own },
    ]);
    expect(await server.query(`SELECT * FROM ${schema}.issuance`)).toEqual([
      { institution_id: 1, store_code: own, key_version: 5, issued_at: '6000' },
    ]);
  });

  it('spreads people evenly over as many partitions as were wanted when it was made', async () => {
    const schema = newSchema();
    for (const partitions of [5, 2]) {
      const store = await openPostgresStore({ connection: server.main, schema, partitions });
      await registerInstitutions(store, A);
      await store.issue(batchOf(A, storeCodes(...Array.from({ length: 500 }, (_, k) => k))));
      await store.close();
    }
    const rows = await server.query(`SELECT tableoid, count(*) FROM ${schema}.person GROUP BY tableoid`);
    expect(rows).toHaveLength(5);
    for (const { count } of rows) expect(Number(count)).toBeGreaterThan(50);
  });

  it('has the store code in every unique key of the tables that name people', async () => {
    const schema = newSchema();
    await (await openAt(schema)).close();
    const keys = await server.query(`
      SELECT indexdef FROM pg_indexes WHERE schemaname = '${schema}' AND indexdef LIKE '%UNIQUE%'
        AND tablename ~ '^(person|issuance)'`);
    expect(keys).toHaveLength(8);
    for (const { indexdef } of keys) expect(indexdef).toMatch(/\(.*\bstore_code\b.*\)/);
  });

  it('shows nothing of its content or its connection', async () => {
    const store = await openAt(newSchema());
    for (const text of [
      String(store),
      JSON.stringify(store),
      inspect(store, { showHidden: true, depth: null }),
    ]) {
      expect(text.replaceAll('"', '')).toBe('[PostgresStore: redacted]');
    }
    await store.close();
  });

  describe('when it is opened', () => {
    it.each([
      ['OPTION_UNKNOWN', { timeout: 5 }, /"timeout"/],
      ['OPTION_INVALID', { connection: undefined }, /"connection"/],
      ['OPTION_INVALID', { schema: 'Renkei' }, /"schema"/],
      ['OPTION_INVALID', { schema: 'a"; DROP SCHEMA public' }, /"schema"/],
      ['OPTION_INVALID', { schema: 'pg_renkei' }, /"schema"/],
      ['OPTION_INVALID', { create: 1 }, /"create"/],
      ['OPTION_INVALID', { partitions: 0 }, /"partitions"/],
      ['OPTION_INVALID', { partitions: 257 }, /"partitions"/],
      ['OPTION_INVALID', { poolSize: 0 }, /"poolSize"/],
      ['OPTION_INVALID', { statementTimeoutMs: 99 }, /"statementTimeoutMs"/],
      ['OPTION_INVALID', { lockTimeoutMs: 9 }, /"lockTimeoutMs"/],
      ['OPTION_INVALID', { connectTimeoutMs: 9 }, /"connectTimeoutMs"/],
      ['OPTION_UNKNOWN', { connection: { hostname: 'x' } }, /"hostname"/],
      ['OPTION_INVALID', { connection: { port: 65_536 } }, /"port"/],
      ['OPTION_INVALID', { connection: { password: 5 } }, /"password"/],
      [
        'OPTION_INVALID',
        { connection: { connectionString: 'postgresql://a:geheim@[::/b' } },
        /"connectionString"/,
      ],
    ] as const)('refuses with %s: %j', async (code, options, message) => {
      const opened = openPostgresStore({ connection: server.main, ...options } as never);
      const error = await opened.catch((thrown: unknown) => thrown);
      expect(error).toEqual(withCode(code, { message, retryable: false }));
      expect(inspect(error, { depth: null, showHidden: true })).not.toContain('geheim');
    });

    it('with create: false refuses where there is no store, makes nothing, and opens one that is there', async () => {
      const [absent, empty, made] = [newSchema(), newSchema(), newSchema()];
      await server.query(`CREATE SCHEMA ${empty}`);
      const open = (schema: string) => openPostgresStore({ connection: server.main, schema, create: false });
      for (const schema of [absent, empty]) {
        await expect(open(schema)).rejects.toThrow(withCode('STORE_SCHEMA', { retryable: false }));
      }
      const left = await server.query(
        `SELECT nspname, (SELECT count(*)::integer FROM pg_class WHERE relnamespace = pg_namespace.oid) AS tables
        FROM pg_namespace WHERE nspname IN ('${absent}', '${empty}')`,
      );
      expect(left).toEqual([{ nspname: empty, tables: 0 }]);
      await (await openAt(made)).close();
      await using store = await open(made);
      expect(await store.check()).toEqual([]);
    });

    it('takes the default of every option that is given as undefined', async () => {
      const schema = newSchema();
      const left = [
        'create',
        'partitions',
        'poolSize',
        'statementTimeoutMs',
        'lockTimeoutMs',
        'connectTimeoutMs',
      ];
      const options = Object.fromEntries(left.map((name) => [name, undefined]));
      await using store = await openPostgresStore({ connection: server.main, schema, ...options });
      await registerInstitutions(store, A);
      await store.issue(batchOf(A, storeCodes(1, 2, 3)));
      expect(await store.count()).toMatchObject({ persons: 3, issuances: 3 });
    });

    it('takes a connection string, and a function that gives the password', async () => {
      const { host, port, user, password, database } = server.main;
      const connectionString = `postgresql://${user}:${password}@${host}:${port}/${database}`;
      const schema = newSchema();
      for (const connection of [{ connectionString }, { ...server.main, password: async () => password }]) {
        const store = await openPostgresStore({ connection, schema });
        expect(await store.count()).toMatchObject({ persons: 0 });
        await store.close();
      }
    });

    it('tells nothing of the password when it is wrong, or of where nobody listens', async () => {
      const connections = [
        { connection: { ...server.main, password: 'geheim' }, code: /28P01/ },
        { connection: { ...server.main, port: 1, password: 'geheim' }, code: /ECONNREFUSED/ },
      ];
      for (const { connection, code: message } of connections) {
        const error = await openPostgresStore({ connection }).catch((thrown: unknown) => thrown);
        expect(error).toEqual(withCode('STORE_FAULT', { message, retryable: true }));
        const shown = inspect(error, { depth: null, showHidden: true }) + JSON.stringify(error);
        expect(shown).not.toMatch(/geheim|127\.0\.0\.1/);
      }
    });

    it('makes one schema, however many open it at once', async () => {
      const schema = newSchema();
      const stores = await Promise.all(Array.from({ length: 6 }, () => openAt(schema)));
      for (const store of stores) await store.close();
      expect(await server.query(`SELECT version FROM ${schema}.migration ORDER BY version`)).toEqual([
        { version: 1 },
        { version: 2 },
      ]);
    });

    it('refuses a schema of a later release, and one that is not an issuance store, and changes neither', async () => {
      const [later, foreign] = [newSchema(), newSchema()];
      await (await openAt(later)).close();
      await server.query(`INSERT INTO ${later}.migration VALUES (3, 0)`);
      await server.query(`CREATE SCHEMA ${foreign}`);
      await server.query(`CREATE TABLE ${foreign}.theirs (x integer)`);
      for (const schema of [later, foreign]) {
        await expect(openAt(schema)).rejects.toThrow(withCode('STORE_SCHEMA', { retryable: false }));
      }
      const tables = await server.query(
        `SELECT relname FROM pg_class WHERE relnamespace = '${foreign}'::regnamespace`,
      );
      expect(tables).toEqual([{ relname: 'theirs' }]);
    });
  });

  it('keeps everything over pg_dump and pg_restore, and the dump holds store codes only', async () => {
    const [from, to] = [await server.newDatabase(), await server.newDatabase()];
    const store = await openPostgresStore({ connection: from });
    await registerInstitutions(store, A);
    await store.issue(batchOf(A, storeCodes(1, 2, 3)));
    await store.change(changeOf([[1, 4]]));
    const content = async (opened: typeof store) => [
      await opened.listKeys(),
      await opened.count(),
      await opened.persons({ limit: 10 }),
      await opened.issuances(A, { limit: 10 }),
      await opened.details(A, storeCodes(1, 2, 3, 4)),
    ];
    const before = await content(store);
    await store.close();

    const dump = server.run('pg_dump', from, '--format=custom', '--compress=0');
    server.load('pg_restore', to, dump, `--dbname=${to.database}`, '--exit-on-error');
    const restored = await openPostgresStore({ connection: to });
    expect(await content(restored)).toEqual(before);
    expect(await restored.lookUp(A, storeCodes(4))).toEqual({
      versions: Uint8Array.of(1),
      canonical: new Map([[0, storeCode(1)]]),
      aliases: new Set([0]),
    });
    await restored.close();

    const known = new Set([1, 2, 3, 4].map((n) => Buffer.from(storeCode(n)).toString('hex')));
    const found = dump.toString('latin1').match(/\\x[0-9a-f]{32,}/g) ?? [];
    expect(new Set(found.map((text) => text.slice(2)))).toEqual(known);
  });

  it('checks the indexes where the extension amcheck is there', async () => {
    const database = await server.newDatabase();
    await server.query('CREATE EXTENSION amcheck', database);
    const store = await openPostgresStore({ connection: database, partitions: 2 });
    await registerInstitutions(store, A);
    await store.issue(batchOf(A, storeCodes(1, 2, 3, 4, 5, 6)));
    expect((await store.check()).map(({ invariant }) => invariant)).not.toContain('storage-intact');
    // A row of the table that its index does not know: PostgreSQL itself never makes one.
    await server.query(
      `UPDATE pg_index SET indisready = false WHERE indexrelid = 'renkei.person_0_pkey'::regclass`,
      database,
    );
    await server.query(
      `INSERT INTO renkei.person_0 SELECT 0, 1, code, NULL FROM
        (SELECT substring(sha256(i::text::bytea) FROM 1 FOR 24) AS code FROM generate_series(1, 20) AS i) AS made
        WHERE satisfies_hash_partition('renkei.person'::regclass, 2, 0, code)`,
      database,
    );
    await server.query(
      `UPDATE pg_index SET indisready = true WHERE indexrelid = 'renkei.person_0_pkey'::regclass`,
      database,
    );
    const finding = { invariant: 'storage-intact', rows: 1, detail: 'index person_0_pkey' };
    expect(await store.check()).toContainEqual(finding);
    await store.close();
  });

  describe('as docs/stores/postgresql.md has it', () => {
    const page = readFileSync(new URL('../../docs/stores/postgresql.md', import.meta.url), 'utf8');

    it('has the tables that the page shows', async () => {
      const [, shown = ''] = /```sql\n([\s\S]*?)```/.exec(page) ?? [];
      const [made, told] = [newSchema(), newSchema()];
      await (await openAt(made)).close();
      await server.query(`CREATE SCHEMA ${told}; SET search_path = ${told}; ${shown}`);
      const expected = await tablesOf(server, told);
      expect(expected.length).toBeGreaterThan(10);
      expect(await tablesOf(server, made)).toEqual(expected);
    });

    it('is as large as the page says', async () => {
      const schema = newSchema();
      const store = await openPostgresStore({ connection: server.main, schema });
      await registerInstitutions(store, A);
      const rows = 400_000;
      for (let first = 0; first < rows; first += MAX_BATCH_ROWS) {
        const codes = seededBytes(`batch ${first}`, MAX_BATCH_ROWS * 24);
        const view = new DataView(codes.buffer);
        for (let k = 0; k < MAX_BATCH_ROWS; k++) view.setUint32(k * 24, (first + k) * 10_000);
        await store.issue(batchOf(A, codes));
      }
      await store.close();
      const told = tableRows(sectionUnder(page, '## How large is it?'));
      const sizes = await server.query(`
        SELECT parent.relname AS name, sum(pg_relation_size(inhrelid))::float8 AS tables,
          sum(pg_indexes_size(inhrelid))::float8 AS indexes
        FROM pg_inherits JOIN pg_class AS parent ON parent.oid = inhparent
        WHERE relnamespace = '${schema}'::regnamespace AND relkind = 'p'
        GROUP BY 1 ORDER BY 1 DESC`);
      expect(told.length).toBe(sizes.length);
      told.forEach(([, ...cells], k) => {
        const { tables, indexes } = sizes[k] as { tables: number; indexes: number };
        [tables, indexes, tables + indexes].forEach((bytes, column) => {
          // A few partly filled pages weigh more in a small store than in a large one.
          expect(Math.abs(bytes / rows / Number(cells[column]) - 1)).toBeLessThan(0.05);
        });
      });
    });
  });

  it('names every invariant that is broken, and how many rows break it', async () => {
    const schema = newSchema();
    const store = await openAt(schema);
    await store.registerKey({
      name: institutionAudience(A, 1),
      fingerprint: 'a'.repeat(16),
      registeredAt: 1_000,
    });
    await store.issue(batchOf(A, storeCodes(1, 2, 3)));
    const hex = (n: number) => `'\\x${Buffer.from(storeCode(n)).toString('hex')}'`;
    for (const sql of [
      `INSERT INTO ${schema}.key (name, fingerprint, registered_at, state) VALUES
        ('store/01', 'bbbbbbbbbbbbbbbb', 0, 'active'), ('institution/A1/2', 'cccccccccccccccc', 0, 'active')`,
      `INSERT INTO ${schema}.succession VALUES (${hex(1)}, ${hex(11)}), (${hex(12)}, ${hex(13)})`,
      `INSERT INTO ${schema}.institution (code) VALUES ('Nobody')`,
      `INSERT INTO ${schema}.person VALUES (0, 1, ${hex(4)}, ${hex(5)}), (0, 1, ${hex(6)}, ${hex(1)})`,
      `INSERT INTO ${schema}.issuance VALUES (0, 1, 9, ${hex(7)}), (0, 3, 1, ${hex(1)}), (0, 1, 1, ${hex(6)})`,
    ]) {
      await server.query(sql);
    }
    expect(new Map((await store.check()).map(({ invariant, rows }) => [invariant, rows]))).toEqual(
      new Map([
        ['key-name-valid', 1],
        ['institution-has-key', 1],
        ['person-generation-has-key', 5],
        ['alias-leads-to-person', 1],
        ['alias-has-no-issuance', 1],
        ['issuance-has-person', 1],
        ['issuance-has-institution', 1],
        ['issuance-version-has-key', 1],
        ['succession-leads-from-person', 1],
        ['audience-has-one-active-key', 1],
      ]),
    );
    await store.close();
  });
});
