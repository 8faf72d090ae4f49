import { wipe } from '../bytes/wipe.js';
import { BLOCK_LENGTH } from './linkage-block.js';

/** Encrypts, or decrypts, whole 16-byte blocks in place, each by itself (ECB) under one key. */
export type BlockTransform = (blocks: Uint8Array) => void;

/** 6 rounds over 2 half-keys (RFC 3394 section 2.2.1 with n = 2). */
const STEPS = 12;
/** RFC 3394 section 2.2.3.1: the initial value, twice as a 32-bit word. */
const INITIAL_WORD = 0xa6a6a6a6;
const BLOCK_WORDS = BLOCK_LENGTH / 4;
const CODE_WORDS = 6;

/** The step number as it lies in the last four bytes of the register A, in this machine's byte order. */
const STEP_WORD = Uint32Array.from({ length: STEPS + 1 }, (_, t) => {
  const bytes = Uint8Array.of(0, 0, 0, t);
  return new Uint32Array(bytes.buffer)[0] as number;
});

/**
 * AES Key Wrap (RFC 3394, NIST SP 800-38F "KW") of many 128-bit values under one key in 12 passes over a block
 * cipher. One buffer holds A || R[1] of every item, the other A || R[2]; a pass encrypts one of them in place and
 * only the register A moves across. Pure: whoever owns the cipher supplies it.
 */
export class BatchKeyWrap {
  /** Items one call takes at the most. */
  readonly capacity: number;
  readonly #first: Uint32Array;
  readonly #second: Uint32Array;

  constructor(capacity: number) {
    this.capacity = capacity;
    this.#first = new Uint32Array(capacity * BLOCK_WORDS);
    this.#second = new Uint32Array(capacity * BLOCK_WORDS);
  }

  /**
   * @param encrypt AES encryption under the wrapping key
   * @param values n × 16 bytes, as 32-bit words in memory order
   * @param codes n × 24 bytes, written
   */
  wrap(encrypt: BlockTransform, values: Uint32Array, codes: Uint32Array): void {
    const x = this.#first;
    const y = this.#second;
    const words = values.length;
    for (let k = 0; k < words; k += BLOCK_WORDS) {
      x[k] = INITIAL_WORD;
      x[k + 1] = INITIAL_WORD;
      x[k + 2] = values[k] as number;
      x[k + 3] = values[k + 1] as number;
      y[k + 2] = values[k + 2] as number;
      y[k + 3] = values[k + 3] as number;
    }
    const xBlocks = blocksOf(x, words);
    const yBlocks = blocksOf(y, words);
    for (let t = 1; t <= STEPS; t++) {
      const odd = t % 2 === 1;
      encrypt(odd ? xBlocks : yBlocks);
      passRegister(odd ? x : y, odd ? y : x, words, STEP_WORD[t] as number);
    }
    for (let k = 0, c = 0; k < words; k += BLOCK_WORDS, c += CODE_WORDS) {
      codes[c] = x[k] as number;
      codes[c + 1] = x[k + 1] as number;
      codes[c + 2] = x[k + 2] as number;
      codes[c + 3] = x[k + 3] as number;
      codes[c + 4] = y[k + 2] as number;
      codes[c + 5] = y[k + 3] as number;
    }
  }

  /**
   * @param decrypt AES decryption under the wrapping key
   * @param codes n × 24 bytes, as 32-bit words in memory order
   * @param values n × 16 bytes, written; zero bytes where the integrity check fails
   * @param forged called with the place of every item whose integrity check fails
   */
  unwrap(
    decrypt: BlockTransform,
    codes: Uint32Array,
    values: Uint32Array,
    forged: (index: number) => void,
  ): void {
    const x = this.#first;
    const y = this.#second;
    const words = (codes.length / CODE_WORDS) * BLOCK_WORDS;
    const lastStep = STEP_WORD[STEPS] as number;
    for (let k = 0, c = 0; k < words; k += BLOCK_WORDS, c += CODE_WORDS) {
      y[k] = codes[c] as number;
      y[k + 1] = (codes[c + 1] as number) ^ lastStep;
      x[k + 2] = codes[c + 2] as number;
      x[k + 3] = codes[c + 3] as number;
      y[k + 2] = codes[c + 4] as number;
      y[k + 3] = codes[c + 5] as number;
    }
    const xBlocks = blocksOf(x, words);
    const yBlocks = blocksOf(y, words);
    for (let t = STEPS; t >= 1; t--) {
      const odd = t % 2 === 1;
      decrypt(odd ? xBlocks : yBlocks);
      if (t > 1) passRegister(odd ? x : y, odd ? y : x, words, STEP_WORD[t - 1] as number);
    }
    for (let k = 0; k < words; k += BLOCK_WORDS) {
      if (x[k] === INITIAL_WORD && x[k + 1] === INITIAL_WORD) {
        values[k] = x[k + 2] as number;
        values[k + 1] = x[k + 3] as number;
        values[k + 2] = y[k + 2] as number;
        values[k + 3] = y[k + 3] as number;
      } else {
        values.fill(0, k, k + BLOCK_WORDS);
        forged(k / BLOCK_WORDS);
      }
    }
  }

  /** Overwrites both buffers: they hold linkage codes, and halves of them, after every call. */
  wipe(): void {
    wipe(this.#first, this.#second);
  }
}

/** Copies the register A of every item from one buffer to the other, with the step number added. */
function passRegister(from: Uint32Array, to: Uint32Array, words: number, step: number): void {
  for (let k = 0; k < words; k += BLOCK_WORDS) {
    to[k] = from[k] as number;
    to[k + 1] = (from[k + 1] as number) ^ step;
  }
}

function blocksOf(buffer: Uint32Array, words: number): Uint8Array {
  return new Uint8Array(buffer.buffer, buffer.byteOffset, words * 4);
}
