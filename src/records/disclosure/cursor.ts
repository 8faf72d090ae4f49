import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto';
import { wipe } from '../../bytes/wipe.js';
import { RenkeiError } from '../../errors/renkei-error.js';

/*
 * The cursor says after which serial number a page goes on. It is given to the person's side, and the record may be a
 * withheld one, whose serial number would tell when it was made: so it is encrypted, AES-256-GCM with a random nonce,
 * under a key that HKDF-SHA-256 makes of the person's record code. It means nothing for another person, outlives a
 * restart, and needs no state.
 */

const NONCE_LENGTH = 12;
const SERIAL_LENGTH = 8;
const TAG_LENGTH = 16;
const LENGTH = NONCE_LENGTH + SERIAL_LENGTH + TAG_LENGTH;
const FORM = /^[A-Za-z0-9_-]{48}$/;
const CIPHER = 'aes-256-gcm';
const INFO = 'renkei disclosure cursor/1';

/** The cursor of what comes after a record. */
export function writeCursor(recordCode: Uint8Array, serial: number): string {
  const nonce = randomBytes(NONCE_LENGTH);
  const plain = Buffer.alloc(SERIAL_LENGTH);
  plain.writeBigUInt64BE(BigInt(serial));
  const key = keyOf(recordCode);
  try {
    const cipher = createCipheriv(CIPHER, key, nonce);
    return Buffer.concat([nonce, cipher.update(plain), cipher.final(), cipher.getAuthTag()]).toString(
      'base64url',
    );
  } finally {
    wipe(key);
  }
}

/**
 * The serial number in a cursor.
 *
 * @param codes record codes of the person, one of which it was written with
 * @throws RenkeiError `CURSOR_INVALID`
 */
export function readCursor(codes: Iterable<Uint8Array>, cursor: string): number {
  if (FORM.test(cursor)) {
    const bytes = Buffer.from(cursor, 'base64url');
    for (const code of codes) {
      const serial = decrypted(code, bytes);
      if (serial !== undefined) return serial;
    }
  }
  throw new RenkeiError(
    'CURSOR_INVALID',
    'the cursor was not given to this person, or record codes have changed since: begin with the first page',
  );
}

function decrypted(recordCode: Uint8Array, bytes: Buffer): number | undefined {
  const key = keyOf(recordCode);
  try {
    const decipher = createDecipheriv(CIPHER, key, bytes.subarray(0, NONCE_LENGTH));
    decipher.setAuthTag(bytes.subarray(LENGTH - TAG_LENGTH));
    const plain = decipher.update(bytes.subarray(NONCE_LENGTH, NONCE_LENGTH + SERIAL_LENGTH));
    decipher.final();
    return Number(plain.readBigUInt64BE());
  } catch {
    return undefined;
  } finally {
    wipe(key);
  }
}

function keyOf(recordCode: Uint8Array): Uint8Array {
  return new Uint8Array(hkdfSync('sha256', recordCode, '', INFO, 32));
}
