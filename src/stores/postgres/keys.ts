import { parseKeyName } from '../../codes/key-names.js';
import { outcomeOfBeginning } from '../arguments.js';
import type { KeyRecord, WriteOutcome } from '../port.js';
import type { Statement, Transaction } from './transaction.js';

const ALL_KEYS: Statement = {
  name: 'all-keys',
  text: 'SELECT name, fingerprint, registered_at AS "registeredAt" FROM key ORDER BY name',
};
const INSERT_KEY: Statement = { name: 'insert-key', text: 'INSERT INTO key VALUES ($1, $2, $3::bigint)' };
const LIKE_KEYS: Statement = {
  name: 'like-keys',
  text: 'SELECT name, fingerprint FROM key WHERE name = $1 OR fingerprint = $2',
};
const INSERT_INSTITUTION: Statement = {
  name: 'insert-institution',
  text: 'INSERT INTO institution (code) VALUES ($1) ON CONFLICT DO NOTHING',
};

/** All keys on record, by the character codes of their names. */
export function listKeys(transaction: Transaction): Promise<KeyRecord[]> {
  return transaction.rows<KeyRecord>(ALL_KEYS);
}

/** Records the keys a store is begun with, in a transaction that is alone among those of keys. */
export async function begin(transaction: Transaction, records: readonly KeyRecord[]): Promise<WriteOutcome> {
  const outcome = outcomeOfBeginning(await listKeys(transaction), records);
  if (outcome === 'inserted') for (const record of records) await insertKey(transaction, record);
  return outcome;
}

/** Records a key, in a transaction that is alone among those of keys. */
export async function registerKey(transaction: Transaction, record: KeyRecord): Promise<WriteOutcome> {
  const { name, fingerprint } = record;
  const there = await transaction.rows<Pick<KeyRecord, 'name' | 'fingerprint'>>(LIKE_KEYS, name, fingerprint);
  if (there.length > 0) {
    const same = there.length === 1 && there[0]?.name === name && there[0].fingerprint === fingerprint;
    return same ? 'existed' : 'conflict';
  }
  await insertKey(transaction, record);
  const parsed = parseKeyName(name);
  if (parsed.kind === 'institution') await transaction.write(INSERT_INSTITUTION, parsed.institution);
  return 'inserted';
}

function insertKey(
  transaction: Transaction,
  { name, fingerprint, registeredAt }: KeyRecord,
): Promise<number> {
  return transaction.write(INSERT_KEY, name, fingerprint, registeredAt);
}
