import { copyOf } from '../../bytes/packed.js';
import { CODE_LENGTH } from '../../codes/per-institution-code.js';
import { BLOCK_HEADER_LENGTH, type BlockFile } from './block-file.js';

/** Partitions of a spill: one for every first byte of a store code. */
export const PARTITIONS = 256;

/** Codes of one partition that wait to be written: 112 KiB, 28 MiB for all. A checkpoint fills about as many. */
const CAPACITY = 4_680;

const WORDS_A_CODE = CODE_LENGTH / 4;
const HEADER_WORDS = BLOCK_HEADER_LENGTH / 4;
const BUFFER_WORDS = HEADER_WORDS + CAPACITY * WORDS_A_CODE;

/** Sorts store codes into partitions and writes each as a block when its buffer is full. */
export class PartitionBuffers {
  readonly #file: BlockFile;
  readonly #words = new Uint32Array(PARTITIONS * BUFFER_WORDS);
  readonly #fill = new Uint32Array(PARTITIONS);

  constructor(file: BlockFile) {
    this.#file = file;
  }

  /**
   * Takes codes up.
   *
   * @param codes n × 24 bytes
   * @param partitions n bytes: gets the partition of each
   * @param skipped gets no row for these
   */
  add(codes: Uint8Array, partitions: Uint8Array, skipped: ReadonlyMap<number, unknown>): void {
    // Rows are copied as words: a copy is made only of codes that do not lie on a word.
    const aligned = codes.byteOffset % 4 === 0 ? codes : copyOf(codes);
    const from = new Uint32Array(aligned.buffer, aligned.byteOffset, aligned.length / 4);
    const words = this.#words;
    const fill = this.#fill;
    const rows = codes.length / CODE_LENGTH;
    for (let row = 0; row < rows; row++) {
      if (skipped.size > 0 && skipped.has(row)) continue;
      const partition = aligned[row * CODE_LENGTH] as number;
      partitions[row] = partition;
      let source = row * WORDS_A_CODE;
      let target = partition * BUFFER_WORDS + HEADER_WORDS + (fill[partition] as number) * WORDS_A_CODE;
      for (const end = source + WORDS_A_CODE; source < end; ) words[target++] = from[source++] as number;
      const filled = (fill[partition] as number) + 1;
      fill[partition] = filled;
      if (filled === CAPACITY) this.#write(partition);
    }
  }

  /** Writes what waits. */
  flush(): void {
    for (let partition = 0; partition < PARTITIONS; partition++) {
      if ((this.#fill[partition] as number) > 0) this.#write(partition);
    }
  }

  /** Forgets what waits. */
  clear(): void {
    this.#fill.fill(0);
  }

  #write(partition: number): void {
    const buffer = new Uint8Array(this.#words.buffer, partition * BUFFER_WORDS * 4, BUFFER_WORDS * 4);
    this.#file.append(partition, buffer, (this.#fill[partition] as number) * CODE_LENGTH);
    this.#fill[partition] = 0;
  }
}
