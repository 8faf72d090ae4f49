import { createCipheriv } from 'node:crypto';
import pkcs11js from 'pkcs11js';
import { CODE_LENGTH } from '../src/codes/per-institution-code.js';
import { BulkEngine } from '../src/vault/pkcs11/worker/bulk-engine.js';
import { syntheticResidents } from '../test/support/residents.js';
import type { BenchToken } from './token.js';

const ROWS = 100;
const RFC_3394_IV = Buffer.alloc(8, 0xa6);

/**
 * Before anything is timed: the bulk engine on this module, under known keys, gives the bytes that node:crypto gives.
 * The known keys are session objects; a token that takes no key from outside cannot be checked this way.
 */
export function crossCheck(token: BenchToken): void {
  const linkKey = Buffer.alloc(32, 1);
  const audienceKey = Buffer.alloc(32, 2);
  const residents = syntheticResidents(6, 0, ROWS);
  const engine = new BulkEngine(token.session, 1024);
  const codes = new Uint8Array(ROWS * CODE_LENGTH);
  const link = importKey(token, linkKey);
  const audience = importKey(token, audienceKey);
  const rows = 1024 / 16;
  for (let first = 0; first < ROWS; first += rows) {
    const count = Math.min(rows, ROWS - first);
    engine.derive(residents.subarray(first * 11, (first + count) * 11), [{ handle: link }], 0);
    engine.wrap({ handle: audience }, codes.subarray(first * CODE_LENGTH, (first + count) * CODE_LENGTH));
  }
  const digits = Buffer.from(residents);
  const expected = Array.from({ length: ROWS }, (_, k) => {
    const block = Buffer.concat([Buffer.from('RK1:\0'), digits.subarray(k * 11, (k + 1) * 11)]);
    const linkage = createCipheriv('aes-256-ecb', linkKey, null).update(block);
    return createCipheriv('id-aes256-wrap', audienceKey, RFC_3394_IV).update(linkage);
  });
  if (!Buffer.concat(expected).equals(codes)) throw new Error('the bulk engine and node:crypto disagree');
}

function importKey({ session: { module, handle } }: BenchToken, value: Buffer): Buffer {
  return module.C_CreateObject(handle, [
    { type: pkcs11js.CKA_CLASS, value: pkcs11js.CKO_SECRET_KEY },
    { type: pkcs11js.CKA_KEY_TYPE, value: pkcs11js.CKK_AES },
    { type: pkcs11js.CKA_TOKEN, value: false },
    { type: pkcs11js.CKA_ENCRYPT, value: true },
    { type: pkcs11js.CKA_VALUE, value },
  ]);
}
