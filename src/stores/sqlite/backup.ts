import { throwIfAborted } from '../../errors/abort.js';
import { checkOptions, functionRule, required, signalRule, textRule } from '../../errors/options.js';
import type { StoreCounts } from '../port.js';
import { storeError } from './faults.js';
import { makeNewFile } from './new-file.js';
import { openForCopying } from './open-database.js';
import { ISSUANCE_SCHEMA } from './schema.js';
import { verified } from './verified-copy.js';

/** Pages copied between two turns of the event loop: 8 MiB. */
const PAGES_A_TURN = 512;

/** How far a backup is. */
export interface BackupProgress {
  /** Pages copied. */
  readonly pages: number;
  /** Pages in all. */
  readonly of: number;
}

/** Options of {@link backUpSqliteStore}. */
export interface BackUpSqliteOptions {
  /** The store's file; others may read and write the store meanwhile. */
  readonly path: string;
  /** The copy to make; a file of that name must not be there. Its folder gets a temporary file beside it. */
  readonly copy: string;
  /** Told how far the copy is; must not throw. */
  readonly progress?: (progress: BackupProgress) => void;
  /** Gives up with `ABORTED`; nothing is left behind then. */
  readonly signal?: AbortSignal;
}

/**
 * Copies a store while it is in use. The copy is the store as it was when the call began, one file, checked as
 * `check()` does, and on disk when the promise resolves; until then there is no file of its name. While it is made, the
 * write-ahead log of the store grows with what is written.
 *
 * @returns what the copy holds
 * @throws RenkeiError `OPTION_UNKNOWN`, `OPTION_INVALID`, `STORE_SCHEMA`, `STORE_CORRUPT`, `STORE_FAULT` or `ABORTED`
 */
export async function backUpSqliteStore(options: BackUpSqliteOptions): Promise<StoreCounts> {
  checkOptions('backUpSqliteStore', options, {
    path: required(textRule),
    copy: required(textRule),
    progress: functionRule,
    signal: signalRule,
  });
  const { path, copy, progress, signal } = options;
  throwIfAborted(signal);
  return makeNewFile('backUpSqliteStore', 'copy', copy, path, async (temporary) => {
    await copyPages(path, temporary, (done) => {
      throwIfAborted(signal);
      progress?.(done);
    });
    return verified('backUpSqliteStore', temporary, signal, async (store) => store.count());
  });
}

async function copyPages(
  from: string,
  to: string,
  progress: (progress: BackupProgress) => void,
): Promise<void> {
  try {
    const database = openForCopying(from, ISSUANCE_SCHEMA);
    try {
      const { totalPages } = await database.backup(to, {
        progress: ({ totalPages, remainingPages }) => {
          progress({ pages: totalPages - remainingPages, of: totalPages });
          return PAGES_A_TURN;
        },
      });
      progress({ pages: totalPages, of: totalPages });
    } finally {
      database.close();
    }
  } catch (error) {
    throw storeError('backUpSqliteStore', error);
  }
}
