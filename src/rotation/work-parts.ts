import { type KeyRange, keyRange } from './key-ranges.js';
import type { PlannedDelivery, StoredPlan } from './stored-plan.js';

/** What a part is: a range of all store codes, for successors or for a delivery. */
export interface WorkPart {
  /** Its number. */
  readonly part: number;
  /** Which store codes. */
  readonly range: KeyRange;
  /** The delivery that it makes pairs for; none: it makes successors. */
  readonly delivery?: PlannedDelivery;
}

/** What the part of a number is. Successors come first: deliveries are made of them. */
export function workPart(plan: StoredPlan, part: number): WorkPart {
  if (part < plan.successionParts) return { part, range: keyRange(part, plan.successionParts) };
  let first = plan.successionParts;
  for (const delivery of plan.deliveries) {
    if (part < first + delivery.parts) {
      return { part, range: keyRange(part - first, delivery.parts), delivery };
    }
    first += delivery.parts;
  }
  throw new RangeError(`part ${part} is none of this rotation`);
}

/** The numbers of the parts of a delivery: the first, and the one after the last. */
export function partsOf(plan: StoredPlan, delivery: number): readonly [number, number] {
  const before = plan.deliveries.slice(0, delivery);
  const first = before.reduce((sum, { parts }) => sum + parts, plan.successionParts);
  return [first, first + (plan.deliveries[delivery]?.parts ?? 0)];
}
