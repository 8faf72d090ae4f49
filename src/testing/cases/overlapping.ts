import assert from 'node:assert/strict';
import type { IssuanceStore } from '../../stores/port.js';
import { versionsOf } from '../answers.js';
import { A, batchOf, storeCodes } from '../samples.js';
import { Seeded } from '../seeded.js';

/** Sets of people that overlap, each in an order of its own; together they hold all. */
export function overlapping(sets: number, people: readonly number[], size: number): readonly number[][] {
  const draw = new Seeded(20260401);
  const drawn = Array.from({ length: sets - 1 }, () => draw.shuffled(people).slice(0, size));
  return [...drawn, draw.shuffled(people)];
}

/** Issues sets of people at once, in turn by the given connections, and holds that each person is inserted once. */
export async function assertEachInsertedOnce(
  stores: readonly IssuanceStore[],
  sets: readonly (readonly number[])[],
): Promise<void> {
  const answers = await Promise.all(
    sets.map((set, k) =>
      versionsOf((stores[k % stores.length] as IssuanceStore).issue(batchOf(A, storeCodes(...set)))),
    ),
  );
  const insertions = new Map<number, number>();
  for (const [k, set] of sets.entries()) {
    for (const [row, person] of set.entries()) {
      const inserted = answers[k]?.[row] === 0 ? 1 : 0;
      insertions.set(person, (insertions.get(person) ?? 0) + inserted);
    }
  }
  for (const [person, times] of insertions) assert.equal(times, 1, `person ${person} is inserted once`);
}
