import { createHash } from 'node:crypto';
import { hexToBytes } from '@noble/hashes/utils.js';
import type { AuditKeyName, KeyName } from '../../codes/key-names.js';
import { RenkeiError } from '../../errors/renkei-error.js';
import { isSigned, publicKeyFingerprint } from '../../signatures/p256.js';
import type { CallLimits } from '../call-limits.js';
import type { SessionPool } from './session-pool.js';

/** The audit keys of a token, in the sessions of a vault. */
export class AuditKeys {
  readonly #pool: SessionPool;
  readonly #pin: (key: KeyName, fingerprint: string) => void;

  /** @param pin holds a fingerprint against the one seen first, and throws when it is another */
  constructor(pool: SessionPool, pin: (key: KeyName, fingerprint: string) => void) {
    this.#pool = pool;
    this.#pin = pin;
  }

  /** Reads the public half of a key: SubjectPublicKeyInfo, DER. */
  async publicKey(key: AuditKeyName, limits: CallLimits): Promise<Uint8Array> {
    const { publicKey } = await this.#pool.run((worker) => worker.ask('publicKey', { key }), limits);
    this.#pin(key, publicKeyFingerprint(publicKey));
    return publicKey;
  }

  /** Signs, and checks the signature by the public half. */
  async sign(key: AuditKeyName, message: Uint8Array, limits: CallLimits): Promise<Uint8Array> {
    const publicKey = await this.publicKey(key, limits);
    const digest = createHash('sha256').update(message).digest();
    const { signature } = await this.#pool.run((worker) => worker.ask('sign', { key, digest }), limits);
    const bytes = hexToBytes(signature);
    // The public half is an object of its own, which a holder of the PIN may have replaced.
    if (isSigned(publicKey, message, bytes)) return bytes;
    throw new RenkeiError('KEY_FINGERPRINT_MISMATCH', `the halves of key ${key} do not belong together`);
  }
}
