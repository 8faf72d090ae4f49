import { closeSync, fdatasync, fstatSync, ftruncateSync, openSync, readSync, writeSync } from 'node:fs';
import { promisify } from 'node:util';
import { crc32 } from 'node:zlib';
import { onDisk, spillCorrupt, spillFault } from './faults.js';

/** Bytes that the caller leaves free before a block: checksum, tag, length, four bytes each. */
export const BLOCK_HEADER_LENGTH = 12;

const synchronise = promisify(fdatasync);

/** Where a block is. */
interface BlockPlace {
  readonly offset: number;
  /** What the writer called it. */
  readonly tag: number;
  /** Bytes without the header. */
  readonly length: number;
}

/**
 * A file of blocks that is only appended to. Each block has a checksum that takes in the spill it belongs to and its
 * place, so that a changed byte, a moved block and a file of another spill are all seen before anything of it is used.
 */
export class BlockFile {
  readonly #descriptor: number;
  readonly #what: string;
  readonly #places: BlockPlace[] = [];
  #end = 0;

  /**
   * Opens a file, or makes it, and cuts it to a length at which it was whole.
   *
   * @param what file name and identity of the spill
   * @throws RenkeiError `SPILL_CORRUPT` when it is shorter, or no file of blocks; `SPILL_FAULT`
   */
  constructor(path: string, what: string, length: number) {
    this.#what = what;
    this.#descriptor = onDisk('opening a file', () => openSync(path, length === 0 ? 'w+' : 'r+', 0o600));
    try {
      if (onDisk('reading', () => fstatSync(this.#descriptor).size) < length) {
        throw spillCorrupt('a file is shorter than it was');
      }
      this.#scan(length);
      this.cutTo(length);
    } catch (error) {
      this.close();
      throw error;
    }
  }

  /** Length of the file. */
  get end(): number {
    return this.#end;
  }

  /** The blocks, in the order they were written. */
  get places(): readonly BlockPlace[] {
    return this.#places;
  }

  /**
   * Writes a block.
   *
   * @param buffer room for the header, then the block
   * @param length bytes of the block
   */
  append(tag: number, buffer: Uint8Array, length: number): void {
    const whole = buffer.subarray(0, BLOCK_HEADER_LENGTH + length);
    const header = new DataView(whole.buffer, whole.byteOffset, BLOCK_HEADER_LENGTH);
    header.setUint32(4, tag, true);
    header.setUint32(8, length, true);
    header.setUint32(0, this.#checksum(this.#end, whole), true);
    onDisk('writing', () => {
      for (let done = 0; done < whole.length; ) {
        done += writeSync(this.#descriptor, whole, done, whole.length - done, this.#end + done);
      }
    });
    this.#places.push({ offset: this.#end, tag, length });
    this.#end += whole.length;
  }

  /**
   * Reads a block.
   *
   * @throws RenkeiError `SPILL_CORRUPT` when it is not as it was written
   */
  read({ offset, tag, length }: BlockPlace): Uint8Array {
    const whole = new Uint8Array(BLOCK_HEADER_LENGTH + length);
    this.#readAt(offset, whole);
    const header = new DataView(whole.buffer);
    const intact =
      header.getUint32(4, true) === tag &&
      header.getUint32(8, true) === length &&
      header.getUint32(0, true) === this.#checksum(offset, whole);
    if (!intact) throw spillCorrupt('a block is not as it was written');
    return whole.subarray(BLOCK_HEADER_LENGTH);
  }

  /** Forgets what was appended after the file had this length. */
  cutTo(length: number): void {
    while (this.#places.length > 0 && (this.#places.at(-1) as BlockPlace).offset >= length) {
      this.#places.pop();
    }
    this.#end = length;
    onDisk('cutting a file', () => ftruncateSync(this.#descriptor, length));
  }

  /** Makes durable what was appended. */
  async synchronise(): Promise<void> {
    try {
      await synchronise(this.#descriptor);
    } catch (error) {
      throw spillFault('synchronising', error);
    }
  }

  close(): void {
    closeSync(this.#descriptor);
  }

  #scan(length: number): void {
    const header = new Uint8Array(BLOCK_HEADER_LENGTH);
    const view = new DataView(header.buffer);
    while (this.#end < length) {
      this.#readAt(this.#end, header);
      const place = { offset: this.#end, tag: view.getUint32(4, true), length: view.getUint32(8, true) };
      this.#places.push(place);
      this.#end += BLOCK_HEADER_LENGTH + place.length;
    }
    if (this.#end !== length) throw spillCorrupt('a file is not one of whole blocks');
  }

  #readAt(offset: number, into: Uint8Array): void {
    onDisk('reading', () => {
      for (let done = 0; done < into.length; ) {
        const read = readSync(this.#descriptor, into, done, into.length - done, offset + done);
        if (read === 0) throw spillCorrupt('a file is shorter than it was');
        done += read;
      }
    });
  }

  #checksum(offset: number, whole: Uint8Array): number {
    return crc32(whole.subarray(4), crc32(`${this.#what} ${offset}`));
  }
}
