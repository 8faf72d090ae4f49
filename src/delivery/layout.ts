import { CODE_LENGTH } from '../codes/per-institution-code.js';
import { SIGNATURE_LENGTH } from '../signatures/p256.js';

/** Name and version of the format; also what its signature is for. */
export const FORMAT = 'renkei-delivery/1';
/** First bytes of a file. */
export const MAGIC = new TextEncoder().encode(`${FORMAT}\n`);
/** Bytes of the header's length, most significant first. */
const LENGTH_BYTES = 4;
/** Bytes before the header. */
export const PROLOGUE_LENGTH = MAGIC.length + LENGTH_BYTES;
/** No header is longer. */
export const LONGEST_HEADER = 4096;
/** Bytes of a block's hash in the table. */
export const HASH_LENGTH = 32;
/** An old code and the new one. */
export const PAIR_LENGTH = 2 * CODE_LENGTH;
/** Pairs of a block. */
export const BLOCK_PAIRS = 1024;
/** Bytes of a whole block. */
export const BLOCK_LENGTH = BLOCK_PAIRS * PAIR_LENGTH;

/** Where the parts of a file lie. */
export function layOut(headerLength: number, pairs: number) {
  const blocks = Math.ceil(pairs / BLOCK_PAIRS);
  const table = PROLOGUE_LENGTH + headerLength + SIGNATURE_LENGTH;
  const tableLength = blocks * HASH_LENGTH;
  const firstPair = table + tableLength;
  return { blocks, table, tableLength, firstPair, end: firstPair + pairs * PAIR_LENGTH };
}

/** The bytes before the header. */
export function prologue(headerLength: number): Uint8Array {
  const bytes = new Uint8Array(PROLOGUE_LENGTH);
  bytes.set(MAGIC);
  new DataView(bytes.buffer).setUint32(MAGIC.length, headerLength);
  return bytes;
}

/** The header's length in the bytes before it; undefined when they are none of this format. */
export function headerLengthIn(bytes: Uint8Array): number | undefined {
  const { length } = MAGIC;
  const headerLength = new DataView(bytes.buffer, bytes.byteOffset, bytes.length).getUint32(length);
  const isOurs = Buffer.from(bytes.subarray(0, length)).equals(MAGIC) && headerLength <= LONGEST_HEADER;
  return isOurs ? headerLength : undefined;
}

/**
 * The first pair of a block whose old code is not above the one before it; undefined when all are.
 *
 * @param last the old code before the block
 */
export function firstOutOfOrder(block: Buffer, last: Uint8Array | undefined): number | undefined {
  for (let at = 0; at < block.length; at += PAIR_LENGTH) {
    const [before, from] = at === 0 ? [last, 0] : [block, at - PAIR_LENGTH];
    if (before === undefined) continue;
    if (block.compare(before, from, from + CODE_LENGTH, at, at + CODE_LENGTH) <= 0) return at / PAIR_LENGTH;
  }
  return undefined;
}

/** A copy of the last old code of a block. */
export function lastOldCode(block: Uint8Array): Uint8Array {
  // Not slice: of a Buffer that is a view.
  return new Uint8Array(block.subarray(block.length - PAIR_LENGTH, block.length - CODE_LENGTH));
}
