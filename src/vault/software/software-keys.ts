import { createPrivateKey, createPublicKey, type KeyObject, sign } from 'node:crypto';
import { aeskw, ecb } from '@noble/ciphers/aes.js';
import { copyOf } from '../../bytes/packed.js';
import { Redacted } from '../../bytes/redacted.js';
import { wipe } from '../../bytes/wipe.js';
import { type AuditKeyName, type KeyName, parseKeyName } from '../../codes/key-names.js';
import { RenkeiError } from '../../errors/renkei-error.js';
import { fingerprintOf, zeroKey } from '../../scheme/fingerprint.js';
import { linkFingerprintBlock } from '../../scheme/linkage-block.js';
import { publicKeyFingerprint, withLowerS } from '../../signatures/p256.js';

const KEY_LENGTH = 32;

/**
 * AES-256 keys and audit keys in process memory, by name. Copied on the way in; the AES keys are wiped on closing, a
 * key pair is left to the garbage collector.
 */
export class SoftwareKeys extends Redacted {
  readonly #keys = new Map<KeyName, Uint8Array>();
  readonly #auditKeys = new Map<KeyName, KeyObject>();

  constructor(keys: Readonly<Record<string, Uint8Array>>) {
    super();
    for (const [text, key] of Object.entries(keys)) {
      const { kind, name } = parseKeyName(text);
      if (kind === 'audit') {
        this.#auditKeys.set(name, readPair(name, key));
        continue;
      }
      if (!(key instanceof Uint8Array) || key.length !== KEY_LENGTH) {
        throw new RenkeiError('KEY_LENGTH', `key ${name} must be a Uint8Array of ${KEY_LENGTH} bytes`);
      }
      this.#keys.set(name, copyOf(key));
    }
  }

  /** The names of all AES keys. */
  names(): KeyName[] {
    return [...this.#keys.keys()];
  }

  /** AES-256 of one block under a link key; the caller wipes the answer. */
  link(name: KeyName, block: Uint8Array): Uint8Array {
    return ecb(this.#find(name), { disablePadding: true }).encrypt(block);
  }

  /** KW of a 16-byte value under an audience's key. */
  wrap(name: KeyName, value: Uint8Array): Uint8Array {
    return aeskw(this.#find(name)).encrypt(value);
  }

  /** The 16-byte value inside a code, or `undefined` for a forged one; the caller wipes the answer. */
  unwrap(name: KeyName, code: Uint8Array): Uint8Array | undefined {
    const key = this.#find(name);
    try {
      return aeskw(key).decrypt(code);
    } catch {
      // The lengths are checked before: what is left is the integrity check of RFC 3394 section 2.2.3.
      return undefined;
    }
  }

  /** Signs with an audit key. */
  sign(name: AuditKeyName, message: Uint8Array): Uint8Array {
    const key = found(name, this.#auditKeys.get(name));
    return withLowerS(new Uint8Array(sign('sha256', message, { key, dsaEncoding: 'ieee-p1363' })));
  }

  /** The public half of an audit key. */
  publicKey(name: KeyName): Uint8Array {
    const key = createPublicKey(found(name, this.#auditKeys.get(name)));
    return new Uint8Array(key.export({ type: 'spki', format: 'der' }));
  }

  fingerprint(name: KeyName): string {
    const { kind } = parseKeyName(name);
    if (kind === 'audit') return publicKeyFingerprint(this.publicKey(name));
    if (kind !== 'link') return fingerprintOf(this.wrap(name, zeroKey()));
    const key = this.link(name, linkFingerprintBlock());
    const fingerprint = fingerprintOf(aeskw(key).encrypt(zeroKey()));
    wipe(key);
    return fingerprint;
  }

  /** Wipes and forgets one key, if it is there. */
  destroy(name: KeyName): void {
    wipe(this.#keys.get(name));
    this.#keys.delete(name);
    this.#auditKeys.delete(name);
  }

  has(name: KeyName): boolean {
    return this.#keys.has(name) || this.#auditKeys.has(name);
  }

  wipe(): void {
    for (const name of [...this.#keys.keys(), ...this.#auditKeys.keys()]) this.destroy(name);
  }

  #find(name: KeyName): Uint8Array {
    return found(name, this.#keys.get(name));
  }
}

function found<T>(name: KeyName, key: T | undefined): T {
  if (key === undefined) throw new RenkeiError('KEY_NOT_FOUND', `there is no key ${name}`);
  return key;
}

function readPair(name: AuditKeyName, pkcs8: Uint8Array): KeyObject {
  try {
    const key = createPrivateKey({ key: Buffer.from(pkcs8), format: 'der', type: 'pkcs8' });
    if (key.asymmetricKeyDetails?.namedCurve === 'prime256v1') return key;
  } catch {
    // What OpenSSL says may tell of the content.
  }
  throw new RenkeiError('OPTION_INVALID', `key ${name} must be a private key on P-256: PKCS#8, DER`);
}
