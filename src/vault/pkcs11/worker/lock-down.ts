import pkcs11js, { type Template } from 'pkcs11js';
import type { KeyName } from '../../../codes/key-names.js';
import { RenkeiError } from '../../../errors/renkei-error.js';
import type { RefusedAttempt } from '../key-description.js';
import { keyProfile, lockDownAttributes, type ProfileAttribute, sealedUsages } from '../key-profile.js';
import type { LockDownAnswer } from '../protocol.js';
import { fingerprintKey } from './describe-key.js';
import { CKR, calling, ckrOf, moduleError } from './faults.js';
import { findKeys } from './key-ring.js';
import { readAttributes } from './read-attribute.js';
import type { Session } from './session.js';
import { templateOf } from './template.js';

/**
 * Takes a key from level 1 to level 2 for good. After a rehearsal on a throw-away key, the key is copied without data
 * encryption and decryption, not modifiable; the copy must have the same fingerprint and must refuse everything that
 * would undo this; only then is the original destroyed.
 *
 * The copy bears the final name from its first moment, for a key that cannot be modified cannot be renamed. Killed at
 * any instant in between, the token holds several keys of one name: a vault refuses to open them (`KEY_AMBIGUOUS`),
 * and the next run of this function ends what was begun. Whatever it finds under the name must have one fingerprint.
 */
export function lockDownKey(session: Session, name: KeyName): LockDownAnswer {
  rehearse(session, name);
  const handles = findKeys(session, name);
  const [first] = handles;
  if (first === undefined) {
    throw new RenkeiError('KEY_NOT_FOUND', `there is no AES key ${name} with its identifier on the token`);
  }
  const fingerprint = fingerprintKey(session, name, first);
  for (const other of handles.slice(1)) requireSame(session, name, other, fingerprint);

  const [kept, ...spare] = handles.filter((handle) => isLockedDown(session, name, handle));
  const open = handles.filter((handle) => handle !== kept && !spare.includes(handle));
  const locked = kept ?? copyLockedDown(session, name, open[0] as Buffer);
  let refused: RefusedAttempt[];
  try {
    requireSame(session, name, locked, fingerprint);
    if (!isLockedDown(session, name, locked)) {
      throw new RenkeiError(
        'ASSURANCE_TOO_LOW',
        `the module did not give the copy of ${name} its attributes`,
      );
    }
    refused = tryToUndo(session, name, locked);
  } catch (error) {
    // A copy that is not good is not left behind, unless it is all there is: NSS replaces a key by its copy.
    if (kept === undefined && findKeys(session, name).length > open.length) destroy(session, locked);
    throw error;
  }
  for (const superfluous of [...open, ...spare]) {
    // Never the last of its name: where a copy replaces its original, both handles lead to one object.
    if (findKeys(session, name).length > 1) destroy(session, superfluous);
  }
  return { changed: open.length > 0, refused };
}

/**
 * The same on a throw-away session key first: on a module that would let somebody undo it, no key is touched.
 *
 * @throws RenkeiError `ASSURANCE_TOO_LOW`
 */
function rehearse(session: Session, name: KeyName): void {
  const { module, handle } = session;
  const isFlag = ({ name: attribute, value }: ProfileAttribute) =>
    typeof value === 'boolean' && attribute !== 'CKA_COPYABLE' && attribute !== 'CKA_TOKEN';
  const trial = calling('C_GenerateKey', () =>
    module.C_GenerateKey(handle, { mechanism: pkcs11js.CKM_AES_KEY_GEN }, [
      { type: pkcs11js.CKA_CLASS, value: pkcs11js.CKO_SECRET_KEY },
      { type: pkcs11js.CKA_KEY_TYPE, value: pkcs11js.CKK_AES },
      { type: pkcs11js.CKA_LABEL, value: 'lock-down trial' },
      { type: pkcs11js.CKA_TOKEN, value: false },
      { type: pkcs11js.CKA_VALUE_LEN, value: KEY_BYTES },
      ...templateOf(keyProfile(name, 1).attributes.filter(isFlag)),
    ]),
  );
  try {
    const copy = copyLockedDown(session, name, trial);
    try {
      tryToUndo(session, name, copy);
    } finally {
      destroy(session, copy);
    }
  } finally {
    destroy(session, trial);
  }
}

function requireSame(session: Session, name: KeyName, handle: Buffer, fingerprint: string): void {
  if (fingerprintKey(session, name, handle) === fingerprint) return;
  throw new RenkeiError('KEY_AMBIGUOUS', `there are keys ${name} with different fingerprints on the token`);
}

