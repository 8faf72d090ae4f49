import { aeskw, ecb } from '@noble/ciphers/aes.js';
import { Redacted } from '../../bytes/redacted.js';
import { wipe } from '../../bytes/wipe.js';
import { type KeyName, parseKeyName } from '../../codes/key-names.js';
import { RenkeiError } from '../../errors/renkei-error.js';
import { fingerprintOf, zeroKey } from '../../scheme/fingerprint.js';
import { linkFingerprintBlock } from '../../scheme/linkage-block.js';

const KEY_LENGTH = 32;

/** AES-256 keys in process memory, by name. Copied on the way in, wiped on closing. */
export class SoftwareKeys extends Redacted {
  readonly #keys = new Map<KeyName, Uint8Array>();

  constructor(keys: Readonly<Record<string, Uint8Array>>) {
    super();
    for (const [text, key] of Object.entries(keys)) {
      const { kind, name } = parseKeyName(text);
      if (kind === 'audit') {
        throw new RenkeiError(
          'KEY_NAME_INVALID',
          `${name} is a key pair: a software vault has no place for it`,
        );
      }
      if (!(key instanceof Uint8Array) || key.length !== KEY_LENGTH) {
        throw new RenkeiError('KEY_LENGTH', `key ${name} must be a Uint8Array of ${KEY_LENGTH} bytes`);
      }
      this.#keys.set(name, key.slice());
    }
  }

  /** The names of all keys. */
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

  fingerprint(name: KeyName): string {
    if (parseKeyName(name).kind !== 'link') return fingerprintOf(this.wrap(name, zeroKey()));
    const key = this.link(name, linkFingerprintBlock());
    const fingerprint = fingerprintOf(aeskw(key).encrypt(zeroKey()));
    wipe(key);
    return fingerprint;
  }

  wipe(): void {
    wipe(...this.#keys.values());
    this.#keys.clear();
  }

  #find(name: KeyName): Uint8Array {
    const key = this.#keys.get(name);
    if (key === undefined) throw new RenkeiError('KEY_NOT_FOUND', `there is no key ${name}`);
    return key;
  }
}
