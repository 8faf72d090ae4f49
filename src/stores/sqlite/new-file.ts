import { link, open, rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { RenkeiError } from '../../errors/renkei-error.js';

/** What SQLite may leave beside a database file, and would take for its own when one is put there. */
const BESIDE = ['-wal', '-shm', '-journal'] as const;

/**
 * Makes a file that is either whole and on disk under its name, or not there: it is made under a temporary name
 * beside it and then linked, which never replaces a file.
 *
 * @param call for messages
 * @param option the option that named the file
 * @param original whose readers the file has, and no others
 * @param make makes the file under the temporary name
 * @throws RenkeiError `OPTION_INVALID` when something of that name is there, `STORE_FAULT`, or what `make` throws
 */
export async function makeNewFile<T>(
  call: string,
  option: string,
  path: string,
  original: string,
  make: (temporary: string) => Promise<T>,
): Promise<T> {
  await refuseExisting(call, option, path);
  const temporary = `${path}.${process.pid}-${Date.now()}.part`;
  try {
    await filing(call, () => makeReadableLike(original, temporary));
    const made = await make(temporary);
    await filing(call, async () => {
      await synchronise(temporary);
      await link(temporary, path).catch(async (error: unknown) => {
        await refuseExisting(call, option, path);
        throw error;
      });
      await synchronise(dirname(path));
    });
    return made;
  } finally {
    for (const name of ['', ...BESIDE]) await rm(temporary + name, { force: true }).catch(() => undefined);
  }
}

/** Runs one action on files; its failure becomes an error of this library, with the system's code and no path. */
export async function filing<T>(during: string, action: () => Promise<T>): Promise<T> {
  try {
    return await action();
  } catch (error) {
    if (error instanceof RenkeiError) throw error;
    const code = (error as { readonly code?: unknown } | null)?.code;
    throw new RenkeiError('STORE_FAULT', `${during}: ${typeof code === 'string' ? code : 'no result code'}`);
  }
}

/** Refuses a database file with its write-ahead log beside it: it is in use, or the log holds the last of it. */
export async function refuseBeside(call: string, option: string, path: string): Promise<void> {
  for (const name of BESIDE) {
    if (await exists(path + name)) {
      throw new RenkeiError(
        'OPTION_INVALID',
        `${call}: beside option "${option}" is a file ending in ${name}`,
      );
    }
  }
}

async function refuseExisting(call: string, option: string, path: string): Promise<void> {
  if (await exists(path)) {
    throw new RenkeiError('OPTION_INVALID', `${call}: option "${option}" must name a file that is not there`);
  }
  await refuseBeside(call, option, path);
}

async function exists(path: string): Promise<boolean> {
  try {
    await stat(path);
    return true;
  } catch {
    return false;
  }
}

/** Makes an empty file with another's permissions, before anything is in it; its owner may write to it. */
async function makeReadableLike(original: string, path: string): Promise<void> {
  const { mode } = await stat(original);
  await (await open(path, 'wx', (mode & 0o777) | 0o600)).close();
}

/** Waits until a file, or a folder's list of files, is on disk. */
async function synchronise(path: string): Promise<void> {
  const file = await open(path, 'r');
  try {
    await file.sync();
  } finally {
    await file.close();
  }
}
