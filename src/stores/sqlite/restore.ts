import { createReadStream, createWriteStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { type KeyName, parseKeyName } from '../../codes/key-names.js';
import { throwIfAborted } from '../../errors/abort.js';
import { checkOptions, functionRule, required, signalRule, textRule } from '../../errors/options.js';
import { RenkeiError } from '../../errors/renkei-error.js';
import type { StoreCounts } from '../port.js';
import { filing, makeNewFile, refuseBeside } from './new-file.js';
import { verified } from './verified-copy.js';

/** Options of {@link restoreSqliteStore}. */
export interface RestoreSqliteOptions {
  /** A copy that `backUpSqliteStore` made. Stays as it is. */
  readonly copy: string;
  /** The store to make; a file of that name must not be there. */
  readonly path: string;
  /** Fingerprint of a key of the vault the store is for: pass its `fingerprint`. */
  readonly fingerprint: (name: KeyName) => Promise<string>;
  /** Gives up with `ABORTED`; nothing is left behind then. */
  readonly signal?: AbortSignal;
}

/**
 * Makes a store out of a copy, when every key it has on record is the vault's and it passes `check()`. With another
 * vault's keys the same people would get other codes. Keys that are retired may be gone, and destroyed ones are not
 * asked for.
 *
 * @returns what the store holds
 * @throws RenkeiError `KEY_FINGERPRINT_MISMATCH`; `KEY_NOT_FOUND` and whatever else the vault throws; `OPTION_UNKNOWN`,
 *   `OPTION_INVALID`, `STORE_SCHEMA`, `STORE_CORRUPT`, `STORE_FAULT` or `ABORTED`
 */
export async function restoreSqliteStore(options: RestoreSqliteOptions): Promise<StoreCounts> {
  checkOptions('restoreSqliteStore', options, {
    copy: required(textRule),
    path: required(textRule),
    fingerprint: required(functionRule),
    signal: signalRule,
  });
  const { copy, path, fingerprint, signal } = options;
  throwIfAborted(signal);
  return makeNewFile('restoreSqliteStore', 'path', path, copy, async (temporary) => {
    await refuseBeside('restoreSqliteStore', 'copy', copy);
    await filing('restoreSqliteStore', async () => {
      try {
        await pipeline(
          createReadStream(copy),
          createWriteStream(temporary),
          signal === undefined ? {} : { signal },
        );
      } catch (error) {
        throwIfAborted(signal);
        throw error;
      }
    });
    return verified('restoreSqliteStore', temporary, signal, async (store) => {
      // While rows are moved some are under the retired store key still.
      const isMoving = (await store.rotations()).some(({ status }) => status === 'retiring');
      for (const key of await store.listKeys()) {
        throwIfAborted(signal);
        if (key.state === 'destroyed') continue;
        const mayBeGone = key.state === 'retired' && parseKeyName(key.name).kind !== 'link' && !isMoving;
        const found = await fingerprint(key.name).catch((error: unknown) => {
          if (mayBeGone && error instanceof RenkeiError && error.code === 'KEY_NOT_FOUND')
            return key.fingerprint;
          throw error;
        });
        if (found === key.fingerprint) continue;
        throw new RenkeiError(
          'KEY_FINGERPRINT_MISMATCH',
          `key ${key.name} of the vault is not the one the copy has on record`,
        );
      }
      return store.count();
    });
  });
}
