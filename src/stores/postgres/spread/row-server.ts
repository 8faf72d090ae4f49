import { Client } from 'pg';
import { RenkeiError } from '../../../errors/renkei-error.js';
import { storeError } from '../faults.js';
import type { PostgresSettings, SpreadServer } from '../options.js';
import { WIRE_VALUES } from '../wire-values.js';
import { type Part, tablesOf } from './row-tables.js';

/**
 * Makes the tables on a server that is to hold rows. A server where they are already is taken when it was to hold
 * the same part and holds nothing yet: an earlier try did not get to its end.
 *
 * @throws RenkeiError `STORE_SCHEMA`, `STORE_NOT_DURABLE`, `STORE_FAULT` or `STORE_CORRUPT`
 */
export async function prepareServer(
  server: SpreadServer,
  part: Part,
  settings: PostgresSettings,
): Promise<void> {
  const { schema, statementTimeoutMs, lockTimeoutMs, connectTimeoutMs } = settings;
  const client = new Client({
    ...server,
    application_name: 'renkei',
    connectionTimeoutMillis: connectTimeoutMs,
    statement_timeout: statementTimeoutMs,
    lock_timeout: lockTimeoutMs,
    types: WIRE_VALUES,
  });
  // The statement under way fails of itself.
  client.on('error', () => undefined);
  try {
    await client.connect();
    await client.query(`BEGIN; SET LOCAL search_path = ${schema}; SET LOCAL synchronous_commit = on`);
    await prepareTables(client, part, schema);
    await client.query('COMMIT');
  } catch (error) {
    throw storeError(`preparing server ${part.number}`, error);
  } finally {
    await client.end().catch(() => undefined);
  }
}

async function prepareTables(client: Client, part: Part, schema: string): Promise<void> {
  const { store, number, servers } = part;
  const occupied = await client.query(
    'SELECT FROM pg_class WHERE relnamespace = to_regnamespace($1) LIMIT 1',
    [schema],
  );
  if (occupied.rows.length === 0) {
    await client.query(`CREATE SCHEMA IF NOT EXISTS ${schema}; ${tablesOf(part)}`);
    await client.query('INSERT INTO part VALUES ($1, $2, $3)', [store, number, servers]);
    return;
  }
  const recorded = await client.query<{ part: string | null }>('SELECT to_regclass($1)::text AS part', [
    `${schema}.part`,
  ]);
  if (recorded.rows[0]?.part === null) throw inUse(number, schema);
  const { rowCount } = await client.query(
    `UPDATE part SET store = $1 WHERE number = $2 AND servers = $3
      AND NOT EXISTS (SELECT FROM person) AND NOT EXISTS (SELECT FROM issuance)`,
    [store, number, servers],
  );
  if (rowCount !== 1) throw inUse(number, schema);
}

function inUse(number: number, schema: string): RenkeiError {
  return new RenkeiError('STORE_SCHEMA', `the schema ${schema} of server ${number} is in use`);
}
