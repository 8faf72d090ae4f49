import { RenkeiError, type RotationRequest } from 'renkei';
import type { RotationRecord, RotationStatus } from '../stores/rotation-port.js';
import type { RotationSession } from './rotation-session.js';

/** Statuses of a rotation that nothing more is to be done with. */
const ENDED: readonly RotationStatus[] = ['destroyed', 'aborted'];

/**
 * The rotation that a command means: the one whose number is given, or else the only one that has not ended.
 *
 * @throws RenkeiError `OPTION_INVALID`, `ROTATION_UNKNOWN`
 */
export async function findRotation(
  { store, rotations }: Pick<RotationSession, 'store' | 'rotations'>,
  id: number | undefined,
) {
  if (id !== undefined) return rotations.get(id);
  const open = (await store.rotations()).filter(({ status }) => !ENDED.includes(status));
  const [only, ...others] = open;
  if (only === undefined)
    throw new RenkeiError('ROTATION_UNKNOWN', 'there is no rotation that has not ended');
  if (others.length > 0) {
    const ids = open.map((one) => one.id).join(', ');
    throw new RenkeiError('OPTION_INVALID', `several rotations have not ended: say which of ${ids}`);
  }
  return rotations.get(only.id);
}

/** The rotation before its switch that does what is asked for; undefined when it is still to be begun. */
export async function findOpen(
  { store }: Pick<RotationSession, 'store'>,
  request: RotationRequest,
): Promise<RotationRecord | undefined> {
  const subject = request.kind === 'institution' ? request.institution : undefined;
  return (await store.rotations()).find(
    (record) =>
      record.kind === request.kind &&
      (subject === undefined || record.subject === subject) &&
      ['running', 'paused', 'verified'].includes(record.status),
  );
}

/**
 * Number of a rotation.
 *
 * @throws RenkeiError `OPTION_INVALID`
 */
export function readId(text: string): number {
  if (/^[1-9]\d{0,8}$/.test(text)) return Number(text);
  throw new RenkeiError('OPTION_INVALID', 'a rotation is named by its number, as status prints it');
}
