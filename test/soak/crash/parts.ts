import type { Action } from './journal.js';
import type { Step } from './lineage.js';
import { LINEAGE_CODES } from './population.js';

/** What an operation does to one lineage at one instant. */
export interface Part {
  /** The operation; of a bulk load, which stores its rows at many instants, the row too. */
  readonly name: string;
  readonly lineage: number;
  readonly steps: readonly Step[];
  /** Places of the steps in the operation. */
  readonly places: readonly number[];
}

/** An operation by lineage, the steps in their order. */
export function partsOf(operation: string, action: Action): readonly Part[] {
  const parts = new Map<string, { name: string; lineage: number; steps: Step[]; places: number[] }>();
  action.residents.forEach((resident, place) => {
    const lineage = lineageOf(resident);
    const name = action.kind === 'load' ? `${operation}#${place}` : operation;
    const key = `${name} ${lineage}`;
    const part = parts.get(key) ?? { name, lineage, steps: [], places: [] };
    parts.set(key, part);
    part.steps.push(stepOf(action, place));
    part.places.push(place);
  });
  return [...parts.values()];
}

/** The lineage of a resident record code, by its number. */
export function lineageOf(resident: number): number {
  return Math.floor(resident / LINEAGE_CODES);
}

/** Every resident record code that an operation names. */
export function residentsIn(action: Action): readonly number[] {
  return action.kind === 'change' ? [...action.residents, ...action.to] : action.residents;
}

function stepOf(action: Action, place: number): Step {
  const code = (action.residents[place] as number) % LINEAGE_CODES;
  if (action.kind === 'change') {
    return { kind: 'change', code, to: (action.to[place] as number) % LINEAGE_CODES };
  }
  if (action.kind === 'remove') return { kind: 'remove', code };
  return { kind: 'issue', code, institution: action.institution };
}
