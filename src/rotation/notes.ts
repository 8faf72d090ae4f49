import { randomBytes } from 'node:crypto';
import { packCodes } from '../codes/packed-codes.js';
import { signalOption } from '../errors/abort.js';
import { RenkeiError } from '../errors/renkei-error.js';
import type { NotedRow } from '../stores/rotation-port.js';
import { moveOrRefuse, type RotationContext, readRotation } from './context.js';
import { Notebook } from './notebook.js';
import { makePairs } from './pair-maker.js';
import { writePartFile } from './part-file.js';
import type { PlannedDelivery, PlannedRotation } from './stored-plan.js';
import { successorsOf } from './successions.js';

/** Notes dealt with at a time. */
const NOTES_AT_ONCE = 50_000;

/**
 * Takes in the rows that were written while the work ran: people get their successors, issuances their pairs, in
 * files of their own. A note is forgotten when its pair is on disk and the file on record, and not before: a kill in
 * between leaves a pair twice, which the merge finds, never none. What is written meanwhile may stay noted: it is for
 * the next time, or this would not end while requests are served.
 *
 * @returns rows taken in
 * @throws RenkeiError `ROTATION_CONFLICT` when a row is of an institution that the plan does not have
 */
export async function drainNotes(
  context: RotationContext,
  rotation: PlannedRotation,
  folder: string,
  signal?: AbortSignal,
): Promise<number> {
  const { store, observe } = context;
  const { record, plan } = rotation;
  // A record period has nothing noted; what is there belongs to a rotation of an institution.
  if (plan.period !== undefined) return 0;
  // Two institutions may be rotated at once.
  const [only] = plan.store.to === undefined ? plan.deliveries : [];
  let rows = 0;
  for (;;) {
    const notes = await store.noted(NOTES_AT_ONCE, only?.institution, signalOption(signal));
    if (notes.length === 0) return rows;
    const persons = notes.filter(({ institution }) => institution === undefined);
    if (persons.length > 0) await successorsOf(context, plan, codesOf(persons), signal);
    for (const [delivery, noted] of byDelivery(rotation, notes)) {
      await writeSupplement(context, rotation, { folder, delivery, noted, signal });
    }
    await store.settle(
      notes.map(({ note }) => note),
      signalOption(signal),
    );
    rows += notes.length;
    observe({
      event: 'supplement',
      id: record.id,
      kind: record.kind,
      status: record.status,
      rows: notes.length,
    });
    if (notes.length < NOTES_AT_ONCE) return rows;
  }
}

interface SupplementRequest {
  readonly folder: string;
  readonly delivery: number;
  readonly noted: readonly NotedRow[];
  readonly signal: AbortSignal | undefined;
}

async function writeSupplement(
  context: RotationContext,
  rotation: PlannedRotation,
  { folder, delivery, noted, signal }: SupplementRequest,
): Promise<void> {
  const { plan, record } = rotation;
  const planned = plan.deliveries[delivery] as PlannedDelivery;
  const pairs = await makePairs(context, { plan, delivery: planned, storeCodes: codesOf(noted) }, signal);
  if (pairs.oldCodes.length === 0) return;
  const name = `rotation-${plan.mark}-supplement-${delivery}-${randomBytes(8).toString('hex')}`;
  const file = await writePartFile(folder, name, pairs);
  const { engines } = context.vault.health();
  const now = await readRotation(context, record.id);
  const notebook = Notebook.read(now.record.notebook).with({ supplement: { ...file, delivery, engines } });
  const { status } = record;
  await moveOrRefuse(context, now, 'taking in new rows', {
    from: status,
    to: status,
    notebook: notebook.toString(),
  });
}

/** Issuances by the deliveries they belong to: the institution's, and those of record periods. */
function byDelivery(
  { plan }: PlannedRotation,
  notes: readonly NotedRow[],
): ReadonlyMap<number, readonly NotedRow[]> {
  const issuances = notes.filter(({ institution }) => institution !== undefined);
  const known = new Set(plan.deliveries.map(({ institution }) => institution));
  const stranger = issuances.find(({ institution }) => !known.has(institution));
  if (stranger !== undefined) {
    throw new RenkeiError(
      'ROTATION_CONFLICT',
      `institution ${stranger.institution} was registered after the rotation was begun: begin it anew`,
    );
  }
  const groups = plan.deliveries.map(({ institution }, delivery): [number, readonly NotedRow[]] => [
    delivery,
    institution === undefined ? issuances : issuances.filter((note) => note.institution === institution),
  ]);
  return new Map(groups.filter(([, group]) => group.length > 0));
}

/** Codes of noted rows, each once: they may be of one person many times. */
function codesOf(notes: readonly NotedRow[]): Uint8Array {
  const codes = new Map(notes.map(({ storeCode }) => [Buffer.from(storeCode).toString('latin1'), storeCode]));
  return packCodes([...codes.values()]);
}
