import { createCipheriv, createHmac, randomBytes } from 'node:crypto';
import { aeskw } from '@noble/ciphers/aes.js';
import { BatchKeyWrap } from '../src/scheme/batch-key-wrap.js';
import { syntheticResidents } from '../test/support/residents.js';
import type { BenchResult } from './results.js';
import { measure, type Pace } from './rounds.js';

const BLOCKS = Buffer.alloc(65_536);
const ITEMS = 200;
const RFC_3394_IV = Buffer.alloc(8, 0xa6);

/** What others offer for the same, without an HSM: in this process, on one thread. */
export async function measurePeers(pace: Pace): Promise<BenchResult[]> {
  const key = randomBytes(32);
  const values = Array.from({ length: ITEMS }, () => randomBytes(16));
  const residents = Buffer.from(syntheticResidents(4, 0, ITEMS));
  const nodeWrap = (value: Uint8Array) => createCipheriv('id-aes256-wrap', key, RFC_3394_IV).update(value);
  // An instance of noble's encrypts once only.
  const nobleWrap = (value: Uint8Array) => aeskw(key).encrypt(value);
  checkAgreement(key, values, nodeWrap, nobleWrap);

  const one = async (name: string, unit: string, work: () => number): Promise<BenchResult> => ({
    name: `peer.${name}`,
    unit,
    rate: await measure(pace, work),
  });
  return [
    await one('node-aes-256-ecb', 'blocks/s', () => {
      createCipheriv('aes-256-ecb', key, null).update(BLOCKS);
      return BLOCKS.length / 16;
    }),
    await one('node-id-aes256-wrap', 'codes/s', () => {
      for (const value of values) nodeWrap(value);
      return ITEMS;
    }),
    await one('noble-aeskw', 'codes/s', () => {
      for (const value of values) nobleWrap(value);
      return ITEMS;
    }),
    await one('node-hmac-sha256', 'codes/s', () => {
      for (let k = 0; k < ITEMS; k++) {
        createHmac('sha256', key)
          .update(residents.subarray(k * 11, (k + 1) * 11))
          .digest();
      }
      return ITEMS;
    }),
  ];
}

/** Before anything is timed: both peers and our own batched wrap give the same bytes. */
function checkAgreement(
  key: Buffer,
  values: readonly Buffer[],
  ...wraps: readonly ((value: Uint8Array) => Uint8Array)[]
): void {
  const packed = Uint8Array.from(Buffer.concat(values));
  const codes = new Uint32Array(values.length * 6);
  const ecb = (blocks: Uint8Array) => blocks.set(createCipheriv('aes-256-ecb', key, null).update(blocks));
  new BatchKeyWrap(values.length).wrap(ecb, new Uint32Array(packed.buffer), codes);
  for (const wrap of wraps) {
    if (!Buffer.from(codes.buffer).equals(Buffer.concat(values.map(wrap)))) {
      throw new Error('two implementations of AES Key Wrap disagree');
    }
  }
}
