import { createHash } from 'node:crypto';
import { Client, type ClientConfig, Pool, type PoolClient } from 'pg';
import { throwIfAborted } from '../../errors/abort.js';
import { RenkeiError } from '../../errors/renkei-error.js';
import type { Layout } from './layouts/layout.js';
import type { ConnectionSettings, PostgresConnection } from './options.js';
import type { Situation } from './situation.js';
import { WIRE_VALUES } from './wire-values.js';

/** An idle transaction is a process that hangs between two statements; its locks are let go after this. */
const IDLE_IN_TRANSACTION_MS = 60_000;

interface ServerState {
  readonly recovering: string;
  readonly fsync: string;
  readonly full_page_writes: string;
}

/**
 * The connections of one store to its server: made when needed, each with the settings that the store relies on. `S` is
 * what a transaction knows of the store when it begins.
 */
export class Connections<S = Situation> {
  readonly #pool: Pool;
  readonly #config: ClientConfig;
  /** Names the store's advisory locks among those of other programs and schemas. */
  readonly lockSpace: number;
  /** Where the rows are. */
  readonly layout: Layout<S>;

  constructor(connection: PostgresConnection, settings: ConnectionSettings, layout: Layout<S>) {
    this.layout = layout;
    const { schema, poolSize, statementTimeoutMs, lockTimeoutMs, connectTimeoutMs } = settings;
    this.#config = {
      ...connection,
      application_name: 'renkei',
      keepAlive: true,
      connectionTimeoutMillis: connectTimeoutMs,
      statement_timeout: statementTimeoutMs,
      lock_timeout: lockTimeoutMs,
      idle_in_transaction_session_timeout: IDLE_IN_TRANSACTION_MS,
      types: WIRE_VALUES,
    };
    const config = this.#config;
    // Reads the connection string, which else happens at the first call only.
    new Client(config);
    this.#pool = new Pool({
      max: poolSize,
      // The pool has no time limit of its own: a call may wait for its turn as long as its caller likes.
      Client: class extends Client {
        constructor() {
          super(config);
        }
      },
      onConnect: (client) => prepare(client as Client, schema, layout),
    });
    // A connection that breaks while nobody uses it is made anew at the next call; one in use fails its statement.
    this.#pool.on('error', () => undefined);
    this.#pool.on('connect', (client) => client.on('error', () => undefined));
    this.lockSpace = createHash('sha256').update(`renkei ${schema}`).digest().readInt32BE();
  }

  /** A connection, given back by its `release`. */
  async acquire(signal: AbortSignal | undefined): Promise<PoolClient> {
    throwIfAborted(signal);
    const acquired = this.#pool.connect();
    if (signal === undefined) return acquired;
    let giveUp = () => {};
    const aborted = new Promise<undefined>((resolve) => {
      giveUp = () => resolve(undefined);
    });
    signal.addEventListener('abort', giveUp);
    try {
      const client = await Promise.race([acquired, aborted]);
      if (client !== undefined) return client;
      acquired.then(
        (late) => late.release(),
        () => undefined,
      );
      throw new RenkeiError('ABORTED', 'the call was aborted by its caller');
    } finally {
      signal.removeEventListener('abort', giveUp);
    }
  }

  /** Stops what a connection is doing, from another one; where that fails, the connection is broken off. */
  async interrupt(client: PoolClient & { readonly processID?: number }): Promise<void> {
    const other = new Client(this.#config);
    other.on('error', () => undefined);
    try {
      await other.connect();
      await other.query('SELECT pg_cancel_backend($1)', [client.processID]);
    } catch {
      await client.end();
    } finally {
      await other.end().catch(() => undefined);
    }
  }

  /** Closes all connections. */
  close(): Promise<void> {
    return this.#pool.end();
  }
}

/**
 * Connections to a server that nobody has asked for yet.
 *
 * @param call whose option the connection is
 * @throws RenkeiError `OPTION_INVALID`
 */
export function connectionsTo<S>(
  call: string,
  connection: PostgresConnection,
  settings: ConnectionSettings,
  layout: Layout<S>,
): Connections<S> {
  try {
    return new Connections(connection, settings, layout);
  } catch {
    // The driver's message may hold the text with its password.
    throw new RenkeiError('OPTION_INVALID', `${call}: option "connectionString" cannot be read`);
  }
}

/** Makes a new connection fit for use, or refuses the server. */
async function prepare(client: Client, schema: string, { plans }: Pick<Layout, 'plans'>): Promise<void> {
  const results = await client.query<ServerState>(`
    SET search_path = ${schema}; SET synchronous_commit = on; SET client_min_messages = error; SET bytea_output = hex; ${plans}
    SELECT pg_is_in_recovery()::text AS recovering, current_setting('fsync') AS fsync,
           current_setting('full_page_writes') AS full_page_writes
  `);
  // Several statements give several results.
  const state = (results as unknown as readonly (typeof results)[]).at(-1)?.rows[0];
  if (state?.recovering !== 'false') {
    throw new RenkeiError('STORE_FAULT', 'opening a connection: the server is a standby or still recovers');
  }
  for (const setting of ['fsync', 'full_page_writes'] as const) {
    if (state[setting] === 'on') continue;
    throw new RenkeiError(
      'STORE_NOT_DURABLE',
      `the server runs with "${setting}" off: it may lose what it confirmed`,
    );
  }
}
