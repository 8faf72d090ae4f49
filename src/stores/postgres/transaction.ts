import { setTimeout as wait } from 'node:timers/promises';
import type { PoolClient } from 'pg';
import { throwIfAborted } from '../../errors/abort.js';
import { RenkeiError } from '../../errors/renkei-error.js';
import type { Connections } from './connections.js';
import { isPassing, storeError } from './faults.js';

/** A statement the server prepares once a connection. */
export interface Statement {
  /** Unique among all statements. */
  readonly name: string;
  readonly text: string;
}

type Value = string | number | Uint8Array;

/** The statements of one transaction. */
export class Transaction {
  readonly #client: PoolClient;

  constructor(client: PoolClient) {
    this.#client = client;
  }

  /** The rows a statement gives back. */
  async rows<Row extends object>(statement: Statement, ...values: readonly Value[]): Promise<Row[]> {
    return (await this.#client.query<Row>({ ...statement, values: [...values] })).rows;
  }

  /** The one row of a statement that gives back just one. */
  async row<Row extends object>(statement: Statement, ...values: readonly Value[]): Promise<Row> {
    const [row] = await this.rows<Row>(statement, ...values);
    return row as Row;
  }

  /** How many rows a statement wrote. */
  async write(statement: Statement, ...values: readonly Value[]): Promise<number> {
    return (await this.#client.query({ ...statement, values: [...values] })).rowCount ?? 0;
  }

  /** Runs statements that are not prepared and give back nothing. */
  async run(text: string): Promise<void> {
    await this.#client.query(text);
  }
}

/**
 * What a transaction does to others. `read` sees the store as it was when it began, `whole` too but reads every row,
 * however long it takes; `issue` goes beside others of its kind; `alone` waits for those and keeps them out; `keys` and `schema` are alone among their own kind.
 */
export type TransactionKind = 'read' | 'whole' | 'issue' | 'alone' | 'keys' | 'schema';

/** Beginnings of transactions; `#` stands for the number that names the store's locks. */
const READING = 'BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY';
const WRITING = 'BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE; SELECT';
const BEGIN: Record<TransactionKind, string> = {
  read: READING,
  whole: `${READING}; SET LOCAL statement_timeout = 0; SET LOCAL enable_seqscan = on; SET LOCAL enable_sort = on;
    SET LOCAL enable_hashjoin = on; SET LOCAL enable_mergejoin = on; SET LOCAL enable_partitionwise_join = on`,
  schema: `${WRITING} pg_advisory_xact_lock(#, 1)`,
  keys: `${WRITING} pg_advisory_xact_lock(#, 2)`,
  issue: `${WRITING} pg_advisory_xact_lock_shared(#, 3)`,
  alone: `${WRITING} pg_advisory_xact_lock(#, 3)`,
};

/** A time-out must not turn a commit that waits for a standby into one that did not: PostgreSQL would only warn. */
const COMMIT = 'SET LOCAL statement_timeout = 0; COMMIT';

const MOST_TRIES = 6;
const FIRST_PAUSE_MS = 10;

/**
 * Runs one transaction, and anew when another one made it fail in passing. A connection that breaks during the commit
 * leaves open whether it went through: that is a `STORE_FAULT`, and the caller's repeated call will tell.
 */
export async function transact<T>(
  connections: Connections,
  {
    kind,
    during,
    signal,
  }: { readonly kind: TransactionKind; readonly during: string; readonly signal?: AbortSignal | undefined },
  work: (transaction: Transaction) => Promise<T>,
): Promise<T> {
  for (let tries = 1; ; tries++) {
    try {
      return await once(connections, kind, signal, work);
    } catch (error) {
      if (error instanceof Undone || error instanceof RenkeiError) throw error;
      throwIfAborted(signal);
      if (tries === MOST_TRIES || !isPassing(error)) throw storeError(during, error);
      await wait(FIRST_PAUSE_MS * 2 ** tries * Math.random());
    }
  }
}

/** Thrown by a transaction's work to have it rolled back and to tell its caller. */
export class Undone extends Error {}

async function once<T>(
  connections: Connections,
  kind: TransactionKind,
  signal: AbortSignal | undefined,
  work: (transaction: Transaction) => Promise<T>,
): Promise<T> {
  const client = await connections.acquire(signal);
  let interrupted: Promise<void> | undefined;
  const interrupt = () => {
    interrupted = connections.interrupt(client);
  };
  signal?.addEventListener('abort', interrupt);
  let broken = true;
  try {
    await client.query(BEGIN[kind].replace('#', String(connections.lockSpace)));
    const result = await work(new Transaction(client));
    throwIfAborted(signal);
    signal?.removeEventListener('abort', interrupt);
    await client.query(COMMIT);
    broken = false;
    return result;
  } catch (error) {
    signal?.removeEventListener('abort', interrupt);
    await interrupted;
    broken = signal?.aborted === true || !(await rolledBack(client));
    throw error;
  } finally {
    client.release(broken);
  }
}

async function rolledBack(client: PoolClient): Promise<boolean> {
  try {
    await client.query('ROLLBACK');
    return true;
  } catch {
    return false;
  }
}
