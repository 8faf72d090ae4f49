import { CODE_LENGTH } from '../../codes/per-institution-code.js';
import { BLOCK_HEADER_LENGTH, type BlockFile } from './block-file.js';
import { spillCorrupt } from './faults.js';
import { PARTITIONS } from './partition-buffers.js';

/** Rows a block has, but for the last of a partition. */
const ROWS_A_BLOCK = 16_384;
/** Bytes before the outcomes: their number. */
const COUNT_LENGTH = 4;
/** Bytes of a row's number and the person's own code. */
const OWN_LENGTH = 4 + CODE_LENGTH;

/** What became of rows of a partition. */
export interface RowOutcomes {
  /** One byte a row. */
  readonly outcomes: Uint8Array;
  /** By row, ascending, the person's own store code where the row's is of a changed resident record code. */
  readonly own: ReadonlyMap<number, Uint8Array>;
}

/** Writes what became of the rows of one partition, in the order the rows were taken up. */
export function appendOutcomes(file: BlockFile, partition: number, { outcomes, own }: RowOutcomes): void {
  const owned = [...own];
  let next = 0;
  for (let first = 0; first < outcomes.length; first += ROWS_A_BLOCK) {
    const part = outcomes.subarray(first, first + ROWS_A_BLOCK);
    const from = next;
    while (next < owned.length && (owned[next] as [number, Uint8Array])[0] < first + part.length) next++;
    const block = new Uint8Array(
      BLOCK_HEADER_LENGTH + COUNT_LENGTH + part.length + (next - from) * OWN_LENGTH,
    );
    const view = new DataView(block.buffer, BLOCK_HEADER_LENGTH);
    view.setUint32(0, part.length, true);
    block.set(part, BLOCK_HEADER_LENGTH + COUNT_LENGTH);
    owned.slice(from, next).forEach(([row, code], k) => {
      const at = COUNT_LENGTH + part.length + k * OWN_LENGTH;
      view.setUint32(at, row - first, true);
      block.set(code, BLOCK_HEADER_LENGTH + at + 4);
    });
    file.append(partition, block, block.length - BLOCK_HEADER_LENGTH);
  }
}

/** Takes a block apart. */
function parseBlock(block: Uint8Array): RowOutcomes {
  const view = new DataView(block.buffer, block.byteOffset, block.length);
  const rows = view.getUint32(0, true);
  const own = new Map<number, Uint8Array>();
  for (let at = COUNT_LENGTH + rows; at < block.length; at += OWN_LENGTH) {
    own.set(view.getUint32(at, true), block.subarray(at + 4, at + OWN_LENGTH));
  }
  return { outcomes: block.subarray(COUNT_LENGTH, COUNT_LENGTH + rows), own };
}

/** The own store codes that stand with outcomes: of people asked for by a changed resident record code. */
export function* ownCodes(file: BlockFile): Generator<Uint8Array, void, void> {
  for (const place of file.places) yield* parseBlock(file.read(place)).own.values();
}

const NO_OUTCOMES: RowOutcomes = { outcomes: new Uint8Array(0), own: new Map() };

/** Reads the outcomes of all partitions at once, each from its start: a block of each is in memory. */
export class OutcomeCursors {
  readonly #file: BlockFile;
  /** Numbers of the blocks of each partition, and which comes next. */
  readonly #blocks: number[][] = Array.from({ length: PARTITIONS }, () => []);
  readonly #next = new Uint32Array(PARTITIONS);
  readonly #current: RowOutcomes[] = Array.from({ length: PARTITIONS }, () => NO_OUTCOMES);
  readonly #row = new Uint32Array(PARTITIONS);
  /** The person's own store code of the row read last, where there is one. */
  own: Uint8Array | undefined;

  constructor(file: BlockFile) {
    this.#file = file;
    file.places.forEach(({ tag }, k) => {
      this.#blocks[tag]?.push(k);
    });
  }

  /** What became of the next row of a partition. */
  next(partition: number): number {
    const row = this.#row[partition] as number;
    const { outcomes, own } = this.#current[partition] as RowOutcomes;
    if (row === outcomes.length) {
      this.#read(partition);
      return this.next(partition);
    }
    this.#row[partition] = row + 1;
    this.own = own.size === 0 ? undefined : own.get(row);
    return outcomes[row] as number;
  }

  #read(partition: number): void {
    const next = this.#next[partition] as number;
    const place = this.#file.places[this.#blocks[partition]?.[next] ?? -1];
    if (place === undefined) throw spillCorrupt('a request has no outcome');
    this.#current[partition] = parseBlock(this.#file.read(place));
    this.#next[partition] = next + 1;
    this.#row[partition] = 0;
  }
}
