import { parseKeyName } from '../codes/key-names.js';
import { RenkeiError } from '../errors/renkei-error.js';
import type { KeyRecord, KeyState, RecordedKey } from './port.js';
import type { KeyTransition } from './rotation-port.js';

/** How keys come into their states: the same in every store. */

/**
 * Whose key it is: the versions of one audience follow each other. Every record period has a single key and is an
 * audience of its own; all link keys are one audience.
 */
export function audienceOf(name: string): string {
  const parsed = parseKeyName(name);
  if (parsed.kind === 'institution') return `institution/${parsed.institution}`;
  return parsed.kind === 'record' ? parsed.name : parsed.kind;
}

/**
 * A key as it goes on record: the first of its audience is active at once, a further one pre-active.
 *
 * @param recorded all keys on record
 * @param record a key that is not on record yet, checked
 */
export function stateAtRegistration(recorded: readonly RecordedKey[], record: KeyRecord): RecordedKey {
  const audience = audienceOf(record.name);
  const isFirst = recorded.every(({ name }) => audienceOf(name) !== audience);
  const active = recorded.find(({ name, state }) => state === 'active' && audienceOf(name) === 'link');
  return inState(record, isFirst ? 'active' : 'pre-active', active?.generation);
}

/**
 * The keys a store is begun with, in the order given: of the link keys and of the store's the highest is active, those
 * before it are retired.
 *
 * @param records link and store keys, checked
 */
export function statesAtBeginning(records: readonly KeyRecord[]): readonly RecordedKey[] {
  const numbers = records.map(({ name }) => Number(name.split('/')[1]));
  const highestOf = (audience: string) =>
    Math.max(...numbers.filter((_, k) => audienceOf((records[k] as KeyRecord).name) === audience));
  const highest: Readonly<Record<string, number>> = { link: highestOf('link'), store: highestOf('store') };
  const generation = Number.isFinite(highest.link) ? highest.link : undefined;
  return records.map((record, k) =>
    inState(record, numbers[k] === highest[audienceOf(record.name)] ? 'active' : 'retired', generation),
  );
}

/**
 * Keys after their transitions.
 *
 * @param recorded all keys on record
 * @param transitions legal ones, of each key at most one
 * @param at milliseconds since 1970-01-01 UTC
 * @returns all keys, in the order given; undefined where one is not on record in the state that it goes from
 * @throws RenkeiError `OPTION_INVALID` when an audience would have two active keys
 */
export function afterTransitions(
  recorded: readonly RecordedKey[],
  transitions: readonly KeyTransition[],
  at: number,
): readonly RecordedKey[] | undefined {
  const byName = new Map(recorded.map((key) => [key.name, key]));
  for (const { name, from, to } of transitions) {
    const key = byName.get(name);
    if (key?.state !== from) return undefined;
    byName.set(name, { ...key, state: to, since: { ...key.since, [to]: at } });
  }
  const keys = [...byName.values()];
  const [twice] = audiencesWithTwoActive(keys);
  if (twice === undefined) return keys;
  throw new RenkeiError('OPTION_INVALID', `moveRotation: ${twice} would have two active keys`);
}

/** True when every key is in the state that it goes to. */
export function areInTheirStates(
  recorded: readonly RecordedKey[],
  transitions: readonly KeyTransition[],
): boolean {
  const states = new Map(recorded.map(({ name, state }) => [name, state]));
  return transitions.every(({ name, to }) => states.get(name) === to);
}

/** Audiences that have more than one active key: none may. */
export function audiencesWithTwoActive(recorded: readonly RecordedKey[]): readonly string[] {
  const active = recorded.filter(({ state }) => state === 'active').map(({ name }) => audienceOf(name));
  return [...new Set(active.filter((audience, k) => active.indexOf(audience) !== k))];
}

function inState(record: KeyRecord, state: KeyState, active: number | undefined): RecordedKey {
  const { name, fingerprint, registeredAt } = record;
  const parsed = parseKeyName(name);
  const generation =
    parsed.kind === 'link'
      ? parsed.generation
      : parsed.kind === 'institution' || parsed.kind === 'store'
        ? (record.generation ?? active)
        : undefined;
  return {
    name,
    fingerprint,
    registeredAt,
    ...(generation === undefined ? {} : { generation }),
    state,
    since: { [state]: registeredAt },
  };
}
