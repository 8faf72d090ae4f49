import { aeskw } from '@noble/ciphers/aes.js';
import pkcs11js, { type Mechanism, type PKCS11 } from 'pkcs11js';
import { row } from '../../../bytes/packed.js';
import { wipe } from '../../../bytes/wipe.js';
import { CODE_LENGTH } from '../../../codes/per-institution-code.js';
import { type Refusal, RenkeiError } from '../../../errors/renkei-error.js';
import { BatchKeyWrap, type BlockTransform } from '../../../scheme/batch-key-wrap.js';
import { fingerprintOf, zeroKey } from '../../../scheme/fingerprint.js';
import { BLOCK_LENGTH, linkFingerprintBlock, writeLinkageBlocks } from '../../../scheme/linkage-block.js';
import { RESIDENT_RECORD_CODE_LENGTH } from '../../../subjects/resident-record-code.js';
import type { Chunk, SessionEngine } from './engine.js';
import { CKR, ckrOf, moduleError } from './faults.js';
import { type FoundKey, isLinkKey, requireUsage } from './key-ring.js';
import type { Session } from './session.js';

const ECB: Mechanism = { mechanism: pkcs11js.CKM_AES_ECB };

type Direction = 'encrypt' | 'decrypt';

/**
 * The bulk engine: the same bytes as the sealed one from AES-ECB over thousands of blocks a call. Linkage codes lie
 * in this thread's own buffers for the length of a chunk and are wiped after it. A key that does not permit data
 * encryption (or decryption, to come from) is refused.
 */
export class BulkEngine implements SessionEngine {
  readonly usages = { link: 'encrypt', wrap: 'encrypt', unwrap: 'decrypt' } as const;
  readonly #module: PKCS11;
  readonly #session: Buffer;
  /** Bytes a call, by direction: as configured until a trial call has shown what the module takes. */
  readonly #chunkBytes: Record<Direction, number>;
  readonly #tried = new Set<Direction>();
  /** Rows that pass through the buffers at a time. */
  readonly #capacity: number;
  readonly #values: Uint32Array;
  readonly #keyWrap: BatchKeyWrap;

  constructor({ module, handle }: Session, chunkBytes: number) {
    this.#module = module;
    this.#session = handle;
    this.#chunkBytes = { encrypt: chunkBytes, decrypt: chunkBytes };
    this.#capacity = chunkBytes / BLOCK_LENGTH;
    this.#values = new Uint32Array(chunkBytes / 4);
    this.#keyWrap = new BatchKeyWrap(this.#capacity);
  }

  readonly fingerprint = (key: Pick<FoundKey, 'name' | 'handle' | 'usages'>) => {
    requireUsage(key, 'encrypt');
    const encrypt = this.transform('encrypt', key.handle);
    let wrappedZeroKey: Uint8Array;
    if (isLinkKey(key.name)) {
      const derived = linkFingerprintBlock();
      encrypt(derived);
      wrappedZeroKey = aeskw(derived).encrypt(zeroKey());
      wipe(derived);
    } else {
      wrappedZeroKey = new Uint8Array(CODE_LENGTH);
      this.#keyWrap.wrap(encrypt, wordsOf(zeroKey()), wordsOf(wrappedZeroKey));
    }
    return { fingerprint: fingerprintOf(wrappedZeroKey), wrappedZeroKey };
  };

