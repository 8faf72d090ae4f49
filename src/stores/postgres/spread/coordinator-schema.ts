import type { PostgresSettings } from '../options.js';
import { ROTATION_TABLES } from '../rotation-tables.js';
import { SMALL_TABLES } from '../tables.js';
import { DECISION_TABLES } from './decisions.js';

/**
 * The steps that lead to the present schema on the coordinator, as those of a store on one server. The large tables
 * have no rows here: each partition of them is a table of another server. Keys and institutions are here alone.
 *
 * The function inserts packed codes, which come in key order, for one institution, and gives the number of issuances
 * it inserted; it ends where one was there. Table after table, server after server, code after code: this is the one
 * order in which rows are locked, since no server sees a circle that leads over another one.
 */
export const SPREAD_STEPS: readonly ((settings: PostgresSettings, servers: number) => string)[] = [
  ({ schema }, servers) => {
    const numbers = [...Array(servers).keys()];
    return `${SMALL_TABLES}
  CREATE TABLE spread (store uuid NOT NULL, servers integer NOT NULL);

  CREATE TABLE person (
    created_at bigint NOT NULL,
    generation smallint NOT NULL,
    store_code bytea NOT NULL,
    canonical bytea
  ) PARTITION BY HASH (store_code);

  CREATE TABLE issuance (
    issued_at bigint NOT NULL,
    institution_id integer NOT NULL,
    key_version smallint NOT NULL,
    store_code bytea NOT NULL
  ) PARTITION BY HASH (store_code);
${numbers.map((k) => foreignTables(schema, servers, k)).join('')}
${DECISION_TABLES}
  CREATE FUNCTION insert_issuances(
    codes bytea, generation smallint, institution_id integer, key_version smallint, issued_at bigint
  ) RETURNS integer LANGUAGE plpgsql AS $$
  DECLARE
    parts bytea[];
    more integer;
    inserted integer := 0;
  BEGIN
    SELECT ARRAY[${numbers
      .map(
        (k) => `
      string_agg(code, '' ORDER BY i) FILTER (WHERE satisfies_hash_partition('person'::regclass, ${servers}, ${k}, code))`,
      )
      .join(',')}
    ] INTO parts
    FROM (
      SELECT i, substring(codes FROM i * 24 + 1 FOR 24) AS code
      FROM generate_series(0, octet_length(codes) / 24 - 1) AS i
    ) AS given;
${numbers.map(insertIssuances).join('')}${numbers.map(insertPersons).join('')}
    RETURN inserted;
  END $$;
`;
  },
  () => ROTATION_TABLES,
];

/** Name of the foreign server; unlike tables, these are not in a schema. */
export function foreignServer(schema: string, k: number): string {
  return `${schema}_server_${k}`;
}

function foreignTables(schema: string, servers: number, k: number): string {
  const at = (table: string) =>
    `SERVER ${foreignServer(schema, k)} OPTIONS (schema_name '${schema}', table_name '${table}')`;
  const partition = (table: string) => `
  CREATE FOREIGN TABLE ${table}_${k} PARTITION OF ${table}
    FOR VALUES WITH (MODULUS ${servers}, REMAINDER ${k}) ${at(`${table}_${k}`)};`;
  return `
  CREATE FOREIGN TABLE server_${k} (
    store uuid, number integer, servers integer, fsync text, full_page_writes text, synchronous_commit text
  ) ${at('server_state')};
  CREATE FOREIGN TABLE breaches_${k} (invariant text, rows bigint) ${at('breaches')};
  CREATE FOREIGN TABLE whole_${k} (settings text) ${at('whole')};${partition('person')}${partition('issuance')}`;
}

const partOf = (k: number) => `
      FROM generate_series(0, octet_length(parts[${k + 1}]) / 24 - 1) AS i ON CONFLICT DO NOTHING;`;

/** A server that gets nothing is not asked. */
function insertPersons(k: number): string {
  return `
    IF parts[${k + 1}] IS NOT NULL THEN
      INSERT INTO person_${k} (store_code, generation, created_at)
      SELECT substring(parts[${k + 1}] FROM i * 24 + 1 FOR 24), generation, issued_at${partOf(k)}
    END IF;`;
}

function insertIssuances(k: number): string {
  return `
    IF parts[${k + 1}] IS NOT NULL THEN
      INSERT INTO issuance_${k} (store_code, institution_id, key_version, issued_at)
      SELECT substring(parts[${k + 1}] FROM i * 24 + 1 FOR 24), institution_id, key_version, issued_at${partOf(k)}
      GET DIAGNOSTICS more = ROW_COUNT;
      inserted := inserted + more;
      IF more < octet_length(parts[${k + 1}]) / 24 THEN RETURN inserted; END IF;
    END IF;`;
}
