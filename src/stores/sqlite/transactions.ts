import type { Database, Statement } from 'better-sqlite3';
import { keysChanged } from '../arguments.js';
import type { StoreCallOptions } from '../port.js';

type Epoch = Statement<[], number>;

/** Reads the epoch of the keys of an issuance store. */
export function epochOf(database: Database): Epoch {
  return database.prepare<[], number>('SELECT epoch FROM outlook').pluck();
}

/** Runs the transactions of a store's calls. */
export class Transactions {
  readonly #database: Database;
  readonly #epoch: Epoch | undefined;

  /** @param epoch of a store whose callers name theirs: each transaction compares it first */
  constructor(database: Database, epoch?: Epoch) {
    this.#database = database;
    this.#epoch = epoch;
  }

  /** Everything read is of one moment. */
  read<T>(options: StoreCallOptions, action: () => T): T {
    return this.#database.transaction(() => this.#inEpoch(options, action)).deferred();
  }

  /** The write lock is taken before anything is read: nobody can come between reading and writing. */
  write<T>(options: StoreCallOptions, action: () => T): T {
    return this.#database.transaction(() => this.#inEpoch(options, action)).immediate();
  }

  /** Inside a transaction: undoes what the action did when it answers false. */
  attempt(action: () => boolean): boolean {
    try {
      return this.#database.transaction(() => {
        if (action()) return true;
        throw new Undone();
      })();
    } catch (error) {
      if (error instanceof Undone) return false;
      throw error;
    }
  }

  #inEpoch<T>({ epoch }: StoreCallOptions, action: () => T): T {
    if (epoch !== undefined && this.#epoch?.get() !== epoch) throw keysChanged();
    return action();
  }
}

/** Thrown inside a savepoint to roll it back. */
class Undone extends Error {}
