import { sha256 } from '@noble/hashes/sha2.js';
import pkcs11js, { type Template } from 'pkcs11js';
import { type KeyName, parseKeyName } from '../../../codes/key-names.js';
import { RenkeiError } from '../../../errors/renkei-error.js';
import { attributeType } from '../attributes.js';
import { FaultError } from '../fault.js';
import { CKR, calling, ckrOf, moduleError } from './faults.js';
import { needsLogin, type Session } from './session.js';

/** What a key is asked to do. */
export type Usage = 'derive' | 'wrap' | 'unwrap' | 'encrypt' | 'decrypt';

const USAGE_ATTRIBUTES: Readonly<Record<Usage, number>> = {
  derive: pkcs11js.CKA_DERIVE,
  wrap: pkcs11js.CKA_WRAP,
  unwrap: pkcs11js.CKA_UNWRAP,
  encrypt: pkcs11js.CKA_ENCRYPT,
  decrypt: pkcs11js.CKA_DECRYPT,
};

/** Handles asked for in one call of C_FindObjects. */
const FIND_AT_ONCE = 100;

/** A key on the token, found, read and fingerprinted. */
export interface FoundKey {
  readonly name: KeyName;
  readonly handle: Buffer;
  readonly usages: ReadonlySet<Usage>;
  /** Made by a security officer: linkage codes of level 3 may be wrapped under it. */
  readonly trusted: boolean;
  readonly fingerprint: string;
  /** KW(K, 16 zero bytes): a code that unwraps whenever unwrapping works at all. */
  readonly wrappedZeroKey: Uint8Array;
}

/** How an engine makes KW(K, 16 zero bytes) of a key, and the fingerprint from it. */
export type Fingerprinter = (
  key: Pick<FoundKey, 'name' | 'handle' | 'usages'>,
) => Pick<FoundKey, 'fingerprint' | 'wrappedZeroKey'>;

/** CKA_ID of a key: some modules let a second key with the same identifier replace the first, so it is unique. */
export function keyId(name: KeyName): Buffer {
  return Buffer.from(sha256(Buffer.from(name, 'ascii')).subarray(0, 16));
}

/**
 * The attributes by which a key is found: class, type, label and identifier. An audit key is a pair; its private half
 * is the key, unless the public one is asked for.
 */
export function keySearch(name: KeyName, half: 'secret' | 'public' = 'secret'): Template {
  const pair = parseKeyName(name).kind === 'audit';
  const secret = pair ? pkcs11js.CKO_PRIVATE_KEY : pkcs11js.CKO_SECRET_KEY;
  return [
    { type: pkcs11js.CKA_CLASS, value: half === 'public' ? pkcs11js.CKO_PUBLIC_KEY : secret },
    { type: pkcs11js.CKA_KEY_TYPE, value: pair ? pkcs11js.CKK_EC : pkcs11js.CKK_AES },
    { type: pkcs11js.CKA_LABEL, value: name },
    { type: pkcs11js.CKA_ID, value: keyId(name) },
  ];
}

/** Handles of all keys of that name on the token. */
export function findKeys(session: Session, name: KeyName, half: 'secret' | 'public' = 'secret'): Buffer[] {
  return findObjects(session, keySearch(name, half));
}

/**
 * The handle of the one key of that name.
 *
 * @throws RenkeiError `KEY_NOT_FOUND` or `KEY_AMBIGUOUS`
 */
export function findOnlyKey(session: Session, name: KeyName, half: 'secret' | 'public' = 'secret'): Buffer {
  const handles = findKeys(session, name, half);
  const [handle] = handles;
  if (handle === undefined) {
    throw new RenkeiError('KEY_NOT_FOUND', `there is no key ${name} with its identifier on the token`);
  }
  if (handles.length > 1) {
    throw new RenkeiError('KEY_AMBIGUOUS', `there are ${handles.length} keys ${name} on the token`);
  }
  return handle;
}

/**
 * The same in a session of a vault.
 *
 * @throws FaultError `login` when there is none, without which private keys cannot be seen
 */
export function findWhileLoggedIn(session: Session, name: KeyName): Buffer {
  try {
    return findOnlyKey(session, name);
  } catch (error) {
    if (needsLogin(session)) throw new FaultError('login', 'the login is lost');
    throw error;
  }
}

/** Handles of all objects that match. */
export function findObjects({ module, handle }: Session, search: Template): Buffer[] {
  calling('C_FindObjectsInit', () => module.C_FindObjectsInit(handle, search));
  const found: Buffer[] = [];
  try {
    for (;;) {
      const some = calling('C_FindObjects', () => module.C_FindObjects(handle, FIND_AT_ONCE));
      found.push(...some);
      if (some.length < FIND_AT_ONCE) return found;
    }
  } finally {
    calling('C_FindObjectsFinal', () => module.C_FindObjectsFinal(handle));
  }
}

/** The keys this session works with. Each is checked when it is first asked for, before anything is made with it. */
export class KeyRing {
  readonly #session: Session;
  readonly #fingerprinter: Fingerprinter;
  readonly #keys = new Map<KeyName, FoundKey>();

