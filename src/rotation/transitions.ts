import type { KeyName } from '../codes/key-names.js';
import type { RecordedKey } from '../stores/port.js';
import type { KeyTransition } from '../stores/rotation-port.js';
import type { StoredPlan } from './stored-plan.js';

/** What a switch does to the keys: the new ones become active, the old ones are accepted still. */
export function switching({ from, to }: StoredPlan, keys: readonly RecordedKey[]): readonly KeyTransition[] {
  const states = new Map(keys.map(({ name, state }) => [name, state]));
  return [
    ...from.map(({ name }) => ({ name, from: 'active', to: 'accepting' }) as const),
    // The key of a record period that begins is the first of its audience, and active already.
    ...to
      .filter(({ name }) => states.get(name) !== 'active')
      .map(({ name }) => ({ name, from: 'pre-active', to: 'active' }) as const),
  ];
}

/** What retiring does: the old keys are refused. */
export function retiring({ from }: StoredPlan): readonly KeyTransition[] {
  return from.map(({ name }) => ({ name, from: 'accepting', to: 'retired' }));
}

/** Keys that may be destroyed after that. Link keys never: later generations are computed through them. */
export function destructible({ from }: StoredPlan): StoredPlan['from'] {
  return from.filter(({ name }) => !name.startsWith('link/'));
}

/** What destroying does. */
export function destroying(names: readonly KeyName[]): readonly KeyTransition[] {
  return names.map((name) => ({ name, from: 'retired', to: 'destroyed' }));
}
