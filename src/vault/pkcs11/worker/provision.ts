import pkcs11js, { type Template } from 'pkcs11js';
import { RenkeiError } from '../../../errors/renkei-error.js';
import type { AttributeName } from '../attributes.js';
import { planKey } from '../key-plan.js';
import type { KeyLevel, ProfileAttribute } from '../key-profile.js';
import type { ProvisionAnswer, ProvisionRequest } from '../protocol.js';
import { generatePair } from './audit-key.js';
import { CKR, calling, ckrOf, moduleError } from './faults.js';
import { findKeys, keySearch } from './key-ring.js';
import { readAttribute } from './read-attribute.js';
import type { Session } from './session.js';
import { templateOf } from './template.js';

const KEY_BYTES = 32;

/** Attributes that some modules do not know. What they would add is then missing, and said so. */
const OPTIONAL: readonly AttributeName[] = ['CKA_COPYABLE', 'CKA_ALLOWED_MECHANISMS'];

/** Makes one key; refuses when one of its name is there. */
export function provisionKey(session: Session, { name, level, value }: ProvisionRequest): ProvisionAnswer {
  if (findKeys(session, name).length > 0) {
    throw new RenkeiError('KEY_EXISTS', `there is a key ${name} on the token already`);
  }
  const { attributes, publicAttributes } = planKey(name, level);
  if (publicAttributes !== undefined) {
    return makeTolerantly(session, level, 'C_GenerateKeyPair', (known) =>
      generatePair(session, name, publicAttributes.filter(known), attributes.filter(known)),
    );
  }
  return makeTolerantly(session, level, value === undefined ? 'C_GenerateKey' : 'C_CreateObject', (known) => {
    const keep: Buffer[] = [];
    const template = [...keySearch(name), ...templateOf(attributes.filter(known), keep)];
    const key =
      value === undefined ? generate(session, template) : importKey(session, template, Buffer.from(value));
    // The module has read what the nested template points at; until here it had to live.
    keep.length = 0;
    return [key];
  });
}

type Known = (attribute: ProfileAttribute) => boolean;

/** Makes a key with every attribute, or below level 3 without those that the module does not know. */
function makeTolerantly(
  session: Session,
  level: KeyLevel,
  call: string,
  make: (known: Known) => readonly Buffer[],
): ProvisionAnswer {
  let refusal: unknown;
  try {
    make(() => true);
    return { omitted: [] };
  } catch (error) {
    refusal = error;
  }
  const answer = ckrOf(refusal)?.code;
  // A key of level 3 without one of its attributes would not be one.
  if (level === 3 || (answer !== CKR.ATTRIBUTE_TYPE_INVALID && answer !== CKR.GENERAL_ERROR)) {
    throw moduleError(call, refusal);
  }
  const objects = calling(call, () => make(({ name }) => !OPTIONAL.includes(name)));
  // NSS softokn says CKR_GENERAL_ERROR of an attribute it does not know. From a module that knows it, the answer
  // meant something else, and a key made with less than the profile must not stay.
  if (objects.some((object) => OPTIONAL.some((name) => readAttribute(session, object, name) !== null))) {
    for (const object of objects) {
      calling('C_DestroyObject', () => session.module.C_DestroyObject(session.handle, object));
    }
    throw moduleError(call, refusal);
  }
  return { omitted: OPTIONAL };
}

function generate({ module, handle }: Session, template: Template): Buffer {
  const length = { type: pkcs11js.CKA_VALUE_LEN, value: KEY_BYTES };
  return module.C_GenerateKey(handle, { mechanism: pkcs11js.CKM_AES_KEY_GEN }, [...template, length]);
}

function importKey({ module, handle }: Session, template: Template, value: Buffer): Buffer {
  return module.C_CreateObject(handle, [...template, { type: pkcs11js.CKA_VALUE, value }]);
}
