import { CODE_LENGTH } from '../codes/per-institution-code.js';
import { signalOption } from '../errors/abort.js';
import type { RenkeiError } from '../errors/renkei-error.js';
import { MAX_BATCH_ROWS } from '../stores/port.js';
import type { RotationContext } from './context.js';
import { incomplete } from './faults.js';
import { drainNotes } from './notes.js';
import type { PlannedRotation } from './stored-plan.js';

/** How often it is tried when people keep being written. */
const TRIES = 5;

/**
 * Takes in the rows that were written while the work ran, and makes sure that everybody has a successor. From then on
 * nobody is without one who is not noted: a person who is written is noted until a successor is recorded, and a note
 * goes after that. So the switch need not look at everybody again; it must be refused while anything is noted.
 *
 * @throws RenkeiError `ROTATION_INCOMPLETE` with the number of those who have none, as {@link drainNotes}
 */
export async function takeInEverybody(
  context: RotationContext,
  rotation: PlannedRotation,
  folder: string,
  signal: AbortSignal | undefined,
): Promise<void> {
  const options = signalOption(signal);
  const { store } = context;
  const { record, plan } = rotation;
  for (let tries = 1; ; tries++) {
    await drainNotes(context, rotation, folder, signal);
    if (plan.store.to === undefined) return;
    // Of a list one name of a person is enough; else each has a successor of its own.
    if (plan.source === 'list') await store.lendSuccessors(options);
    const without = await store.withoutSuccessor({ limit: MAX_BATCH_ROWS, ...options });
    if (without.length === 0) return;
    const notes = await store.noted(MAX_BATCH_ROWS, undefined, options);
    const isWritten = notes.some(({ institution }) => institution === undefined);
    if (!isWritten || tries === TRIES) throw peopleLeft(record.id, without.length / CODE_LENGTH);
  }
}

function peopleLeft(id: number, people: number): RenkeiError {
  const number = people === MAX_BATCH_ROWS ? `${people} or more` : people;
  return incomplete(id, `${number} people have no code under the new store key`);
}
