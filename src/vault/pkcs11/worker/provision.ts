import pkcs11js, { type Attribute, type Template } from 'pkcs11js';
import type { KeyName } from '../../../codes/key-names.js';
import { RenkeiError } from '../../../errors/renkei-error.js';
import type { ProvisionAnswer, ProvisionRequest } from '../protocol.js';
import { CKR, ckrOf, moduleError } from './faults.js';
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
  const make = (attributes: Template) => {
    if (value === undefined) generate(session, attributes);
    else importKey(session, attributes, Buffer.from(value));
  };
  try {
    make(template);
    return { omitted: [] };
  } catch (error) {
    if (ckrOf(error)?.code !== CKR.ATTRIBUTE_TYPE_INVALID) throw moduleError(callOf(value), error);
  }
  const isOptional = ({ type }: Attribute) => Object.hasOwn(OPTIONAL, type);
  try {
    make(template.filter((attribute) => !isOptional(attribute)));
  } catch (error) {
    throw moduleError(callOf(value), error);
  }
  return { omitted: template.filter(isOptional).map(({ type }) => OPTIONAL[type] as string) };
}

function generate({ module, handle }: Session, attributes: Template): void {
  const length = { type: pkcs11js.CKA_VALUE_LEN, value: KEY_BYTES };
  module.C_GenerateKey(handle, { mechanism: pkcs11js.CKM_AES_KEY_GEN }, [...attributes, length]);
}

function importKey({ module, handle }: Session, attributes: Template, value: Buffer): void {
  module.C_CreateObject(handle, [...attributes, { type: pkcs11js.CKA_VALUE, value }]);
}

function callOf(value: SharedArrayBuffer | undefined): string {
  return value === undefined ? 'C_GenerateKey' : 'C_CreateObject';
}

/** CKA_ALLOWED_MECHANISMS is an array of CK_MECHANISM_TYPE, 8 bytes each in the machine's order. */
function packMechanisms(mechanisms: readonly number[]): Buffer {
  return Buffer.from(BigUint64Array.from(mechanisms, BigInt).buffer);
}
