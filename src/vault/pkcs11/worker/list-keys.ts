import pkcs11js from 'pkcs11js';
import { type KeyName, parseKeyName } from '../../../codes/key-names.js';
import { RenkeiError } from '../../../errors/renkei-error.js';
import type { Requests } from '../protocol.js';
import { calling } from './faults.js';
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
  const [attribute] = calling('C_GetAttributeValue', () =>
    module.C_GetAttributeValue(handle, object, [{ type: pkcs11js.CKA_LABEL }]),
  );
  const label = attribute?.value as Buffer;
  try {
    return parseKeyName(label.toString('utf8')).name;
  } catch (error) {
    if (error instanceof RenkeiError) return undefined;
    throw error;
  }
}
