import { randomUUID } from 'node:crypto';
import { RenkeiError } from '../../../errors/renkei-error.js';
import type { PostgresSettings, SpreadServer } from '../options.js';
import type { Statement, Transaction } from '../transaction.js';
import { foreignServer } from './coordinator-schema.js';
import { prepareServer } from './row-server.js';
import type { Part } from './row-tables.js';

/** Rows that one statement takes to another server, and that one fetches from it. */
const BATCH_ROWS = 1_000;
const FETCH_ROWS = 10_000;

/**
 * Passwords come as parameters and never in the text of a statement, which would stand in the server's log when it
 * fails and in what is going on there.
 */
const FOREIGN_SERVER = `
  CREATE FUNCTION pg_temp.foreign_server(
    name text, host text, port integer, dbname text, username text, password text, sslmode text, options text
  ) RETURNS void LANGUAGE plpgsql AS $$
  BEGIN
    EXECUTE format('CREATE SERVER %I FOREIGN DATA WRAPPER postgres_fdw OPTIONS (host %L, port %L, dbname %L,
      sslmode %L, options %L, target_session_attrs ''read-write'', connect_timeout ''10'', application_name ''renkei'',
      keepalives_idle ''30'', batch_size ''${BATCH_ROWS}'', fetch_size ''${FETCH_ROWS}'', async_capable ''true'')',
      name, host, port, dbname, sslmode, options);
    EXECUTE format('CREATE USER MAPPING FOR CURRENT_USER SERVER %I OPTIONS (user %L, password %L)',
      name, username, password);
  END $$;
`;
const MAKE_FOREIGN_SERVER: Statement = {
  name: 'make-foreign-server',
  text: 'SELECT pg_temp.foreign_server($1, $2, $3::integer, $4, $5, $6, $7, $8)',
};
const RECORD: Statement = {
  name: 'record-spread',
  text: 'INSERT INTO spread VALUES ($1::uuid, $2::integer)',
};
const READ_SPREAD: Statement = { name: 'read-spread', text: 'SELECT store, servers FROM spread' };
const PLACES: Statement = {
  name: 'places',
  text: `SELECT srvname AS name, option_name AS option, option_value AS value
    FROM pg_foreign_server CROSS JOIN pg_options_to_table(srvoptions)
    WHERE srvname LIKE $1 AND option_name IN ('host', 'port', 'dbname')`,
};

/** Makes the tables on the servers that are to hold rows, and tells the coordinator of these. */
export async function makeServers(
  transaction: Transaction,
  servers: readonly SpreadServer[],
  settings: PostgresSettings,
): Promise<string> {
  const store = randomUUID();
  for (const [number, server] of servers.entries()) {
    await prepareServer(server, { store, number, servers: servers.length }, settings);
  }
  await transaction.run(`CREATE EXTENSION IF NOT EXISTS postgres_fdw; ${FOREIGN_SERVER}`);
  for (const [k, { host, port, database, user, password, ssl = false }] of servers.entries()) {
    await transaction.rows(
      MAKE_FOREIGN_SERVER,
      ...[foreignServer(settings.schema, k), host, port, database, user, password],
      ...[ssl === false ? 'prefer' : 'require', sessionOptions(settings)],
    );
  }
  return store;
}

/** As on one server: plans by the keys, durable commits, and an end to waiting. */
function sessionOptions({ lockTimeoutMs }: PostgresSettings): string {
  const settings = [
    `lock_timeout=${lockTimeoutMs}`,
    'synchronous_commit=on',
    'client_min_messages=error',
    'jit=off',
    ...['seqscan', 'hashjoin', 'mergejoin', 'sort', 'bitmapscan'].map((way) => `enable_${way}=off`),
  ];
  return settings.map((setting) => `-c ${setting}`).join(' ');
}

/** Writes down over how many servers the store is spread, once its tables are there. */
export async function recordSpread(transaction: Transaction, store: string, servers: number): Promise<void> {
  await transaction.write(RECORD, store, servers);
}

/** Compares the servers that the caller names with those the store is spread over. */
export async function checkPlaces(
  transaction: Transaction,
  schema: string,
  servers: readonly SpreadServer[],
  recorded: number,
): Promise<void> {
  const given = servers.flatMap(({ host, port, database }, k) => {
    const name = foreignServer(schema, k);
    return [`${name} host ${host}`, `${name} port ${port}`, `${name} dbname ${database}`];
  });
  const like = foreignServer(schema, 0).replace(/0$/, '%').replaceAll('_', '\\_');
  const rows = await transaction.rows<{ name: string; option: string; value: string }>(PLACES, like);
  const there = new Set(rows.map(({ name, option, value }) => `${name} ${option} ${value}`));
  if (servers.length === recorded && given.every((place) => there.has(place))) return;
  throw new RenkeiError('STORE_SCHEMA', 'the store is spread over other servers than these');
}

/**
 * Asks every server whether it is the one it is taken for, and whether it keeps what it confirms.
 *
 * @throws RenkeiError `STORE_SCHEMA` or `STORE_NOT_DURABLE`
 */
export async function checkServers(transaction: Transaction): Promise<void> {
  interface State extends Part {
    readonly fsync: string;
    readonly full_page_writes: string;
    readonly synchronous_commit: string;
  }
  const { store, servers } = await transaction.row<Omit<Part, 'number'>>(READ_SPREAD);
  for (let k = 0; k < servers; k++) {
    const [state, ...others] = await transaction.rows<State>({
      name: `server-${k}`,
      text: `SELECT * FROM server_${k}`,
    });
    const same = state?.store === store && state.number === k && state.servers === servers;
    if (state === undefined || !same || others.length > 0) {
      throw new RenkeiError('STORE_SCHEMA', `server ${k} does not hold part ${k} of this store`);
    }
    for (const setting of ['fsync', 'full_page_writes', 'synchronous_commit'] as const) {
      if (state[setting] === 'on') continue;
      throw new RenkeiError(
        'STORE_NOT_DURABLE',
        `server ${k} runs with "${setting}" off: it may lose what it confirmed`,
      );
    }
  }
}
