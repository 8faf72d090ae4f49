import pkcs11js, { type Template } from 'pkcs11js';
import { RenkeiError } from '../../../errors/renkei-error.js';
import { planKey } from '../key-plan.js';
import type { KeyLevel, ProfileAttribute } from '../key-profile.js';
import type { ProvisionAnswer, ProvisionRequest } from '../protocol.js';
import { generatePair } from './audit-key.js';
import { CKR, calling, ckrOf, moduleError } from './faults.js';
import { findKeys, keySearch } from './key-ring.js';
import type { Session } from './session.js';
import { templateOf } from './template.js';

const KEY_BYTES = 32;

/** Attributes that some modules do not know. What they would add is then missing, and said so. */
const OPTIONAL: ReadonlySet<string> = new Set(['CKA_COPYABLE', 'CKA_ALLOWED_MECHANISMS']);

/** Makes one key; refuses when one of its name is there. */
export function provisionKey(session: Session, { name, level, value }: ProvisionRequest): ProvisionAnswer {
  if (findKeys(session, name).length > 0) {
    throw new RenkeiError('KEY_EXISTS', `there is a key ${name} on the token already`);
  }
  const { attributes, publicAttributes } = planKey(name, level);
  if (publicAttributes !== undefined) {
    return makeTolerantly(level, 'C_GenerateKeyPair', (known) =>
      generatePair(session, name, publicAttributes.filter(known), attributes.filter(known)),
    );
  }
  return makeTolerantly(level, value === undefined ? 'C_GenerateKey' : 'C_CreateObject', (known) => {
    const keep: Buffer[] = [];
    const template = [...keySearch(name), ...templateOf(attributes.filter(known), keep)];
    if (value === undefined) generate(session, template);
    else importKey(session, template, Buffer.from(value));
    // The module has read what the nested template points at; until here it had to live.
    keep.length = 0;
  });
}

type Known = (attribute: ProfileAttribute) => boolean;

/** Makes a key with every attribute, or below level 3 without those that the module does not know. */
function makeTolerantly(level: KeyLevel, call: string, make: (known: Known) => void): ProvisionAnswer {
  try {
    make(() => true);
    return { omitted: [] };
  } catch (error) {
    // A key of level 3 without one of its attributes would not be one.
    if (level === 3 || ckrOf(error)?.code !== CKR.ATTRIBUTE_TYPE_INVALID) throw moduleError(call, error);
  }
  calling(call, () => make(({ name }) => !OPTIONAL.has(name)));
  return { omitted: [...OPTIONAL] };
}

function generate({ module, handle }: Session, template: Template): void {
  const length = { type: pkcs11js.CKA_VALUE_LEN, value: KEY_BYTES };
  module.C_GenerateKey(handle, { mechanism: pkcs11js.CKM_AES_KEY_GEN }, [...template, length]);
}

function importKey({ module, handle }: Session, template: Template, value: Buffer): void {
  module.C_CreateObject(handle, [...template, { type: pkcs11js.CKA_VALUE, value }]);
}
