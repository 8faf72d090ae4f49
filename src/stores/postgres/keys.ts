import { parseKeyName } from '../../codes/key-names.js';
import { outcomeOfBeginning } from '../arguments.js';
import { stateAtRegistration, statesAtBeginning } from '../key-states.js';
import type { KeyRecord, KeyState, RecordedKey, WriteOutcome } from '../port.js';
import type { KeyTransition } from '../rotation-port.js';
import type { Statement, Transaction } from './transaction.js';

/** Where the date of each state stands. */
const SINCE = {
  'pre-active': 'pre_active_since',
  active: 'active_since',
  accepting: 'accepting_since',
  retired: 'retired_since',
  destroyed: 'destroyed_since',
} as const satisfies Record<KeyState, string>;
const STATES = Object.entries(SINCE) as readonly [KeyState, (typeof SINCE)[KeyState]][];
const COLUMNS = STATES.map(([, column]) => column).join(', ');

const ALL_KEYS: Statement = {
  name: 'all-keys',
  text: `SELECT name, fingerprint, registered_at AS "registeredAt", state, generation, ${COLUMNS}
    FROM key ORDER BY name`,
};
/** A key comes on record in one state, at the time it is registered. */
const INSERT_KEY: Statement = {
  name: 'insert-key',
  text: `INSERT INTO key (name, fingerprint, registered_at, state, generation, ${COLUMNS})
    SELECT $1::text, $2::text, $3::bigint, $4::text, $5::smallint,
      ${STATES.map(([state]) => `CASE WHEN $4::text = '${state}' THEN $3::bigint END`).join(', ')}`,
};
const MOVE_KEY: Statement = {
  name: 'move-key',
  text: `UPDATE key SET state = $2::text, ${STATES.map(
    ([state, column]) => `${column} = CASE WHEN $2::text = '${state}' THEN $3::bigint ELSE ${column} END`,
  ).join(', ')} WHERE name = $1`,
};
const INSERT_INSTITUTION: Statement = {
  name: 'insert-institution',
  text: 'INSERT INTO institution (code) VALUES ($1) ON CONFLICT DO NOTHING',
};

type KeyRow = Omit<RecordedKey, 'since' | 'generation'> & {
  readonly generation: number | null;
} & Readonly<Record<(typeof SINCE)[KeyState], number | null>>;

/** All keys on record, by the character codes of their names. */
export async function listKeys(transaction: Transaction): Promise<RecordedKey[]> {
  const rows = await transaction.rows<KeyRow>(ALL_KEYS);
  return rows.map(({ name, fingerprint, registeredAt, state, generation, ...dates }) => ({
    ...{ name, fingerprint, registeredAt, state },
    ...(generation === null ? {} : { generation }),
    since: Object.fromEntries(
      STATES.flatMap(([one, column]) => (dates[column] === null ? [] : [[one, dates[column]]])),
    ),
  }));
}

/** Records the keys a store is begun with, in a transaction that is alone among those of keys. */
export async function begin(transaction: Transaction, records: readonly KeyRecord[]): Promise<WriteOutcome> {
  const outcome = outcomeOfBeginning(await listKeys(transaction), records);
  if (outcome === 'inserted') for (const key of statesAtBeginning(records)) await insertKey(transaction, key);
  return outcome;
}

/** Records a key, in a transaction that is alone among those of keys. */
export async function registerKey(transaction: Transaction, record: KeyRecord): Promise<WriteOutcome> {
  const { name, fingerprint } = record;
  const keys = await listKeys(transaction);
  const there = keys.filter((key) => key.name === name || key.fingerprint === fingerprint);
  if (there.length > 0) {
    const same = there.length === 1 && there[0]?.name === name && there[0].fingerprint === fingerprint;
    return same ? 'existed' : 'conflict';
  }
  await insertKey(transaction, stateAtRegistration(keys, record));
  const parsed = parseKeyName(name);
  if (parsed.kind === 'institution') await transaction.write(INSERT_INSTITUTION, parsed.institution);
  return 'inserted';
}

/** Brings keys into other states, in a transaction that is alone. */
export async function moveKeys(
  transaction: Transaction,
  transitions: readonly KeyTransition[],
  at: number,
): Promise<void> {
  for (const { name, to } of transitions) await transaction.write(MOVE_KEY, name, to, at);
}

function insertKey(
  transaction: Transaction,
  { name, fingerprint, registeredAt, state, generation }: RecordedKey,
): Promise<number> {
  return transaction.write(INSERT_KEY, name, fingerprint, registeredAt, state, generation ?? null);
}
