import { RenkeiError } from '../../errors/renkei-error.js';
import type { ConnectionSettings } from './options.js';
import type { Statement, Transaction } from './transaction.js';

/** By what the schema of one kind of store is known. */
export interface SchemaName {
  /** The table that has its versions; each kind has another, so that none is taken for one of another kind. */
  readonly table: string;
  /** What the schema holds. */
  readonly holds: string;
}

const FIND_SCHEMA: Statement = {
  name: 'find-schema',
  text: `SELECT to_regnamespace($1) IS NOT NULL AS present, to_regclass($1 || '.' || $2) IS NOT NULL AS begun,
    EXISTS (SELECT FROM pg_class WHERE relnamespace = to_regnamespace($1)) AS occupied`,
};

/**
 * Version of the schema; 0 where there is none yet and one may be made, and then there is a table for it.
 *
 * @throws RenkeiError `STORE_SCHEMA`
 */
export async function versionOf<S>(
  transaction: Transaction<S>,
  { schema, create }: ConnectionSettings,
  { table, holds }: SchemaName,
): Promise<number> {
  interface Found {
    readonly present: boolean;
    readonly begun: boolean;
    readonly occupied: boolean;
  }
  const { present, begun, occupied } = await transaction.row<Found>(FIND_SCHEMA, schema, table);
  if (begun) {
    const text = `SELECT coalesce(max(version), 0) AS version FROM ${table}`;
    return (await transaction.row<{ version: number }>({ name: 'read-version', text })).version;
  }
  if (occupied) {
    throw new RenkeiError('STORE_SCHEMA', `the schema ${schema} is in use and holds no ${holds}`);
  }
  if (!create) {
    throw new RenkeiError('STORE_SCHEMA', `there is no ${holds}, and none is to be made`);
  }
  if (!present) await transaction.run(`CREATE SCHEMA ${schema}`);
  await transaction.run(`CREATE TABLE ${table} (version integer PRIMARY KEY, applied_at bigint NOT NULL)`);
  return 0;
}

/**
 * Runs the steps that lead from a version to the present one.
 *
 * @param steps version n is what the first n of them make
 * @throws RenkeiError `STORE_SCHEMA` when the version is of a later release
 */
export async function bringUpToDate<S>(
  transaction: Transaction<S>,
  { table }: SchemaName,
  version: number,
  steps: readonly string[],
): Promise<void> {
  if (version > steps.length) {
    throw new RenkeiError(
      'STORE_SCHEMA',
      `the store has schema ${version}; this version knows ${steps.length}`,
    );
  }
  const text = `INSERT INTO ${table} VALUES ($1::integer, $2::bigint)`;
  for (const [k, step] of steps.entries()) {
    if (k < version) continue;
    await transaction.run(step);
    await transaction.write({ name: 'write-version', text }, k + 1, Date.now());
  }
}
