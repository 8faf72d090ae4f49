import { type FileHandle, open } from 'node:fs/promises';
import { RenkeiError } from 'renkei';
import { wipe } from '../bytes/wipe.js';

const DIGITS = 11;
const BATCH_RESIDENTS = 10_000;
const LINE_FEED = 0x0a;
const CARRIAGE_RETURN = 0x0d;

/**
 * Reads a delivered list of resident record codes (住民票コード): 11 digits each, one a line or one behind the other.
 * Batches are packed, and belong to whoever receives them. The reader's own buffers are wiped.
 *
 * @throws RenkeiError `OPTION_INVALID`, naming the place in the list and never its content
 */
export async function* readResidentList(path: string): AsyncGenerator<Uint8Array, void, undefined> {
  const file = await openList(path);
  const chunk = new Uint8Array((DIGITS + 2) * BATCH_RESIDENTS);
  let batch = new Uint8Array(DIGITS * BATCH_RESIDENTS);
  try {
    const lineLength = await lengthOfLine(file);
    let [place, filled, at] = [0, 0, 0];
    for (;;) {
      const { bytesRead } = await readAt(file, chunk.subarray(0, lineLength * BATCH_RESIDENTS), at);
      const last = bytesRead < lineLength * BATCH_RESIDENTS;
      for (let row = 0; row < bytesRead; row += lineLength) {
        const line = chunk.subarray(row, Math.min(row + lineLength, bytesRead));
        if (!isRow(line, lineLength)) throw noResident(place);
        batch.set(line.subarray(0, DIGITS), filled);
        filled += DIGITS;
        place++;
      }
      at += bytesRead;
      if (filled > 0) {
        const full = batch.subarray(0, filled);
        batch = new Uint8Array(DIGITS * BATCH_RESIDENTS);
        filled = 0;
        yield full;
      }
      if (last) return;
    }
  } finally {
    wipe(chunk, batch);
    await file.close();
  }
}

async function openList(path: string): Promise<FileHandle> {
  try {
    return await open(path, 'r');
  } catch {
    throw unreadable();
  }
}

/** Reads until the buffer is full or the file ends. */
async function readAt(file: FileHandle, into: Uint8Array, at: number) {
  let bytesRead = 0;
  while (bytesRead < into.length) {
    const more = await file
      .read(into, bytesRead, into.length - bytesRead, at + bytesRead)
      .catch(() => Promise.reject(unreadable()));
    if (more.bytesRead === 0) break;
    bytesRead += more.bytesRead;
  }
  return { bytesRead };
}

/** Bytes from one resident record code to the next, as the first one shows. */
async function lengthOfLine(file: FileHandle): Promise<number> {
  const start = new Uint8Array(DIGITS + 2);
  try {
    await readAt(file, start, 0);
    if (start[DIGITS] === LINE_FEED) return DIGITS + 1;
    return start[DIGITS] === CARRIAGE_RETURN && start[DIGITS + 1] === LINE_FEED ? DIGITS + 2 : DIGITS;
  } finally {
    wipe(start);
  }
}

/** The end of a line may be missing after the last one. Digits and check digit are the vault's to look at. */
function isRow(line: Uint8Array, lineLength: number): boolean {
  if (line.length === DIGITS) return !line.includes(LINE_FEED);
  return (
    line.length === lineLength && line[lineLength - 1] === LINE_FEED && line.indexOf(LINE_FEED) >= DIGITS
  );
}

function noResident(place: number): RenkeiError {
  return new RenkeiError('OPTION_INVALID', `the list has no resident record code at place ${place}`, {
    index: place,
  });
}

function unreadable(): RenkeiError {
  return new RenkeiError('OPTION_INVALID', 'the list of residents cannot be read');
}
