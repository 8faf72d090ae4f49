import { CODE_LENGTH } from '../../codes/per-institution-code.js';
import { BLOCK_HEADER_LENGTH, type BlockFile } from './block-file.js';
import { spillCorrupt } from './faults.js';

/** Requests a block has room for. */
const CAPACITY = 32_768;

/** Requests one behind the other, as they lie in a block. */
export interface SpilledRequests {
  readonly rows: number;
  /** One byte a request: the partition of its store code. */
  readonly partitions: Uint8Array;
  /** One byte a request: which refusal, 0 for none. */
  readonly refusals: Uint8Array;
  /** The institution's codes, packed; empty in a spill without. */
  readonly codes: Uint8Array;
}

/** Requests in the order they came in, a block at a time: partitions, then refusals, then codes. */
export class RequestBlocks {
  readonly #file: BlockFile;
  readonly #codeLength: number;
  readonly #buffer: Uint8Array;
  #fill = 0;

  constructor(file: BlockFile, withCodes: boolean) {
    this.#file = file;
    this.#codeLength = withCodes ? CODE_LENGTH : 0;
    this.#buffer = new Uint8Array(BLOCK_HEADER_LENGTH + CAPACITY * (2 + this.#codeLength));
  }

  /** Takes requests up; writes full blocks. */
  add({ rows, partitions, refusals, codes }: SpilledRequests): void {
    const width = this.#codeLength;
    for (let from = 0; from < rows; ) {
      const count = Math.min(rows - from, CAPACITY - this.#fill);
      const to = from + count;
      const columns = this.#columns();
      columns.partitions.set(partitions.subarray(from, to), this.#fill);
      columns.refusals.set(refusals.subarray(from, to), this.#fill);
      columns.codes.set(codes.subarray(from * width, to * width), this.#fill * width);
      from = to;
      this.#fill += count;
      if (this.#fill === CAPACITY) this.flush();
    }
  }

  /** Writes what waits. */
  flush(): void {
    if (this.#fill === 0) return;
    const rows = this.#fill;
    const start = BLOCK_HEADER_LENGTH;
    // Columns of a block that is not full move together.
    this.#buffer.copyWithin(start + rows, start + CAPACITY, start + CAPACITY + rows);
    this.#buffer.copyWithin(
      start + 2 * rows,
      start + 2 * CAPACITY,
      start + (2 + this.#codeLength) * CAPACITY,
    );
    this.#file.append(rows, this.#buffer, rows * (2 + this.#codeLength));
    this.#fill = 0;
  }

  /** Forgets what waits. */
  clear(): void {
    this.#fill = 0;
  }

  /** Number of requests written. */
  get written(): number {
    return this.#file.places.reduce((sum, { tag }) => sum + tag, 0);
  }

  /** Reads all blocks, one after the other. */
  *read(): Generator<SpilledRequests, void, void> {
    for (const place of this.#file.places) {
      const rows = place.tag;
      const block = this.#file.read(place);
      if (block.length !== rows * (2 + this.#codeLength)) throw spillCorrupt('a block has another width');
      yield {
        rows,
        partitions: block.subarray(0, rows),
        refusals: block.subarray(rows, 2 * rows),
        codes: block.subarray(2 * rows),
      };
    }
  }

  #columns() {
    const column = (from: number, width: number) =>
      this.#buffer.subarray(
        BLOCK_HEADER_LENGTH + from * CAPACITY,
        BLOCK_HEADER_LENGTH + (from + width) * CAPACITY,
      );
    return { partitions: column(0, 1), refusals: column(1, 1), codes: column(2, this.#codeLength) };
  }
}