/** By its attributes: kept on the token, never shown, not modifiable, and allowed no more than level 2 allows. */
function isLockedDown(session: Session, name: KeyName, handle: Buffer): boolean {
  const read = readAttributes(session, handle, 'secret');
  const allowed = new Set<string>(sealedUsages(name).map((usage) => `CKA_${usage.toUpperCase()}`));
  const usages = [
    'CKA_ENCRYPT',
    'CKA_DECRYPT',
    'CKA_SIGN',
    'CKA_VERIFY',
    'CKA_WRAP',
    'CKA_UNWRAP',
    'CKA_DERIVE',
  ];
  return (
    read.CKA_TOKEN === true &&
    read.CKA_SENSITIVE === true &&
    read.CKA_EXTRACTABLE === false &&
    read.CKA_MODIFIABLE === false &&
    (read.CKA_PRIVATE === true || read.CKA_TRUSTED === true) &&
    usages.every((usage) => allowed.has(usage) === (read[usage as keyof typeof read] === true))
  );
}

const KEY_BYTES = 32;

/** What modules answer to an attribute that a copy cannot have; NSS softokn says CKR_GENERAL_ERROR. */
const REFUSED_ATTRIBUTE: readonly (number | undefined)[] = [
  CKR.ATTRIBUTE_READ_ONLY,
  CKR.ATTRIBUTE_TYPE_INVALID,
  CKR.GENERAL_ERROR,
];

/**
 * Copies a key with as many of the attributes as the module lets a copy have. SoftHSM 2.6.1 refuses CKA_COPYABLE and
 * CKA_ALLOWED_MECHANISMS on a copy; without them the copy is as sealed, which {@link tryToUndo} shows.
 */
function copyLockedDown({ module, handle }: Session, name: KeyName, original: Buffer): Buffer {
  const attributes = lockDownAttributes(name);
  const without = (...names: readonly string[]) =>
    attributes.filter((attribute) => !names.includes(attribute.name));
  const choices: readonly (readonly ProfileAttribute[])[] = [
    attributes,
    without('CKA_ALLOWED_MECHANISMS'),
    without('CKA_COPYABLE'),
    without('CKA_ALLOWED_MECHANISMS', 'CKA_COPYABLE'),
  ];
  let refusal: unknown;
  for (const choice of choices) {
    try {
      return module.C_CopyObject(handle, original, templateOf(choice));
    } catch (error) {
      refusal = error;
      if (!REFUSED_ATTRIBUTE.includes(ckrOf(error)?.code)) break;
    }
  }
  throw moduleError('C_CopyObject', refusal);
}

const ECB = { mechanism: pkcs11js.CKM_AES_ECB };

/**
 * Tries to undo a lock-down by every call that could, and demands a refusal of each.
 *
 * @throws RenkeiError `ASSURANCE_TOO_LOW` naming the attempt that the module allowed
 */
function tryToUndo(session: Session, name: KeyName, key: Buffer): RefusedAttempt[] {
  const { module, handle } = session;
  const refused: RefusedAttempt[] = [];
  const attempt = (what: string, call: () => undefined | (() => void)) => {
    let undo: undefined | (() => void);
    try {
      undo = call();
    } catch (error) {
      const ckr = ckrOf(error);
      if (ckr === undefined) throw moduleError(what, error);
      refused.push({ attempt: what, answer: ckr.name });
      return;
    }
    undo?.();
    throw new RenkeiError(
      'ASSURANCE_TOO_LOW',
      `${what} is allowed by the module: key ${name} is not locked down`,
    );
  };
  for (const usage of ['ENCRYPT', 'DECRYPT', 'MODIFIABLE'] as const) {
    const template = (value: boolean): Template => templateOf([{ name: `CKA_${usage}`, value, why: '' }]);
    attempt(`C_SetAttributeValue with CKA_${usage} true`, () => {
      module.C_SetAttributeValue(handle, key, template(true));
      return () =>
        calling('C_SetAttributeValue', () => module.C_SetAttributeValue(handle, key, template(false)));
    });
    attempt(`C_CopyObject with CKA_${usage} true`, () => {
      const before = findKeys(session, name).length;
      const copy = module.C_CopyObject(handle, key, template(true));
      // Only what has been added: where a copy replaces its key, destroying it would lose the key.
      return () => {
        if (findKeys(session, name).length > before) destroy(session, copy);
      };
    });
  }
  attempt('C_EncryptInit with CKM_AES_ECB', () => {
    module.C_EncryptInit(handle, ECB, key);
    return undefined;
  });
  attempt('C_DecryptInit with CKM_AES_ECB', () => {
    module.C_DecryptInit(handle, ECB, key);
    return undefined;
  });
  return refused;
}

function destroy({ module, handle }: Session, object: Buffer): void {
  calling('C_DestroyObject', () => module.C_DestroyObject(handle, object));
}
