import { closeSync, fsyncSync, openSync, readFileSync, renameSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { isErrno, onDisk, spillCorrupt } from './faults.js';

/** Name of the file that says what a spill folder holds. */
export const MANIFEST_FILE = 'manifest.json';
/** Name of its next version while it is written. */
export const NEXT_MANIFEST_FILE = 'manifest.next';

/** Version of the layout of all files of a spill. */
const FORMAT = 'renkei spill 1';

/**
 * What was written last; `undefined` in a folder without a manifest.
 *
 * @throws RenkeiError `SPILL_CORRUPT` when it is damaged, of another format or another program's
 */
export function readManifest(folder: string): unknown {
  let text: string;
  try {
    text = readFileSync(join(folder, MANIFEST_FILE), 'utf8');
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return undefined;
    return onDisk('reading the manifest', () => {
      throw error;
    });
  }
  const [format, checksum, ...content] = text.split('\n');
  if (format !== FORMAT) throw spillCorrupt('the manifest is not one of this version');
  const json = content.join('\n');
  if (checksum !== checksumOf(json)) throw spillCorrupt('the manifest is not as it was written');
  return JSON.parse(json);
}

/** Puts a manifest in place of the last, durable: a kill leaves the one or the other, whole. */
export function writeManifest(folder: string, content: unknown): void {
  const json = JSON.stringify(content);
  const next = join(folder, NEXT_MANIFEST_FILE);
  onDisk('writing the manifest', () => {
    const text = Buffer.from(`${FORMAT}\n${checksumOf(json)}\n${json}`);
    synchronised(next, 'w', (descriptor) => {
      for (let done = 0; done < text.length; ) done += writeSync(descriptor, text, done);
    });
    renameSync(next, join(folder, MANIFEST_FILE));
  });
  synchroniseFolder(folder);
}

/** Makes durable which files are in a folder. */
export function synchroniseFolder(folder: string): void {
  onDisk('synchronising', () => synchronised(folder, 'r', () => undefined));
}

function synchronised(path: string, flags: string, write: (descriptor: number) => void): void {
  const descriptor = openSync(path, flags, 0o600);
  try {
    write(descriptor);
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

function checksumOf(json: string): string {
  return crc32(json).toString(16);
}
