import { type AttributeName, attributeType, mechanismName } from '../attributes.js';
import type { AttributeValue, ReadAttributes } from '../key-description.js';
import { CKR, ckrOf, moduleError } from './faults.js';
import type { Session } from './session.js';

/** Attributes every storage and key object has. */
const COMMON = [
  'CKA_CLASS',
  'CKA_KEY_TYPE',
  'CKA_LABEL',
  'CKA_ID',
  'CKA_TOKEN',
  'CKA_PRIVATE',
  'CKA_MODIFIABLE',
  'CKA_COPYABLE',
  'CKA_DESTROYABLE',
  'CKA_LOCAL',
  'CKA_KEY_GEN_MECHANISM',
  'CKA_ALLOWED_MECHANISMS',
  'CKA_DERIVE',
] as const satisfies readonly AttributeName[];

const SECRECY = [
  'CKA_SENSITIVE',
  'CKA_ALWAYS_SENSITIVE',
  'CKA_EXTRACTABLE',
  'CKA_NEVER_EXTRACTABLE',
  'CKA_WRAP_WITH_TRUSTED',
] as const satisfies readonly AttributeName[];

/**
 * What is read of each class. Never CKA_VALUE, and never CKA_CHECK_VALUE: it is the encryption of a zero block, and
 * the fingerprint serves instead. Templates cannot be read through pkcs11js, which would give bare pointers.
 */
const READ = {
  secret: [
    ...COMMON,
    ...SECRECY,
    'CKA_VALUE_LEN',
    'CKA_TRUSTED',
    'CKA_ENCRYPT',
    'CKA_DECRYPT',
    'CKA_SIGN',
    'CKA_VERIFY',
    'CKA_WRAP',
    'CKA_UNWRAP',
  ],
  private: [...COMMON, ...SECRECY, 'CKA_SIGN', 'CKA_SIGN_RECOVER', 'CKA_DECRYPT', 'CKA_UNWRAP'],
  public: [
    ...COMMON,
    'CKA_TRUSTED',
    'CKA_VERIFY',
    'CKA_VERIFY_RECOVER',
    'CKA_ENCRYPT',
    'CKA_WRAP',
    'CKA_EC_PARAMS',
    'CKA_EC_POINT',
  ],
} as const satisfies Record<string, readonly AttributeName[]>;

const CLASSES: Readonly<Record<number, string>> = {
  2: 'CKO_PUBLIC_KEY',
  3: 'CKO_PRIVATE_KEY',
  4: 'CKO_SECRET_KEY',
};
const KEY_TYPES: Readonly<Record<number, string>> = { 3: 'CKK_EC', 31: 'CKK_AES' };

/** Reads the attributes of one object, each by a call of its own: one that is unknown would spoil the others. */
export function readAttributes(session: Session, object: Buffer, kind: keyof typeof READ): ReadAttributes {
  const read: Partial<Record<AttributeName, AttributeValue>> = {};
  for (const name of READ[kind]) read[name] = readAttribute(session, object, name);
  return read;
}

/** Reads one attribute; `null` when the module does not know it or has no value for it. */
export function readAttribute(
  { module, handle }: Session,
  object: Buffer,
  name: AttributeName,
): AttributeValue {
  let value: Buffer;
  try {
    const [attribute] = module.C_GetAttributeValue(handle, object, [{ type: attributeType(name) }]);
    value = attribute?.value as Buffer;
  } catch (error) {
    if (ckrOf(error)?.code === CKR.ATTRIBUTE_TYPE_INVALID) return null;
    throw moduleError('C_GetAttributeValue', error);
  }
  return value.length === 0 ? null : decode(name, value);
}

function decode(name: AttributeName, value: Buffer): AttributeValue {
  switch (name) {
    case 'CKA_CLASS':
      return named(CLASSES, numberOf(value));
    case 'CKA_KEY_TYPE':
      return named(KEY_TYPES, numberOf(value));
    case 'CKA_KEY_GEN_MECHANISM':
      return mechanismName(numberOf(value));
    case 'CKA_VALUE_LEN':
      return numberOf(value);
    case 'CKA_LABEL':
      return value.toString('utf8');
    case 'CKA_ALLOWED_MECHANISMS':
      // A set: modules give it back in an order of their own.
      return Array.from({ length: value.length / 8 }, (_, k) =>
        mechanismName(numberOf(value.subarray(k * 8, k * 8 + 8))),
      ).sort();
    case 'CKA_ID':
    case 'CKA_EC_PARAMS':
    case 'CKA_EC_POINT':
      return value.toString('hex');
    default:
      return value[0] !== 0;
  }
}

/** A CK_ULONG, as this machine writes it. */
function numberOf(value: Buffer): number {
  return value.length === 8 ? Number(value.readBigUInt64LE()) : value.readUInt32LE();
}

function named(names: Readonly<Record<number, string>>, number: number): string {
  return names[number] ?? `0x${number.toString(16)}`;
}