  constructor(session: Session, fingerprinter: Fingerprinter) {
    this.#session = session;
    this.#fingerprinter = fingerprinter;
  }

  /**
   * Finds a key: exactly one of its name, sensitive and not extractable.
   *
   * @throws RenkeiError `KEY_NOT_FOUND`, `KEY_AMBIGUOUS`, `KEY_EXPOSED` or what fingerprinting meets
   */
  find(name: KeyName): FoundKey {
    const known = this.#keys.get(name);
    if (known !== undefined) return known;
    const handle = findWhileLoggedIn(this.#session, name);
    if (
      !this.#flag(handle, pkcs11js.CKA_SENSITIVE) ||
      this.#flag(handle, pkcs11js.CKA_EXTRACTABLE) !== false
    ) {
      throw new RenkeiError('KEY_EXPOSED', `key ${name} is not marked sensitive and not extractable`);
    }
    const usages = new Set<Usage>();
    for (const [usage, attribute] of Object.entries(USAGE_ATTRIBUTES)) {
      if (this.#flag(handle, attribute)) usages.add(usage as Usage);
    }
    const trusted = this.#flag(handle, attributeType('CKA_TRUSTED')) === true;
    const key = { name, handle, usages, trusted, ...this.#fingerprinter({ name, handle, usages }) };
    this.#keys.set(name, key);
    return key;
  }

  /** The same from the token itself, whatever is known of the key: it may have been destroyed. */
  findAnew(name: KeyName): FoundKey {
    this.#keys.delete(name);
    return this.find(name);
  }

  /** Finds a key, holds its fingerprint against the expected one and checks that it may be used so. */
  use(name: KeyName, expected: string | undefined, ...usages: readonly Usage[]): FoundKey {
    const key = this.#findVerified(name);
    if (key.fingerprint !== expected) {
      // Either another key, or handles gone stale: one recovery tells.
      const message = `key ${name} has another fingerprint than expected`;
      throw new FaultError('login', message, 'KEY_FINGERPRINT_MISMATCH');
    }
    for (const usage of usages) requireUsage(key, usage);
    return key;
  }

  /** A key that was there when the vault first used it: when it is missing now, the token has a fault. */
  #findVerified(name: KeyName): FoundKey {
    try {
      return this.find(name);
    } catch (error) {
      if (!(error instanceof RenkeiError) || error.code !== 'KEY_NOT_FOUND') throw error;
      throw new FaultError(
        'device',
        `key ${name}, verified before, is not on the token now`,
        'KEY_NOT_FOUND',
      );
    }
  }

  /**
   * What a chunk failed with, looked at again. When the token shows others of its keys but not this one, it has no
   * fault: the key was destroyed, and no recovery would bring it back.
   */
  explain(error: unknown, names: readonly KeyName[]): unknown {
    if (!(error instanceof FaultError)) return error;
    const gone = this.#goneKey(names);
    if (gone === undefined) return error;
    this.#keys.delete(gone);
    return new RenkeiError('KEY_NOT_FOUND', `key ${gone} is not on the token any more`);
  }

  #goneKey(names: readonly KeyName[]): KeyName | undefined {
    const isMissing = (name: KeyName) => findKeys(this.#session, name).length === 0;
    try {
      if (needsLogin(this.#session)) return undefined;
      const missing = names.filter(isMissing);
      if (missing.length === names.length) return undefined;
      // Again: the token may have been away for a moment.
      return missing.find(isMissing);
    } catch {
      // It has a fault after all.
      return undefined;
    }
  }

  /**
   * Makes sure that handles still mean the keys they were found as. After somebody else in this process has
   * initialised the module again, old handles may silently mean other objects.
   *
   * @throws FaultError `login`: find the keys anew
   */
  recheck(keys: readonly FoundKey[]): void {
    for (const key of keys) {
      if (this.#fingerprinter(key).fingerprint === key.fingerprint) continue;
      throw new FaultError('login', `the handle of key ${key.name} has come to mean another key`);
    }
  }

  #flag(key: Buffer, type: number): boolean | undefined {
    const { module, handle } = this.#session;
    try {
      const [attribute] = module.C_GetAttributeValue(handle, key, [{ type }]);
      return (attribute?.value as Buffer | undefined)?.[0] === 1;
    } catch (error) {
      // Not every module knows every attribute; what it does not know it does not grant.
      if (ckrOf(error)?.code === CKR.ATTRIBUTE_TYPE_INVALID) return undefined;
      throw moduleError('C_GetAttributeValue', error);
    }
  }
}

/** Refuses a key that its token does not allow to be used so. */
export function requireUsage({ name, usages }: Pick<FoundKey, 'name' | 'usages'>, usage: Usage): void {
  if (usages.has(usage)) return;
  if (usage === 'encrypt' || usage === 'decrypt') {
    throw new RenkeiError(
      'ENGINE_REFUSED',
      `key ${name} does not permit the bulk engine (no CKA_${usage.toUpperCase()})`,
    );
  }
  throw new RenkeiError('KEY_USAGE', `key ${name} may not be used to ${usage}`);
}

/** True for a link key. */
export function isLinkKey(name: KeyName): boolean {
  return parseKeyName(name).kind === 'link';
}
