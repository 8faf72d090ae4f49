import { wipe } from '../../bytes/wipe.js';
import type { KeyName } from '../../codes/key-names.js';
import { RenkeiError } from '../../errors/renkei-error.js';
import { planKey } from './key-plan.js';
import type { KeyLevel } from './key-profile.js';
import { logIn } from './log-in.js';
import type { PinCallback } from './options.js';
import type { SessionWorker } from './session-worker.js';

/** A key to be made, its name and value checked. */
export interface CheckedKey {
  readonly name: KeyName;
  readonly level: KeyLevel;
  readonly value: Uint8Array | undefined;
}

/** A key that was made. */
export interface ProvisionedKey {
  /** The key's name. */
  readonly name: KeyName;
  /** Level it was made for. */
  readonly level: KeyLevel;
  /** Attributes of the profile that this module does not know; the key was made without them. */
  readonly omitted: readonly string[];
}

/** Whose PINs there are. */
export interface Pins {
  readonly pin?: PinCallback;
  readonly soPin?: PinCallback;
}

/** True for a key that only a security officer can make. */
export function isOfficers({ name, level }: Pick<CheckedKey, 'name' | 'level'>): boolean {
  return planKey(name, level).madeBy === 'security-officer';
}

/**
 * Makes keys in a session that is logged in as the user, and leaves it so. When one of the names is on the token
 * already, nothing is made. The officer's keys come first, for which the user is logged out.
 */
export async function makeKeys(
  worker: SessionWorker,
  keys: readonly CheckedKey[],
  { pin, soPin }: Pins,
): Promise<ProvisionedKey[]> {
  const officers = keys.filter(isOfficers);
  const { names } = await worker.ask('present', { names: keys.map(({ name }) => name) });
  const [first] = names;
  if (first !== undefined) {
    throw new RenkeiError('KEY_EXISTS', `there is a key ${first} on the token already`);
  }
  const made = new Map<KeyName, ProvisionedKey>();
  if (officers.length > 0) {
    await worker.ask('logout', null);
    await logIn(worker, 'security-officer', soPin);
    for (const key of officers) made.set(key.name, await make(worker, key));
    await worker.ask('logout', null);
    await logIn(worker, 'user', pin);
  }
  for (const key of keys) if (!officers.includes(key)) made.set(key.name, await make(worker, key));
  return keys.map(({ name }) => made.get(name) as ProvisionedKey);
}

async function make(worker: SessionWorker, { name, level, value }: CheckedKey): Promise<ProvisionedKey> {
  const shared = value === undefined ? undefined : shareCopy(value);
  try {
    return { name, level, ...(await worker.ask('provision', { name, level, value: shared })) };
  } finally {
    if (shared !== undefined) wipe(new Uint8Array(shared));
  }
}

function shareCopy(bytes: Uint8Array): SharedArrayBuffer {
  const shared = new SharedArrayBuffer(bytes.length);
  new Uint8Array(shared).set(bytes);
  return shared;
}
