import type { FileHandle } from 'node:fs/promises';
import { allocateOffHeap } from '../bytes/allocate.js';
import { Redacted } from '../bytes/redacted.js';
import { wipe } from '../bytes/wipe.js';
import { codeAt } from '../codes/packed-codes.js';
import {
  CODE_LENGTH,
  formatPerInstitutionCode,
  type PerInstitutionCode,
} from '../codes/per-institution-code.js';
import { throwIfAborted } from '../errors/abort.js';
import { checkOptions, integerRule, signalRule } from '../errors/options.js';
import { RenkeiError } from '../errors/renkei-error.js';
import { leafHash } from '../signatures/merkle-tree.js';
import { deliveryInvalid, onDisk, readAt } from './faults.js';
import type { DeliveryHeader } from './header.js';
import {
  BLOCK_LENGTH,
  BLOCK_PAIRS,
  firstOutOfOrder,
  HASH_LENGTH,
  lastOldCode,
  PAIR_LENGTH,
} from './layout.js';

/** Options of reading pairs. */
export interface ReadPairsOptions {
  /** Number of the first pair, from 0: how many were dealt with before. Default 0. */
  readonly from?: number;
  /** Gives up between batches with `ABORTED`. */
  readonly signal?: AbortSignal;
}

/** Pairs of an institution's codes in their external form (情報提供用個人識別符号). */
export interface DeliveredCodes {
  /** Number of the first of them, from 0. */
  readonly first: number;
  /** Codes that the institution has. */
  readonly oldCodes: readonly PerInstitutionCode[];
  /** In the same order, the codes that take their place. */
  readonly newCodes: readonly PerInstitutionCode[];
}

/** Pairs of codes, packed. The buffers belong to whoever receives them. */
export interface DeliveredPairs {
  /** Number of the first of them, from 0. */
  readonly first: number;
  /** n × 24 bytes. */
  readonly oldCodes: Uint8Array;
  /** n × 24 bytes, in the same order. */
  readonly newCodes: Uint8Array;
}

/**
 * A delivery whose signature and table are right. Pairs are handed out of blocks that were checked, and of no other.
 */
export class Delivery extends Redacted {
  /** What it is. */
  readonly header: DeliveryHeader;
  readonly #file: FileHandle;
  readonly #table: Uint8Array;
  readonly #firstPair: number;

  /** @internal */
  constructor(file: FileHandle, header: DeliveryHeader, table: Uint8Array, firstPair: number) {
    super();
    this.#file = file;
    this.header = header;
    this.#table = table;
    this.#firstPair = firstPair;
  }

  /**
   * An institution's pairs in their external form, in the order of the old codes, up to 1,024 at a time.
   *
   * @throws RenkeiError `DELIVERY_INVALID` before anything of a changed block is handed out, `DELIVERY_FAULT`,
   *   `ABORTED`; `OPTION_INVALID` for a record period, whose codes have no external form
   */
  async *codes(options: ReadPairsOptions = {}): AsyncGenerator<DeliveredCodes, void, undefined> {
    const { fromVersion, toVersion } = this.header;
    if (fromVersion === undefined || toVersion === undefined) {
      throw new RenkeiError(
        'OPTION_INVALID',
        'codes of a record period have no external form: read them packed',
      );
    }
    for await (const { first, oldCodes, newCodes } of this.packed(options)) {
      try {
        yield { first, oldCodes: texts(oldCodes, fromVersion), newCodes: texts(newCodes, toVersion) };
      } finally {
        wipe(oldCodes, newCodes);
      }
    }
  }

  /**
   * The pairs, packed, in the order of the old codes, up to 1,024 at a time.
   *
   * @throws RenkeiError `DELIVERY_INVALID` before anything of a changed block is handed out, `DELIVERY_FAULT`,
   *   `ABORTED` or an option error
   */
  async *packed(options: ReadPairsOptions = {}): AsyncGenerator<DeliveredPairs, void, undefined> {
    const { pairs } = this.header;
    checkOptions('reading pairs', options, { from: integerRule(0, pairs), signal: signalRule });
    const { from = 0, signal } = options;
    const start = Math.floor(from / BLOCK_PAIRS);
    // Whoever begins later has not seen the code that the first one must be above.
    let last = start === 0 || from === pairs ? undefined : await this.#lastOf(start - 1);
    for (let first = from; first < pairs; ) {
      throwIfAborted(signal);
      const number = Math.floor(first / BLOCK_PAIRS);
      const block = await this.#block(number, last);
      try {
        last = lastOldCode(block);
        const batch = split(block, first - number * BLOCK_PAIRS);
        yield { first, ...batch };
        first += batch.oldCodes.length / CODE_LENGTH;
      } finally {
        wipe(block);
      }
    }
  }

  /**
   * Reads all pairs and checks them, without handing them out: before anything is changed for any of them.
   *
   * @throws RenkeiError as {@link Delivery.packed}
   */
  async verify(options: Pick<ReadPairsOptions, 'signal'> = {}): Promise<void> {
    checkOptions('verify', options, { signal: signalRule });
    for await (const { oldCodes, newCodes } of this.packed(options)) wipe(oldCodes, newCodes);
  }

  /** Closes the file. */
  async close(): Promise<void> {
    await onDisk('closing', this.#file.close());
  }

  /** The same as {@link Delivery.close}. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #lastOf(number: number): Promise<Uint8Array> {
    const block = await this.#block(number, undefined);
    try {
      return lastOldCode(block);
    } finally {
      wipe(block);
    }
  }

  /** Reads a block and checks it. */
  async #block(number: number, last: Uint8Array | undefined): Promise<Buffer> {
    const pairs = Math.min(BLOCK_PAIRS, this.header.pairs - number * BLOCK_PAIRS);
    const block = Buffer.from(allocateOffHeap(pairs * PAIR_LENGTH).buffer);
    try {
      await readAt(this.#file, block, this.#firstPair + number * BLOCK_LENGTH);
      const hash = this.#table.subarray(number * HASH_LENGTH, (number + 1) * HASH_LENGTH);
      if (!Buffer.from(leafHash(block)).equals(hash)) {
        throw deliveryInvalid('a block of pairs is not as it was written');
      }
      if (firstOutOfOrder(block, last) !== undefined) {
        throw deliveryInvalid('its old codes do not ascend');
      }
      return block;
    } catch (error) {
      wipe(block);
      throw error;
    }
  }
}

function split(block: Uint8Array, from: number) {
  const pairs = block.length / PAIR_LENGTH - from;
  const oldCodes = new Uint8Array(pairs * CODE_LENGTH);
  const newCodes = new Uint8Array(pairs * CODE_LENGTH);
  for (let k = 0; k < pairs; k++) {
    oldCodes.set(codeAt(block, 2 * (from + k)), k * CODE_LENGTH);
    newCodes.set(codeAt(block, 2 * (from + k) + 1), k * CODE_LENGTH);
  }
  return { oldCodes, newCodes };
}

function texts(codes: Uint8Array, version: number): PerInstitutionCode[] {
  return Array.from({ length: codes.length / CODE_LENGTH }, (_, k) =>
    formatPerInstitutionCode(codeAt(codes, k), version),
  );
}
