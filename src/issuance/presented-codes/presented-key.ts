import { type InstitutionAudience, institutionAudience, type StoreAudience } from '../../codes/key-names.js';
import type { RecordedKey } from '../../stores/port.js';
import type { InstitutionCode } from '../../subjects/institution-code.js';
import { leadsTo, rotationsIn } from '../open-rotations.js';
import type { Operation } from '../operation.js';
import type { CodeRefusal } from './codes-result.js';

/** A version of an institution's key that codes presented under it are understood by. */
export interface PresentedKey {
  readonly name: InstitutionAudience;
  readonly version: number;
  /** Fingerprint on record, 16 lower-case hex digits. */
  readonly fingerprint: string;
  /** Generation of the linkage codes that its codes carry. */
  readonly generation: number;
  /** The store key of that generation. */
  readonly storeKey: StoreAudience;
}

/**
 * The key of codes that an institution presents under a version, or why they are refused before any is unwrapped
 * (令26条). Understood are the active version, those that are accepted still, and one that is being delivered: an
 * institution may have taken up its new codes before the switch.
 */
export async function presentedKey(
  operation: Operation,
  from: InstitutionCode,
  version: number,
  signal: AbortSignal | undefined,
): Promise<PresentedKey | CodeRefusal> {
  const { keys } = operation;
  const name = institutionAudience(from, version);
  let recorded = await keys.find(name, signal);
  // A version comes out of this state without a new epoch, when its rotation is aborted.
  if (recorded?.state === 'pre-active') recorded = await keys.findNow(name, signal);
  if (recorded === undefined) return UNKNOWN;
  if (recorded.state === 'retired' || recorded.state === 'destroyed') return retired(version);
  if (recorded.state === 'pre-active' && !(await isDelivered(operation, recorded, signal))) return UNKNOWN;
  const generation = keys.generationOf(recorded);
  const storeKey = keys.storeKeyOf(generation);
  // Its generation is retired, whatever stands with the version itself.
  if (storeKey === undefined) return retired(version);
  await keys.verify(name, signal);
  await keys.verify(storeKey, signal);
  return { name, version, fingerprint: recorded.fingerprint, generation, storeKey };
}

const UNKNOWN: CodeRefusal = { error: 'CODE_VERSION_UNKNOWN' };

function retired(version: number): CodeRefusal {
  return { error: 'CODE_VERSION_RETIRED', version };
}

/** True when a rotation that has not switched leads to this key. */
async function isDelivered(
  { store, keys }: Operation,
  recorded: RecordedKey,
  signal: AbortSignal | undefined,
): Promise<boolean> {
  const open = await rotationsIn(store, ['running', 'paused', 'verified'], keys.callOptions(signal));
  return open.some((rotation) => leadsTo(rotation, recorded.name));
}
