import pkcs11js, { type Attribute, type Template } from 'pkcs11js';
import type { KeyName } from '../../../codes/key-names.js';
import { RenkeiError } from '../../../errors/renkei-error.js';
import type { ProvisionAnswer, ProvisionRequest } from '../protocol.js';
import { CKR, calling, ckrOf, moduleError } from './faults.js';
import { findKeys, keySearch, sealedUsages, type Usage } from './key-ring.js';
import type { Session } from './session.js';

const KEY_BYTES = 32;

/** Attributes that some modules do not know. What they would add is then missing, and said so. */
const OPTIONAL: Readonly<Record<number, string>> = {
  [pkcs11js.CKA_COPYABLE]: 'CKA_COPYABLE',
  [pkcs11js.CKA_ALLOWED_MECHANISMS]: 'CKA_ALLOWED_MECHANISMS',
};

/** What a key may do, by its kind and level. */
function usagesOf(name: KeyName, level: 1 | 2): ReadonlySet<Usage> {
  const usages = new Set(sealedUsages(name));
  if (level === 2) return usages;
  // The bulk engine encrypts where the sealed one derives or wraps, and decrypts where it unwraps.
  return usages.has('unwrap') ? usages.add('encrypt').add('decrypt') : usages.add('encrypt');
}

function profile(name: KeyName, level: 1 | 2): Template {
  const usages = usagesOf(name, level);
  const mechanisms = [
    usages.has('derive') ? pkcs11js.CKM_AES_CBC_ENCRYPT_DATA : pkcs11js.CKM_AES_KEY_WRAP,
    ...(level === 1 ? [pkcs11js.CKM_AES_ECB] : []),
  ];
  return [
    ...keySearch(name),
    { type: pkcs11js.CKA_TOKEN, value: true },
    { type: pkcs11js.CKA_PRIVATE, value: true },
    { type: pkcs11js.CKA_SENSITIVE, value: true },
    { type: pkcs11js.CKA_EXTRACTABLE, value: false },
    { type: pkcs11js.CKA_DERIVE, value: usages.has('derive') },
    { type: pkcs11js.CKA_WRAP, value: usages.has('wrap') },
    { type: pkcs11js.CKA_UNWRAP, value: usages.has('unwrap') },
    { type: pkcs11js.CKA_ENCRYPT, value: usages.has('encrypt') },
    { type: pkcs11js.CKA_DECRYPT, value: usages.has('decrypt') },
    { type: pkcs11js.CKA_SIGN, value: false },
    { type: pkcs11js.CKA_VERIFY, value: false },
    // A level 1 key stays modifiable and copyable, so that it can be locked down to level 2.
    { type: pkcs11js.CKA_MODIFIABLE, value: level === 1 },
    { type: pkcs11js.CKA_COPYABLE, value: level === 1 },
    { type: pkcs11js.CKA_ALLOWED_MECHANISMS, value: packMechanisms(mechanisms) },
  ];
}

/** Makes one key; refuses when one of its name is there. */
export function provisionKey(session: Session, { name, level, value }: ProvisionRequest): ProvisionAnswer {
  if (findKeys(session, name).length > 0) {
    throw new RenkeiError('KEY_EXISTS', `there is a key ${name} on the token already`);
  }
  const template = profile(name, level);
  const make = (attributes: Template) =>
    value === undefined ? generate(session, attributes) : importKey(session, attributes, Buffer.from(value));
  let refusal: unknown;
  try {
    make(template);
    return { omitted: [] };
  } catch (error) {
    refusal = error;
  }
  const answer = ckrOf(refusal)?.code;
  if (answer !== CKR.ATTRIBUTE_TYPE_INVALID && answer !== CKR.GENERAL_ERROR) {
    throw moduleError(callOf(value), refusal);
  }
  const isOptional = ({ type }: Attribute) => Object.hasOwn(OPTIONAL, type);
  const key = calling(callOf(value), () => make(template.filter((attribute) => !isOptional(attribute))));
  const omitted = template.filter(isOptional);
  // NSS softokn says CKR_GENERAL_ERROR of an attribute it does not know. From a module that knows it, the answer
  // meant something else, and a key made with less than the profile must not stay.
  if (omitted.some(({ type }) => knowsAttribute(session, key, type))) {
    calling('C_DestroyObject', () => session.module.C_DestroyObject(session.handle, key));
    throw moduleError(callOf(value), refusal);
  }
  return { omitted: omitted.map(({ type }) => OPTIONAL[type] as string) };
}

function knowsAttribute({ module, handle }: Session, key: Buffer, type: number): boolean {
  try {
    module.C_GetAttributeValue(handle, key, [{ type }]);
    return true;
  } catch (error) {
    if (ckrOf(error)?.code === CKR.ATTRIBUTE_TYPE_INVALID) return false;
    throw moduleError('C_GetAttributeValue', error);
  }
}

function generate({ module, handle }: Session, attributes: Template): Buffer {
  const length = { type: pkcs11js.CKA_VALUE_LEN, value: KEY_BYTES };
  return module.C_GenerateKey(handle, { mechanism: pkcs11js.CKM_AES_KEY_GEN }, [...attributes, length]);
}

function importKey({ module, handle }: Session, attributes: Template, value: Buffer): Buffer {
  return module.C_CreateObject(handle, [...attributes, { type: pkcs11js.CKA_VALUE, value }]);
}

function callOf(value: SharedArrayBuffer | undefined): string {
  return value === undefined ? 'C_GenerateKey' : 'C_CreateObject';
}

/** CKA_ALLOWED_MECHANISMS is an array of CK_MECHANISM_TYPE, 8 bytes each in the machine's order. */
function packMechanisms(mechanisms: readonly number[]): Buffer {
  return Buffer.from(BigUint64Array.from(mechanisms, BigInt).buffer);
}
