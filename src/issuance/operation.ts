import { linkKey } from '../codes/key-names.js';
import { signalOption } from '../errors/abort.js';
import { RenkeiError } from '../errors/renkei-error.js';
import type { StoreOutlook } from '../stores/rotation-port.js';
import type { IssuerParts } from './issuer-parts.js';
import { KeysInForce } from './keys-in-force.js';
import { untilReleased } from './until-released.js';

/** One call of an issuer: its parts, and the keys of the epoch in which it was begun. */
export interface Operation extends IssuerParts {
  readonly keys: KeysInForce;
}

/** How often an operation is begun again because keys were switched or retired meanwhile. */
const MOST_REDONE = 3;

/**
 * Does something that stores nothing with the keys in force, from the beginning again when they change meanwhile.
 *
 * @param operation may run up to four times
 * @throws RenkeiError `KEYS_CHANGED` when they changed each time, and what the operation throws
 */
export function reading<Result>(
  parts: IssuerParts,
  signal: AbortSignal | undefined,
  operation: (operation: Operation) => Promise<Result>,
): Promise<Result> {
  return redone(async () => {
    const outlook = await parts.store.outlook(signalOption(signal));
    return operation(await begun(parts, outlook, signal));
  });
}

/**
 * The same for what makes codes to be stored: it begins when no switch is near. What it throws once codes are made from
 * residents is not to come from in here: those are wiped by then.
 *
 * @param prepare what is to be known before the first code is made
 */
export function writing<Result>(
  parts: IssuerParts,
  signal: AbortSignal | undefined,
  prepare: (operation: Operation) => Promise<Result>,
): Promise<Result> {
  return redone(async () => prepare(await begun(parts, await untilReleased(parts, signal), signal)));
}

async function begun(
  parts: IssuerParts,
  outlook: StoreOutlook,
  signal: AbortSignal | undefined,
): Promise<Operation> {
  const snapshot = await parts.registry.inEpoch(outlook, signal);
  const keys = new KeysInForce(parts.registry, snapshot, outlook);
  await keys.verify(keys.storeKey, signal);
  await keys.verify(linkKey(keys.generation), signal);
  return { ...parts, keys };
}

async function redone<Result>(attempt: () => Promise<Result>): Promise<Result> {
  for (let times = 0; ; times++) {
    try {
      return await attempt();
    } catch (error) {
      const isOutdated = error instanceof RenkeiError && error.code === 'KEYS_CHANGED';
      if (!isOutdated || times === MOST_REDONE) throw error;
    }
  }
}
