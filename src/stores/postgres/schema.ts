import { RenkeiError } from '../../errors/renkei-error.js';
import type { Connections } from './connections.js';
import type { PostgresSettings } from './options.js';
import { type Statement, type Transaction, transact } from './transaction.js';

/**
 * The steps that lead to the present schema, each run once. Version n is what the first n of them make; a step that
 * was released is never changed.
 *
 * Every row that names a person does so by the store code, 24 bytes. Columns stand in the order that leaves no gaps
 * for alignment. Every unique key of the two large tables holds the store code, by which they are partitioned.
 *
 * The function inserts packed codes, which come in key order, for one institution; 0 when one of them is there. A plain
 * insertion takes half as long as one that asks for every row whether it is there (ON CONFLICT), and stops at the
 * first that is. Caught in here, such a stop is not written into the server's log, which would quote the code.
 */
const STEPS: readonly ((partitions: number) => string)[] = [
  (partitions) => `
  CREATE TABLE key (
    name text COLLATE "C" NOT NULL PRIMARY KEY,
    fingerprint text COLLATE "C" NOT NULL UNIQUE CHECK (length(fingerprint) = 16),
    registered_at bigint NOT NULL
  );

  CREATE TABLE institution (
    id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    code text COLLATE "C" NOT NULL UNIQUE
  );

  CREATE TABLE person (
    created_at bigint NOT NULL,
    generation smallint NOT NULL CHECK (generation BETWEEN 1 AND 255),
    store_code bytea NOT NULL PRIMARY KEY CHECK (octet_length(store_code) = 24),
    canonical bytea CHECK (octet_length(canonical) = 24)
  ) PARTITION BY HASH (store_code);

  CREATE INDEX person_alias ON person (store_code, canonical) WHERE canonical IS NOT NULL;
  CREATE INDEX person_canonical ON person (canonical) WHERE canonical IS NOT NULL;

  CREATE TABLE issuance (
    issued_at bigint NOT NULL,
    institution_id integer NOT NULL,
    key_version smallint NOT NULL CHECK (key_version BETWEEN 1 AND 255),
    store_code bytea NOT NULL CHECK (octet_length(store_code) = 24),
    PRIMARY KEY (institution_id, store_code)
  ) PARTITION BY HASH (store_code);
${partitionsOf('person', partitions)}${partitionsOf('issuance', partitions)}
  CREATE FUNCTION insert_issuances(
    codes bytea, generation smallint, institution_id integer, key_version smallint, issued_at bigint
  ) RETURNS integer LANGUAGE plpgsql AS $$
  DECLARE
    inserted integer;
  BEGIN
    INSERT INTO issuance (store_code, institution_id, key_version, issued_at)
    SELECT substring(codes FROM i * 24 + 1 FOR 24), institution_id, key_version, issued_at
    FROM generate_series(0, octet_length(codes) / 24 - 1) AS i;
    GET DIAGNOSTICS inserted = ROW_COUNT;
    BEGIN
      INSERT INTO person (store_code, generation, created_at)
      SELECT substring(codes FROM i * 24 + 1 FOR 24), generation, issued_at
      FROM generate_series(0, octet_length(codes) / 24 - 1) AS i;
    EXCEPTION WHEN unique_violation THEN
      INSERT INTO person (store_code, generation, created_at)
      SELECT substring(codes FROM i * 24 + 1 FOR 24), generation, issued_at
      FROM generate_series(0, octet_length(codes) / 24 - 1) AS i
      ON CONFLICT DO NOTHING;
    END;
    RETURN inserted;
  EXCEPTION WHEN unique_violation THEN
    RETURN 0;
  END $$;
`,
];

function partitionsOf(table: string, partitions: number): string {
  return Array.from(
    { length: partitions },
    (_, k) => `
  CREATE TABLE ${table}_${k} PARTITION OF ${table} FOR VALUES WITH (MODULUS ${partitions}, REMAINDER ${k});`,
  ).join('');
}

const FIND_SCHEMA: Statement = {
  name: 'find-schema',
  text: `SELECT to_regnamespace($1) IS NOT NULL AS present, to_regclass($1 || '.migration') IS NOT NULL AS begun,
    EXISTS (SELECT FROM pg_class WHERE relnamespace = to_regnamespace($1)) AS occupied`,
};
const READ_VERSION: Statement = {
  name: 'read-version',
  text: 'SELECT coalesce(max(version), 0) AS version FROM migration',
};
const WRITE_VERSION: Statement = {
  name: 'write-version',
  text: 'INSERT INTO migration VALUES ($1::integer, $2::bigint)',
};

/**
 * Makes the tables if that is wanted, or brings those of an earlier release up to date: in one transaction, once, however many processes
 * open the store.
 *
 * @throws RenkeiError `STORE_SCHEMA`
 */
export async function prepareSchema(connections: Connections, settings: PostgresSettings): Promise<void> {
  await transact(connections, { kind: 'schema', during: 'preparing the schema' }, async (transaction) => {
    const version = await versionOf(transaction, settings);
    if (version > STEPS.length) {
      throw new RenkeiError(
        'STORE_SCHEMA',
        `the store has schema ${version}; this version knows ${STEPS.length}`,
      );
    }
    for (const [k, step] of STEPS.entries()) {
      if (k < version) continue;
      await transaction.run(step(settings.partitions));
      await transaction.write(WRITE_VERSION, k + 1, Date.now());
    }
  });
}

/** Version of the schema; 0 where there is none yet and one may be made, and then there is a table for it. */
async function versionOf(transaction: Transaction, { schema, create }: PostgresSettings): Promise<number> {
  interface Found {
    readonly present: boolean;
    readonly begun: boolean;
    readonly occupied: boolean;
  }
  const { present, begun, occupied } = await transaction.row<Found>(FIND_SCHEMA, schema);
  if (begun) return (await transaction.row<{ version: number }>(READ_VERSION)).version;
  if (occupied) {
    throw new RenkeiError('STORE_SCHEMA', `the schema ${schema} is in use and holds no issuance store`);
  }
  if (!create) {
    throw new RenkeiError('STORE_SCHEMA', 'there is no issuance store, and none is to be made');
  }
  if (!present) await transaction.run(`CREATE SCHEMA ${schema}`);
  await transaction.run('CREATE TABLE migration (version integer PRIMARY KEY, applied_at bigint NOT NULL)');
  return 0;
}
