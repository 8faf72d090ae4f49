import { signalOption } from '../errors/abort.js';
import type { IssuanceStore } from '../stores/port.js';
import type { RotationCounts } from './rotation-plan.js';
import type { Outline } from './target-keys.js';

/** Rows that a part is to have. */
const PART_ROWS = 50_000;
const MOST_PARTS = 1_024;

/** Codes that stand in the store, by institution. Reads the whole store. */
export async function countIssuances(
  store: IssuanceStore,
  signal: AbortSignal | undefined,
): Promise<ReadonlyMap<string, number>> {
  const counts = new Map<string, number>();
  for (const { institution, issued } of await store.statistics(signalOption(signal))) {
    counts.set(institution, (counts.get(institution) ?? 0) + issued);
  }
  return counts;
}

/** Counts what a rotation has to do. */
export async function countWork(
  store: IssuanceStore,
  outline: Outline,
  signal?: AbortSignal,
): Promise<RotationCounts> {
  const { persons, aliases } = await store.count(signalOption(signal));
  const issued = outline.deliveries.length === 0 ? new Map() : await countIssuances(store, signal);
  const pairs = outline.deliveries.map(({ audience, institution }) => [
    audience,
    institution === undefined ? persons : (issued.get(institution) ?? 0),
  ]);
  const storeCodes = outline.store.to === undefined ? 0 : persons + aliases;
  return { storeCodes, pairs: Object.fromEntries(pairs) };
}

/** Parts that so many rows are divided into. */
export function partsFor(rows: number): number {
  return Math.min(Math.max(1, Math.ceil(rows / PART_ROWS)), MOST_PARTS);
}

/** Parts in which successors are made: none where a list brings them. */
export function successionParts(outline: Outline, counts: RotationCounts): number {
  return outline.store.to === undefined || outline.source === 'list' ? 0 : partsFor(counts.storeCodes);
}
