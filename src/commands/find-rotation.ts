import { RenkeiError, type RotationRequest } from 'renkei';
import type { RotationRecord, RotationStatus } from '../stores/rotation-port.js';
import type { RotationCommand } from './rotation-arguments.js';
import type { RotationSession } from './rotation-session.js';

const BEFORE_SWITCH: readonly RotationStatus[] = ['running', 'paused', 'verified'];

/** The statuses in which a rotation may be meant by a command that does not name one. */
const MEANT: Readonly<Record<string, readonly RotationStatus[]>> = {
  run: BEFORE_SWITCH,
  work: BEFORE_SWITCH,
  receive: BEFORE_SWITCH,
  pause: ['running'],
  resume: ['paused'],
  abort: [...BEFORE_SWITCH, 'aborting'],
  switch: ['verified'],
  retire: ['switched', 'retiring'],
  destroy: ['retired'],
};

/**
 * The rotation that a command means: the one whose number is given, or else the only one that the command is for.
 *
 * @throws RenkeiError `OPTION_INVALID`, `ROTATION_UNKNOWN`
 */
export async function findRotation(
  { store, rotations }: Pick<RotationSession, 'store' | 'rotations'>,
  command: RotationCommand,
  id: number | undefined,
) {
  if (id !== undefined) return rotations.get(id);
  const meant = MEANT[command] ?? [];
  const found = (await store.rotations()).filter(({ status }) => meant.includes(status));
  const [only, ...others] = found;
  if (only === undefined) {
    throw new RenkeiError('ROTATION_UNKNOWN', `there is no rotation that is ${meant.join(' or ')}`);
  }
  if (others.length > 0) {
    const ids = found.map((one) => one.id).join(', ');
    throw new RenkeiError(
      'OPTION_INVALID',
      `${command} is possible for several rotations: say which of ${ids}`,
    );
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
      BEFORE_SWITCH.includes(record.status),
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
