import pkcs11js from 'pkcs11js';
import { type KeyName, parseKeyName } from '../../../codes/key-names.js';
import { RenkeiError } from '../../../errors/renkei-error.js';
import type { Requests } from '../protocol.js';
import { ckrOf, mayConcernItem, moduleError } from './faults.js';
import { findKeys, findObjects } from './key-ring.js';
import type { Session } from './session.js';

/** Names of all keys that this library would find, one for each object, and the number of the other objects. */
export function listKeys(session: Session): Requests['listKeys']['answer'] {
  const names = new Map<KeyName, number>();
  const all = findObjects(session, []);
  for (const object of all) {
    const name = keyNameOf(session, object);
    // By identifier and class too: a label alone makes no key.
    if (name !== undefined && !names.has(name)) names.set(name, findKeys(session, name).length);
  }
  const listed = [...names].flatMap(([name, count]) => Array.from({ length: count }, () => name));
  const publicHalves = [...names.keys()].reduce(
    (count, name) => count + (isAudit(name) ? findKeys(session, name, 'public').length : 0),
    0,
  );
  return { names: listed.sort(), others: all.length - listed.length - publicHalves };
}

function isAudit(name: KeyName): boolean {
  return parseKeyName(name).kind === 'audit';
}

function keyNameOf({ module, handle }: Session, object: Buffer): KeyName | undefined {
  let label: Buffer;
  try {
    const [attribute] = module.C_GetAttributeValue(handle, object, [{ type: pkcs11js.CKA_LABEL }]);
    label = attribute?.value as Buffer;
  } catch (error) {
    // An object without a label, such as SoftHSM has after it was killed while making one, is none of our keys.
    const ckr = ckrOf(error);
    if (ckr !== undefined && mayConcernItem(ckr)) return undefined;
    throw moduleError('C_GetAttributeValue', error);
  }
  try {
    return parseKeyName(label.toString('utf8')).name;
  } catch (error) {
    if (error instanceof RenkeiError) return undefined;
    throw error;
  }
}
