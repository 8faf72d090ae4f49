import type { Connections } from './connections.js';
import type { Layout } from './layouts/layout.js';
import { ONE_SERVER } from './layouts/one-server.js';
import type { PostgresSettings, PostgresSpread } from './options.js';
import { ROTATION_TABLES } from './rotation-tables.js';
import { bringUpToDate, type SchemaName, versionOf } from './schema-versions.js';
import { SPREAD_STEPS } from './spread/coordinator-schema.js';
import { spreadLayout } from './spread/layout.js';
import { checkPlaces, makeServers, recordSpread } from './spread/servers.js';
import { LARGE_TABLES, partitions, SMALL_TABLES } from './tables.js';
import { transact } from './transact.js';
import type { Statement, Transaction } from './transaction.js';

/**
 * The steps that lead to the present schema, each run once. Version n is what the first n of them make; a step that
 * was released is never changed.
 *
 * The function inserts packed codes, which come in key order, for one institution; 0 when one of them is there. A plain
 * insertion takes half as long as one that asks for every row whether it is there (ON CONFLICT), and stops at the
 * first that is. Caught in here, such a stop is not written into the server's log, which would quote the code.
 */
export const STEPS: readonly ((settings: PostgresSettings) => string)[] = [
  ({ partitions: number }) => `${SMALL_TABLES}${LARGE_TABLES}${partitions(number, [...Array(number).keys()])}
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
  () => ROTATION_TABLES,
];

const ISSUANCE_SCHEMA: SchemaName = { table: 'migration', holds: 'issuance store' };

const IS_SPREAD: Statement = {
  name: 'is-spread',
  text: `SELECT to_regclass($1 || '.spread') IS NOT NULL AS is_spread`,
};
const READ_SPREAD: Statement = { name: 'read-servers', text: 'SELECT servers FROM spread' };

/**
 * Makes the tables if that is wanted, or brings those of an earlier release up to date: in one transaction, once,
 * however many processes open the store.
 *
 * @returns where the rows are
 * @throws RenkeiError `STORE_SCHEMA`
 */
export function prepareSchema(
  connections: Connections,
  settings: PostgresSettings,
  spread: PostgresSpread | undefined,
): Promise<Layout> {
  return transact(connections, { kind: 'schema', during: 'preparing the schema' }, async (transaction) => {
    const version = await versionOf(transaction, settings, ISSUANCE_SCHEMA);
    const servers =
      version === 0
        ? (spread?.servers.length ?? 0)
        : await recordedServers(transaction, settings.schema, spread);
    const steps = (servers === 0 ? STEPS : SPREAD_STEPS).map((step) => step(settings, servers));
    const store =
      version === 0 && spread !== undefined
        ? await makeServers(transaction, spread.servers, settings)
        : undefined;
    await bringUpToDate(transaction, ISSUANCE_SCHEMA, version, steps);
    if (store !== undefined) await recordSpread(transaction, store, servers);
    return servers === 0 ? ONE_SERVER : spreadLayout(servers);
  });
}

/** Over how many servers a store that is there is spread; 0 when all is on one. */
async function recordedServers(
  transaction: Transaction,
  schema: string,
  spread: PostgresSpread | undefined,
): Promise<number> {
  const { is_spread } = await transaction.row<{ is_spread: boolean }>(IS_SPREAD, schema);
  const servers = is_spread ? (await transaction.row<{ servers: number }>(READ_SPREAD)).servers : 0;
  if (spread !== undefined) await checkPlaces(transaction, schema, spread.servers, servers);
  return servers;
}
