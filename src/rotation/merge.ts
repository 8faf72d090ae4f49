import { CODE_LENGTH } from '../codes/per-institution-code.js';
import { throwIfAborted } from '../errors/abort.js';
import { compareCodes, keyOrder } from '../stores/key-order.js';
import { folderFault } from './faults.js';
import { keyRange } from './key-ranges.js';
import { PAIR_LENGTH, type PartFile } from './part-file.js';
import { SortedRows, type SortedSection } from './sorted-rows.js';

/** Rows that are sorted at a time: ranges of codes are chosen to hold about so many. */
const WINDOW_ROWS = 65_536;
const LEAST_READ_ROWS = 1_024;

/**
 * The pairs of all files in the order of their old codes, those that stand in several once: codes of people who were
 * written while the job ran may.
 *
 * @throws RenkeiError `ROTATION_FOLDER` when an old code has two new ones
 */
export async function* mergePairs(
  folder: string,
  files: readonly PartFile[],
  signal: AbortSignal | undefined,
): AsyncGenerator<Uint8Array, void, void> {
  const sections = files.map(({ file, rows }) => ({ file, rows, offset: 0 }));
  for await (const sorted of windows(folder, sections, PAIR_LENGTH, signal)) {
    yield distinct(sorted, PAIR_LENGTH);
  }
}

/**
 * How many different new codes stand in all files. As many as there are pairs: no new code has two old ones.
 *
 * @throws RenkeiError `ROTATION_FOLDER`
 */
export async function countNewCodes(
  folder: string,
  files: readonly PartFile[],
  signal: AbortSignal | undefined,
): Promise<number> {
  const sections = files.map(({ file, rows }) => ({ file, rows, offset: rows * PAIR_LENGTH }));
  let codes = 0;
  for await (const sorted of windows(folder, sections, CODE_LENGTH, signal)) {
    codes += distinct(sorted, CODE_LENGTH).length / CODE_LENGTH;
  }
  return codes;
}

/** All rows, in the order of the codes they begin with, a range of codes after the other. */
async function* windows(
  folder: string,
  sections: readonly SortedSection[],
  width: number,
  signal: AbortSignal | undefined,
): AsyncGenerator<Uint8Array, void, void> {
  const rows = sections.reduce((sum, section) => sum + section.rows, 0);
  const n = Math.ceil(rows / WINDOW_ROWS);
  const readRows = Math.max(LEAST_READ_ROWS, Math.ceil(WINDOW_ROWS / Math.max(1, sections.length)));
  const sources = sections.map((section) => new SortedRows(folder, section, width, readRows));
  for (let k = 0; k < n; k++) {
    throwIfAborted(signal);
    const taken: Uint8Array[] = [];
    for (const source of sources) taken.push(...(await source.takeBelow(keyRange(k, n).to)));
    if (taken.length > 0) yield inCodeOrder(taken, width);
  }
}

function inCodeOrder(pieces: readonly Uint8Array[], width: number): Uint8Array {
  const rows = Buffer.concat(pieces);
  // One piece is in order already.
  if (pieces.length === 1) return rows;
  const codes = width === CODE_LENGTH ? rows : heads(rows, width);
  const ordered = new Uint8Array(rows.length);
  let to = 0;
  for (const row of keyOrder(codes)) {
    let from = row * width;
    for (const end = to + width; to < end; ) ordered[to++] = rows[from++] as number;
  }
  return ordered;
}

function heads(rows: Uint8Array, width: number): Uint8Array {
  const codes = new Uint8Array((rows.length / width) * CODE_LENGTH);
  for (let from = 0, to = 0; from < rows.length; from += width - CODE_LENGTH) {
    for (const end = to + CODE_LENGTH; to < end; ) codes[to++] = rows[from++] as number;
  }
  return codes;
}

/** Sorted rows without those that stand there twice; closes the gaps in place. */
function distinct(sorted: Uint8Array, width: number): Uint8Array {
  const view = new DataView(sorted.buffer, sorted.byteOffset, sorted.byteLength);
  const codesARow = width / CODE_LENGTH;
  const rows = sorted.length / width;
  let kept = Math.min(1, rows);
  for (let row = 1; row < rows; row++) {
    if (compareCodes(view, (kept - 1) * codesARow, view, row * codesARow) === 0) {
      if (
        codesARow === 1 ||
        compareCodes(view, kept * codesARow - 1, view, (row + 1) * codesARow - 1) === 0
      ) {
        continue;
      }
      throw folderFault('files of pairs contradict each other: an old code has two new ones');
    }
    if (kept < row) sorted.copyWithin(kept * width, row * width, (row + 1) * width);
    kept++;
  }
  return sorted.subarray(0, kept * width);
}
