import { createHash, randomBytes } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, open, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { CODE_LENGTH } from '../codes/per-institution-code.js';
import { inOrder, keyOrder } from '../stores/key-order.js';
import { folderFault, inFolder } from './faults.js';

/** Names of workers' files. */
const PART_FILE = /^rotation-[0-9a-f]{16}-[A-Za-z0-9-]+$/;

/** Bytes of a pair: the old code, then the new one. */
export const PAIR_LENGTH = 2 * CODE_LENGTH;

/** Old and new codes, row by row of the same people. */
export interface CodePairs {
  /** n × 24 bytes. */
  readonly oldCodes: Uint8Array;
  /** n × 24 bytes. */
  readonly newCodes: Uint8Array;
}

/** A file of pairs as the store has it on record. */
export interface PartFile {
  /** Name in the folder. */
  readonly file: string;
  /** Pairs in it. */
  readonly rows: number;
  /** SHA-256 of its bytes, lower-case hex. */
  readonly digest: string;
}

/**
 * Writes pairs so that they outlast a power cut: in the order of the old codes, 48 bytes each, and behind them the new
 * codes alone in their own order. Nothing of the order of the store codes is left. A file that is not whole never has
 * the name.
 *
 * @param file name in the folder, which nobody else writes to
 * @throws RenkeiError `ROTATION_FOLDER`
 */
export async function writePartFile(folder: string, file: string, pairs: CodePairs): Promise<PartFile> {
  const bytes = partBytes(pairs);
  const unfinished = join(folder, `${file}.${randomBytes(4).toString('hex')}.tmp`);
  await inFolder('writing', async () => {
    try {
      const handle = await open(unfinished, 'wx', 0o600);
      try {
        await handle.writeFile(bytes);
        await handle.sync();
      } finally {
        await handle.close();
      }
      await rename(unfinished, join(folder, file));
    } catch (error) {
      await rm(unfinished, { force: true });
      throw error;
    }
    await synchronise(folder);
  });
  return {
    file,
    rows: pairs.oldCodes.length / CODE_LENGTH,
    digest: createHash('sha256').update(bytes).digest('hex'),
  };
}

/** Makes the folder of a rotation where there is none; for the eyes of its owner alone. */
export async function makeFolder(folder: string): Promise<void> {
  await inFolder('making it', () => mkdir(folder, { recursive: true, mode: 0o700 }));
}

/**
 * Makes sure that a file is as it was written.
 *
 * @throws RenkeiError `ROTATION_FOLDER`
 */
export async function checkPartFile(folder: string, { file, digest }: PartFile): Promise<void> {
  // The name comes from the store, and must not lead elsewhere.
  if (!PART_FILE.test(file))
    throw folderFault('the store has the name of a file on record that is none of a rotation');
  const hash = createHash('sha256');
  await inFolder('reading', async () => {
    for await (const chunk of createReadStream(join(folder, file), { highWaterMark: 2 ** 20 })) {
      hash.update(chunk as Uint8Array);
    }
  });
  if (hash.digest('hex') !== digest) throw folderFault('a file of pairs is not as it was written');
}

function partBytes({ oldCodes, newCodes }: CodePairs): Uint8Array {
  const rows = oldCodes.length / CODE_LENGTH;
  const bytes = new Uint8Array(rows * (PAIR_LENGTH + CODE_LENGTH));
  let to = 0;
  for (const row of keyOrder(oldCodes)) {
    for (const codes of [oldCodes, newCodes]) {
      let from = row * CODE_LENGTH;
      for (const end = to + CODE_LENGTH; to < end; ) bytes[to++] = codes[from++] as number;
    }
  }
  bytes.set(inOrder(newCodes, keyOrder(newCodes)), rows * PAIR_LENGTH);
  return bytes;
}

async function synchronise(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
