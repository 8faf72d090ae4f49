import { inspect } from 'node:util';
import { linkKey, parseInstitutionCode, storeAudience } from 'renkei';
import { openPostgresStore } from 'renkei/postgres';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ScratchDatabase, ScratchPostgres } from '../../support/postgres.js';
import { seededBytes } from '../../support/seeded-bytes.js';
import { ScratchSpread } from '../../support/spread-postgres.js';
import { withCode } from '../../support/with-code.js';
import {
  batchOf,
  changeOf,
  describeIssuanceStore,
  registerInstitutions,
  storeCode,
  storeCodes,
} from '../contract.js';
import { expectLikeMemory } from '../like-memory.js';

const A = parseInstitutionCode('A1');
const CODE_LENGTH = 24;

describe('the PostgreSQL store spread over three servers', { timeout: 120_000 }, () => {
  let spread: ScratchSpread;
  let schemas = 0;
  beforeAll(async () => {
    spread = await ScratchSpread.start();
  }, 60_000);
  afterAll(() => spread.remove());

  const newSchema = () => `store_${schemas++}`;
  const openAt = (schema: string) => openPostgresStore(spread.options(schema));

  describeIssuanceStore({ newPlace: newSchema, open: openAt, rotatesStoreKey: false });

  it("rotates an institution's key, and refuses to rotate the store key and the generation", async () => {
    await using store = await openAt(newSchema());
    await registerInstitutions(store, A);
    const rotation = { subject: '*', notes: 'persons', parts: 0, plan: '', createdAt: 1_000 } as const;
    const successor = { generation: 1, storeKeyVersion: 2 };
    for (const kind of ['store', 'generation'] as const) {
      await expect(store.beginRotation({ ...rotation, kind, successor })).rejects.toThrow(
        withCode('ROTATION_UNSUPPORTED', { message: /spread/, retryable: false }),
      );
    }
    const institutional = { ...rotation, kind: 'institution', subject: A, notes: [A] } as const;
    expect(await store.beginRotation(institutional)).toBe(1);
    await store.issue(batchOf(A, storeCodes(1)));
    expect(await store.noted(10)).toEqual([{ note: 1, institution: A, storeCode: storeCodes(1) }]);
    await store.settle([1]);
    const move = { id: 1, at: 2_000 };
    expect(await store.moveRotation({ ...move, from: 'running', to: 'verified' })).toBe('inserted');
    expect(await store.moveRotation({ ...move, from: 'verified', to: 'switched' })).toBe('inserted');
    expect(await store.outlook({ epoch: 1 })).toEqual({ epoch: 1, holdUntil: 0 });
    await expect(store.lookUp(A, storeCodes(1), { epoch: 0 })).rejects.toThrow(withCode('KEYS_CHANGED'));
  });

  it('answers as the store in memory does, whatever is asked in whatever order', { timeout: 300_000 }, () =>
    expectLikeMemory(() => openAt(newSchema()), 30, { seed: 20260401, rotatesStoreKey: false }),
  );

  it('has a person and all issuances on one server, people evenly, and none on the coordinator', async () => {
    const schema = newSchema();
    const store = await openAt(schema);
    await registerInstitutions(store, A);
    await store.issue(batchOf(A, seededBytes('people', 600 * CODE_LENGTH)));
    await store.close();
    const parts = await spread.query(
      () => `SELECT (SELECT count(*) FROM ${schema}.person) AS persons,
        (SELECT count(*) FROM ${schema}.person JOIN ${schema}.issuance USING (store_code)) AS together`,
    );
    const persons = parts.map(([part]) => Number(part?.persons));
    expect(persons.reduce((sum, n) => sum + n, 0)).toBe(600);
    for (const n of persons) expect(n).toBeGreaterThan(100);
    for (const [part] of parts) expect(part?.together).toBe(part?.persons);
    const kinds = await spread.coordinator.query(
      `SELECT DISTINCT relkind FROM pg_class WHERE relnamespace = '${schema}'::regnamespace
        AND relname ~ '^(person|issuance)_[0-9]'`,
    );
    expect(kinds).toEqual([{ relkind: 'f' }]);
  });

  it('has servers that refuse a row of another one, and a row that is there, by themselves', async () => {
    const schema = newSchema();
    const store = await openAt(schema);
    await registerInstitutions(store, A);
    await store.issue(batchOf(A, storeCodes(1)));
    await store.close();
    const hex = Buffer.from(storeCode(1)).toString('hex');
    const refusals = await Promise.all(
      spread.servers.map((server) =>
        server
          .query(`INSERT INTO ${schema}.person VALUES (0, 1, '\\x${hex}')`)
          .catch((error: { code: string }) => error.code),
      ),
    );
    expect(refusals.toSorted()).toEqual(['23505', '23514', '23514']);
  });

  it('has the store code in every unique key of the tables that name people', async () => {
    const schema = newSchema();
    await (await openAt(schema)).close();
    const keys = await spread.query(
      () => `SELECT indexdef FROM pg_indexes WHERE schemaname = '${schema}' AND indexdef LIKE '%UNIQUE%'
        AND tablename ~ '^(person|issuance)'`,
    );
    for (const { indexdef } of keys.flat()) expect(indexdef).toMatch(/\(.*\bstore_code\b.*\)/);
    expect(keys.flat()).toHaveLength(12);
  });

  it('asks its servers for the rows that are wanted, never for whole tables, and names no code in a statement', async () => {
    const schema = newSchema();
    const store = await openAt(schema);
    await registerInstitutions(store, A);
    const logAll = (setting: string) => async () => {
      await spread.query(() => `ALTER SYSTEM ${setting}`);
      await spread.query(() => 'SELECT pg_reload_conf()');
    };
    await logAll("SET log_statement = 'all'")();
    const before = spread.servers.map((server) => server.log().length);
    await store.issue(batchOf(A, storeCodes(1, 2, 3)));
    await store.change(changeOf([[1, 11]]));
    await store.issue(batchOf(A, storeCodes(1, 11, 4)));
    await store.lookUp(A, storeCodes(1, 11));
    await store.details(A, storeCodes(1, 11));
    await store.holders(storeCodes(1, 11));
    await store.remove(storeCodes(11));
    await store.persons({ limit: 2 });
    await store.issuances(A, { limit: 2 });
    await store.close();
    await logAll('RESET log_statement')();
    const statements = spread.servers
      .flatMap((server, k) => server.log().slice(before[k]).split('\n'))
      .filter((line) => line.includes(`FROM ${schema}.`));
    expect(statements.length).toBeGreaterThan(30);
    for (const statement of statements) expect(statement).toMatch(/WHERE .*(= ANY \(\$\d|IS NOT NULL|> \$1)/);
    for (const statement of statements) expect(statement).not.toMatch(/x[0-9a-f]{8}/);
  });

  it('names every invariant that is broken on its servers, and how many rows break it', async () => {
    const schema = newSchema();
    const store = await openAt(schema);
    await registerInstitutions(store, A);
    await store.issue(batchOf(A, storeCodes(1, 2, 3)));
    const insert = async (table: string, values: string) => {
      const on = async (k: number) =>
        spread.servers[k]?.query(`INSERT INTO ${schema}.${table}_${k} VALUES (${values})`);
      // The row goes to the server that does not refuse it.
      const outcomes = await Promise.allSettled([on(0), on(1), on(2)]);
      expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    };
    const hex = (n: number) => `'\\x${Buffer.from(storeCode(n)).toString('hex')}'`;
    await insert('person', `0, 1, ${hex(4)}, ${hex(5)}`);
    await insert('person', `0, 1, ${hex(6)}, ${hex(1)}`);
    await insert('issuance', `0, 1, 9, ${hex(7)}`);
    await insert('issuance', `0, 3, 1, ${hex(1)}`);
    await insert('issuance', `0, 1, 1, ${hex(6)}`);
    expect(new Map((await store.check()).map(({ invariant, rows }) => [invariant, rows]))).toEqual(
      new Map([
        ['person-generation-has-key', 5],
        ['alias-leads-to-person', 1],
        ['alias-has-no-issuance', 1],
        ['issuance-has-person', 1],
        ['issuance-has-institution', 1],
        ['issuance-version-has-key', 1],
      ]),
    );
    await store.close();
  });

  it('shows no reader, and no check, a half of a change or of a removal', async () => {
    const schema = newSchema();
    const [store, other] = [await openAt(schema), await openAt(schema)];
    await store.begin([
      { name: linkKey(1), fingerprint: 'a'.repeat(16), registeredAt: 1 },
      { name: storeAudience(1), fingerprint: 'b'.repeat(16), registeredAt: 1 },
    ]);
    await registerInstitutions(store, A);
    const pairs = Array.from({ length: 60 }, (_, n) => [n, n + 100] as const);
    const [own, aliases] = [storeCodes(...pairs.map(([n]) => n)), storeCodes(...pairs.map(([, n]) => n))];
    const seen = new Set<string>();
    let ended = false;
    const look = async () => {
      while (!ended) {
        const { versions, canonical } = await other.lookUp(A, aliases);
        for (const [row, version] of versions.entries()) seen.add(`${canonical.has(row)} ${version}`);
        seen.add(`${canonical.size} of ${pairs.length}`);
      }
    };
    const check = async () => {
      while (!ended) expect(await other.check()).toEqual([]);
    };
    const reading = Promise.all([look(), look(), check()]);
    for (let round = 0; round < 20; round++) {
      await store.issue(batchOf(A, own));
      await store.change(changeOf(pairs));
      await store.remove(own);
    }
    ended = true;
    await reading;
    expect([...seen].sort()).toEqual(['0 of 60', '60 of 60', 'false 0', 'true 1']);
    await Promise.all([store.close(), other.close()]);
  });

  describe('when it is opened', () => {
    it.each([
      ['OPTION_UNKNOWN', { nodes: [] }, /"nodes"/],
      ['OPTION_INVALID', 5, /"spread"/],
      ['OPTION_INVALID', { servers: [] }, /"servers"/],
      ['OPTION_INVALID', { servers: [{}, {}] }, /"host"/],
      ['OPTION_UNKNOWN', { servers: [{ hostname: 'geheim' }, {}] }, /"hostname"/],
    ] as const)('refuses with %s: %j', async (code, given, message) => {
      const opened = openPostgresStore({ connection: spread.coordinator.main, spread: given } as never);
      await expect(opened).rejects.toThrow(withCode(code, { message, retryable: false }));
    });

    it('needs the servers only to be made, and refuses others after that', async () => {
      const schema = newSchema();
      const { spread: given, ...rest } = spread.options(schema);
      await (await openAt(schema)).close();
      const store = await openPostgresStore(rest);
      expect(await store.count()).toMatchObject({ persons: 0 });
      await store.close();
      for (const servers of [given.servers.toReversed(), given.servers.slice(1)]) {
        await expect(openPostgresStore({ ...rest, spread: { servers } })).rejects.toThrow(
          withCode('STORE_SCHEMA', { message: /other servers/ }),
        );
      }
    });

    it('refuses to spread a store that is on one server', async () => {
      const { spread: given, ...rest } = spread.options(newSchema());
      await (await openPostgresStore(rest)).close();
      await expect(openPostgresStore({ ...rest, spread: given })).rejects.toThrow(withCode('STORE_SCHEMA'));
    });

    it('makes one store, however many open it at once', async () => {
      const schema = newSchema();
      const stores = await Promise.all([openAt(schema), openAt(schema), openAt(schema)]);
      for (const store of stores) await store.close();
      expect(await spread.coordinator.query(`SELECT servers FROM ${schema}.spread`)).toEqual([
        { servers: 3 },
      ]);
    });

    it('takes servers that an earlier try has prepared, and refuses those that hold another store', async () => {
      const schema = newSchema();
      const options = spread.options(schema);
      const [first, second] = options.spread.servers;
      const wrong = { ...second, password: 'geheim' };
      const error = await openPostgresStore({
        ...options,
        spread: { servers: [first, wrong] },
      } as never).catch((thrown: unknown) => thrown);
      expect(error).toEqual(withCode('STORE_FAULT', { message: /server 1: 28P01$/ }));
      expect(inspect(error, { depth: null, showHidden: true })).not.toContain('geheim');
      const two = { ...options, spread: { servers: [first, second] } } as never;
      const store = await openPostgresStore(two);
      await registerInstitutions(store, A);
      await store.issue(batchOf(A, storeCodes(1, 2, 3, 4)));
      await store.close();
      await spread.coordinator.query(`DROP SCHEMA ${schema} CASCADE`);
      await spread.coordinator.query(
        `DROP SERVER ${schema}_server_0 CASCADE; DROP SERVER ${schema}_server_1 CASCADE`,
      );
      await expect(openPostgresStore(two)).rejects.toThrow(
        withCode('STORE_SCHEMA', { message: /server 0 is in use/ }),
      );
    });

    it('needs no superuser, once there is the extension', async () => {
      const [user, password] = ['clerk', 'a password'];
      const role = `CREATE ROLE ${user} LOGIN PASSWORD '${password}'`;
      const places = await Promise.all(
        [spread.coordinator, ...spread.servers].map(async (server) => {
          const place = await server.newDatabase();
          await server.query(`${role}; GRANT CREATE ON DATABASE ${place.database} TO ${user}`, place);
          return { ...place, user, password };
        }),
      );
      const [connection, ...servers] = places as [ScratchDatabase, ...ScratchDatabase[]];
      const options = { connection, spread: { servers } };
      await expect(openPostgresStore(options)).rejects.toThrow(
        withCode('STORE_FAULT', { message: /^preparing the schema: 42501$/ }),
      );
      await spread.coordinator.query(
        `CREATE EXTENSION postgres_fdw; GRANT USAGE ON FOREIGN DATA WRAPPER postgres_fdw TO ${user}`,
        { ...spread.coordinator.main, database: connection.database },
      );
      const store = await openPostgresStore(options);
      await registerInstitutions(store, A);
      await store.issue(batchOf(A, storeCodes(1, 2, 3)));
      await store.change(changeOf([[1, 4]]));
      expect(await store.count()).toMatchObject({ persons: 3, aliases: 1, issuances: 3 });
      await store.close();
    });

    it('refuses when two servers were exchanged, by which a person could be known twice', async () => {
      const schema = newSchema();
      const { spread: _, ...rest } = spread.options(schema);
      const server = spread.servers[0] as ScratchPostgres;
      const servers = [await server.newDatabase(), await server.newDatabase()];
      await (await openPostgresStore({ ...rest, spread: { servers } })).close();
      for (const [k, { database }] of servers.toReversed().entries()) {
        await spread.coordinator.query(
          `ALTER SERVER ${schema}_server_${k} OPTIONS (SET dbname '${database}')`,
        );
      }
      await expect(openPostgresStore(rest)).rejects.toThrow(withCode('STORE_SCHEMA', { message: /part 0/ }));
    });

    it('refuses a server that may lose what it confirmed', async () => {
      const careless = await ScratchPostgres.start(['fsync=off']);
      try {
        const options = spread.options(newSchema());
        const servers = [options.spread.servers[0], careless.main];
        await expect(openPostgresStore({ ...options, spread: { servers } } as never)).rejects.toThrow(
          withCode('STORE_NOT_DURABLE', { message: /server 1 .*fsync/, retryable: false }),
        );
      } finally {
        await careless.remove();
      }
    });

    it('writes no password into the log of a server', () => {
      const log = spread.log();
      for (const server of spread.servers) expect(log).not.toContain(server.main.password);
    });
  });
});