  compute(chunk: Chunk): Refusal[] {
    const refusals: Refusal[] = [];
    const width = chunk.from === undefined ? RESIDENT_RECORD_CODE_LENGTH : CODE_LENGTH;
    try {
      for (let first = 0; first < chunk.rows; first += this.#capacity) {
        chunk.checkAbort();
        const count = Math.min(this.#capacity, chunk.rows - first);
        const input = chunk.input.subarray(first * width, (first + count) * width);
        const firstIndex = chunk.firstIndex + first;
        const refused =
          chunk.from === undefined
            ? this.derive(input, chunk.links, firstIndex)
            : this.unwrap(input, chunk.from, chunk.links, firstIndex);
        chunk.to.forEach((audience, k) => {
          const output = chunk.outputs[k] as Uint8Array;
          const codes = output.subarray(first * CODE_LENGTH, (first + count) * CODE_LENGTH);
          this.wrap(audience, codes);
          for (const { index } of refused) row(codes, CODE_LENGTH, index - firstIndex).fill(0);
        });
        refusals.push(...refused);
      }
      return refusals;
    } finally {
      wipe(this.#values);
      this.#keyWrap.wipe();
    }
  }

  /** Residents to linkage codes, which stay in this engine's buffer. At most `capacity` rows. */
  derive(residents: Uint8Array, links: readonly Pick<FoundKey, 'handle'>[], firstIndex: number): Refusal[] {
    const rows = residents.length / RESIDENT_RECORD_CODE_LENGTH;
    const blocks = this.#blocks(rows);
    const refusals = writeLinkageBlocks(residents, blocks, firstIndex);
    for (const { handle } of links) this.transform('encrypt', handle)(blocks);
    return refusals;
  }

  /** Codes at an audience to linkage codes, which stay in this engine's buffer. At most `capacity` rows. */
  unwrap(
    codes: Uint8Array,
    from: Pick<FoundKey, 'handle'>,
    links: readonly Pick<FoundKey, 'handle'>[],
    firstIndex: number,
  ): Refusal[] {
    const rows = codes.length / CODE_LENGTH;
    const refusals: Refusal[] = [];
    const values = this.#values.subarray(0, (rows * BLOCK_LENGTH) / 4);
    this.#keyWrap.unwrap(this.transform('decrypt', from.handle), wordsOf(codes), values, (k) =>
      refusals.push({ index: firstIndex + k, code: 'CODE_FORGED' }),
    );
    for (const { handle } of links) this.transform('encrypt', handle)(this.#blocks(rows));
    return refusals;
  }

  /** The linkage codes in this engine's buffer to codes at an audience, as many as `codes` has room for. */
  wrap(audience: Pick<FoundKey, 'handle'>, codes: Uint8Array): void {
    const rows = codes.length / CODE_LENGTH;
    const values = this.#values.subarray(0, (rows * BLOCK_LENGTH) / 4);
    this.#keyWrap.wrap(this.transform('encrypt', audience.handle), values, wordsOf(codes));
  }

  /** AES-ECB under a key, in place, in calls of as many bytes as the module takes. */
  transform(direction: Direction, key: Buffer): BlockTransform {
    if (!this.#tried.has(direction)) this.#tryChunkSize(direction, key);
    const size = this.#chunkBytes[direction];
    return (blocks) => {
      for (let offset = 0; offset < blocks.length; offset += size) {
        const length = Math.min(size, blocks.length - offset);
        const part = Buffer.from(blocks.buffer, blocks.byteOffset + offset, length);
        try {
          this.#crypt(direction, key, part, part);
        } catch (error) {
          throw moduleError(direction === 'encrypt' ? 'C_Encrypt' : 'C_Decrypt', error);
        }
      }
    };
  }

  /**
   * Before the first real call: halves the chunk until the module takes it, and makes sure that it works in place.
   * Done on zero blocks, so that no batch is ever run through the cipher twice.
   */
  #tryChunkSize(direction: Direction, key: Buffer): void {
    const one = Buffer.alloc(BLOCK_LENGTH);
    for (;;) {
      const blocks = Buffer.alloc(this.#chunkBytes[direction]);
      try {
        this.#crypt(direction, key, Buffer.alloc(BLOCK_LENGTH), one);
        this.#crypt(direction, key, blocks, blocks);
      } catch (error) {
        if (ckrOf(error)?.code !== CKR.DATA_LEN_RANGE || blocks.length === BLOCK_LENGTH) {
          throw moduleError(direction === 'encrypt' ? 'C_Encrypt' : 'C_Decrypt', error);
        }
        this.#endOperation(direction);
        this.#chunkBytes[direction] = Math.ceil(blocks.length / 2 / BLOCK_LENGTH) * BLOCK_LENGTH;
        continue;
      }
      for (let offset = 0; offset < blocks.length; offset += BLOCK_LENGTH) {
        if (one.compare(blocks, offset, offset + BLOCK_LENGTH) === 0) continue;
        throw new RenkeiError('MODULE_REFUSED', 'the module does not encrypt in place block by block');
      }
      this.#tried.add(direction);
      return;
    }
  }

  #crypt(direction: Direction, key: Buffer, from: Buffer, to: Buffer): void {
    if (direction === 'encrypt') {
      this.#module.C_EncryptInit(this.#session, ECB, key);
      this.#module.C_Encrypt(this.#session, from, to);
    } else {
      this.#module.C_DecryptInit(this.#session, ECB, key);
      this.#module.C_Decrypt(this.#session, from, to);
    }
  }

  /** Some modules keep an operation open after refusing its data. */
  #endOperation(direction: Direction): void {
    try {
      const rest = Buffer.alloc(BLOCK_LENGTH);
      if (direction === 'encrypt') this.#module.C_EncryptFinal(this.#session, rest);
      else this.#module.C_DecryptFinal(this.#session, rest);
    } catch {
      // Others have ended it: that is what is wanted.
    }
  }

  #blocks(rows: number): Uint8Array {
    return new Uint8Array(this.#values.buffer, 0, rows * BLOCK_LENGTH);
  }
}

function wordsOf(bytes: Uint8Array): Uint32Array {
  return new Uint32Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 4);
}
