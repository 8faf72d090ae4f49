import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { folderFault, inFolder } from './faults.js';
import { rowsBelow } from './key-ranges.js';

/** Where sorted rows lie in a file. */
export interface SortedSection {
  readonly file: string;
  /** Bytes before the first row. */
  readonly offset: number;
  readonly rows: number;
}

/**
 * Sorted rows of one width in a file, taken one range of codes after the other. Keeps no file open: there may be a
 * thousand.
 */
export class SortedRows {
  readonly #path: string;
  readonly #width: number;
  readonly #readRows: number;
  #offset: number;
  #left: number;
  #buffer = new Uint8Array(0);

  /** @param readRows rows to be read at a time */
  constructor(folder: string, { file, offset, rows }: SortedSection, width: number, readRows: number) {
    this.#path = join(folder, file);
    this.#width = width;
    this.#readRows = readRows;
    this.#offset = offset;
    this.#left = rows;
  }

  /**
   * The rows below a bound that were not taken yet.
   *
   * @throws RenkeiError `ROTATION_FOLDER`
   */
  async takeBelow(bound: number): Promise<Uint8Array[]> {
    const taken: Uint8Array[] = [];
    for (;;) {
      const bytes = rowsBelow(this.#buffer, this.#width, bound) * this.#width;
      if (bytes > 0) taken.push(this.#buffer.subarray(0, bytes));
      this.#buffer = this.#buffer.subarray(bytes);
      if (this.#buffer.length > 0 || this.#left === 0) return taken;
      await this.#readOn();
    }
  }

  async #readOn(): Promise<void> {
    const rows = Math.min(this.#left, this.#readRows);
    const buffer = new Uint8Array(rows * this.#width);
    await inFolder('reading', async () => {
      const handle = await open(this.#path, 'r');
      try {
        for (let done = 0; done < buffer.length; ) {
          const { bytesRead } = await handle.read(buffer, done, buffer.length - done, this.#offset + done);
          if (bytesRead === 0) throw folderFault('a file of pairs is shorter than it was');
          done += bytesRead;
        }
      } finally {
        await handle.close();
      }
    });
    this.#offset += buffer.length;
    this.#left -= rows;
    this.#buffer = buffer;
  }
}
