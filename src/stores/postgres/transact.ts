import { setTimeout as wait } from 'node:timers/promises';
import type { PoolClient, QueryResult } from 'pg';
import { throwIfAborted } from '../../errors/abort.js';
import { RenkeiError } from '../../errors/renkei-error.js';
import { keysChanged } from '../arguments.js';
import type { Connections } from './connections.js';
import { isPassing, storeError } from './faults.js';
import type { Layout } from './layouts/layout.js';
import type { Situation } from './situation.js';
import { Transaction, type TransactionKind } from './transaction.js';

/** A time-out must not turn a commit that waits for a standby into one that did not: PostgreSQL would only warn. */
const COMMIT = 'SET LOCAL statement_timeout = 0; COMMIT';

const MOST_TRIES = 6;
const FIRST_PAUSE_MS = 10;

interface Running {
  readonly kind: TransactionKind;
  readonly during: string;
  readonly signal?: AbortSignal | undefined;
  /** Compared with the store's. */
  readonly epoch?: number | undefined;
}

/**
 * Runs one transaction, and anew when another one made it fail in passing. A connection that breaks during the commit
 * leaves open whether it went through: that is a `STORE_FAULT`, and the caller's repeated call will tell.
 */
export async function transact<T, S = Situation>(
  connections: Connections<S>,
  running: Running,
  work: (transaction: Transaction<S>) => Promise<T>,
): Promise<T> {
  const result = await tryTransaction(connections, running, work);
  // What a transaction alone has decided stays decided, so its caller can no longer give up.
  if (running.kind === 'alone') await settle(connections, running.during);
  return result;
}

async function settle<S>(connections: Connections<S>, during: string): Promise<void> {
  if (connections.layout.settle === undefined) return;
  await tryTransaction(connections, { kind: 'alone', during }, async () => undefined);
}

async function tryTransaction<T, S>(
  connections: Connections<S>,
  running: Running,
  work: (transaction: Transaction<S>) => Promise<T>,
): Promise<T> {
  const { during, signal } = running;
  for (let tries = 1; ; tries++) {
    try {
      return await once(connections, running, work);
    } catch (error) {
      if (error instanceof Undone || error instanceof RenkeiError) throw error;
      throwIfAborted(signal);
      if (error instanceof Unsettled) {
        await settle(connections, during);
        continue;
      }
      if (tries === MOST_TRIES || !isPassing(error)) throw storeError(during, error);
      await wait(FIRST_PAUSE_MS * 2 ** tries * Math.random());
    }
  }
}

/** Thrown by a transaction's work to have it rolled back and to tell its caller. */
export class Undone extends Error {}

/** Changes were decided that a process did not live to carry out: they come first. */
class Unsettled extends Error {}

async function once<T, S>(
  connections: Connections<S>,
  { kind, signal, epoch }: Running,
  work: (transaction: Transaction<S>) => Promise<T>,
): Promise<T> {
  const { layout, lockSpace } = connections;
  const client = await connections.acquire(signal);
  let interrupted: Promise<void> | undefined;
  const interrupt = () => {
    interrupted = connections.interrupt(client);
  };
  signal?.addEventListener('abort', interrupt);
  let broken = true;
  try {
    const begin = layout.begin[kind].replaceAll('#', String(lockSpace));
    const { text, of, epochOf } = layout.situation;
    const begun = await client.query(kind === 'schema' ? begin : `${begin}; ${text}`);
    const situation = kind === 'schema' ? undefined : of(lastRows(begun));
    if (epoch !== undefined && situation !== undefined && epochOf?.(situation) !== epoch) throw keysChanged();
    const goOn = layout.goOn?.[kind === 'issue' ? 'issue' : 'alone'].replaceAll('#', String(lockSpace));
    const transaction = new Transaction(client, layout.texts, situation, goOn);
    if (isPending(begun)) {
      if (kind !== 'alone') throw new Unsettled();
      await layout.settle?.(transaction);
    }
    const result = await work(transaction);
    throwIfAborted(signal);
    signal?.removeEventListener('abort', interrupt);
    await client.query(COMMIT);
    broken = false;
    return result;
  } catch (error) {
    signal?.removeEventListener('abort', interrupt);
    await interrupted;
    broken = signal?.aborted === true || !(await rolledBack(client, layout));
    throw error;
  } finally {
    client.release(broken);
  }
}

/** What the last of the statements gives that a transaction begins with. */
function lastRows(begun: unknown): readonly object[] {
  return (begun as readonly QueryResult<object>[]).at(-1)?.rows ?? [];
}

/** Several statements give several results. */
function isPending(begun: unknown): boolean {
  const results = Array.isArray(begun) ? (begun as readonly QueryResult<{ pending?: boolean }>[]) : [];
  return results.some(({ rows: [row] }) => row?.pending === true);
}

async function rolledBack(client: PoolClient, { rollback }: Pick<Layout, 'rollback'>): Promise<boolean> {
  try {
    await client.query(rollback);
    return true;
  } catch {
    return false;
  }
}
