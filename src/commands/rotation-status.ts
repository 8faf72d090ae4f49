import { type IssuanceStore, RenkeiError } from 'renkei';
import type { KeyState } from '../stores/port.js';

const STATES: readonly KeyState[] = ['pre-active', 'active', 'accepting', 'retired', 'destroyed'];

/** A rotation as `status` shows it. */
interface ShownRotation {
  readonly id: number;
  readonly kind: string;
  readonly subject: string;
  readonly status: string;
  readonly since: string;
  readonly parts: { readonly done: number; readonly all: number };
}

/** A key as `status` shows it. */
interface ShownKey {
  readonly name: string;
  readonly fingerprint: string;
  readonly generation?: number;
  readonly state: KeyState;
  readonly since: Readonly<Record<string, string>>;
}

/**
 * Every rotation of a store, or one, and every key with its state and dates. Needs no HSM and no PIN.
 *
 * @throws RenkeiError `ROTATION_UNKNOWN` or a store error
 */
export async function rotationStatus(
  store: IssuanceStore,
  id: number | undefined,
  asJson: boolean,
): Promise<string> {
  const records = (await store.rotations()).filter((record) => id === undefined || record.id === id);
  if (id !== undefined && records.length === 0) {
    throw new RenkeiError('ROTATION_UNKNOWN', `there is no rotation ${id} in this store`);
  }
  const rotations: ShownRotation[] = [];
  for (const { id: number, kind, subject, status, createdAt, changedAt } of records) {
    const parts = await store.parts(number);
    const done = parts.filter(({ report }) => report !== undefined).length;
    const since = iso(changedAt ?? createdAt);
    rotations.push({ id: number, kind, subject, status, since, parts: { done, all: parts.length } });
  }
  const keys = (await store.listKeys()).map(
    ({ name, fingerprint, generation, state, since }): ShownKey => ({
      name,
      fingerprint,
      ...(generation === undefined ? {} : { generation }),
      state,
      since: Object.fromEntries(
        STATES.flatMap((one) => (since[one] === undefined ? [] : [[one, iso(since[one])]])),
      ),
    }),
  );
  return asJson ? `${JSON.stringify({ rotations, keys }, null, 2)}\n` : print(rotations, keys);
}

function print(rotations: readonly ShownRotation[], keys: readonly ShownKey[]): string {
  const shown = rotations.map(
    ({ id, kind, subject, status, since, parts }) =>
      `rotation ${id}, ${kind} ${subject}: ${status} since ${since}${parts.all === 0 ? '' : `, parts ${parts.done} of ${parts.all}`}\n`,
  );
  const known = keys.map(({ name, fingerprint, generation, state, since }) => {
    const dates = Object.entries(since).map(([one, when]) => `${one} ${when}`);
    const carries = generation === undefined ? '' : `, generation ${generation}`;
    return `${name}: ${state}, fingerprint ${fingerprint}${carries}; ${dates.join(', ')}\n`;
  });
  const none = 'no rotation was ever begun\n';
  return `${shown.length === 0 ? none : shown.join('')}\n${known.join('')}`;
}

const iso = (moment: number) => new Date(moment).toISOString();
