import { RenkeiError } from '../../../errors/renkei-error.js';
import type { Connections } from '../connections.js';
import type { ConnectionSettings } from '../options.js';
import { bringUpToDate, type SchemaName, versionOf } from '../schema-versions.js';
import { transact } from '../transact.js';
import type { Statement } from '../transaction.js';
import type { FileState } from './file-state.js';
import { RECORD_TABLES } from './tables.js';

/** The steps that lead to the present schema, each run once; a step that was released is never changed. */
const RECORD_STEPS: readonly string[] = [RECORD_TABLES];

const RECORD_SCHEMA: SchemaName = { table: 'record_migration', holds: 'record file' };

const ENCODING: Statement = {
  name: 'encoding',
  text: `SELECT current_setting('server_encoding') AS encoding`,
};

/**
 * Makes the tables of a record file if that is wanted, or brings those of an earlier release up to date: in one
 * transaction, once, however many processes open the file.
 *
 * @throws RenkeiError `STORE_SCHEMA`
 */
export function prepareRecordSchema(
  connections: Connections<FileState>,
  settings: ConnectionSettings,
): Promise<void> {
  return transact(connections, { kind: 'schema', during: 'preparing the schema' }, async (transaction) => {
    const { encoding } = await transaction.row<{ encoding: string }>(ENCODING);
    if (encoding !== 'UTF8') {
      throw new RenkeiError('STORE_SCHEMA', 'the database keeps texts in another encoding than UTF8');
    }
    const version = await versionOf(transaction, settings, RECORD_SCHEMA);
    await bringUpToDate(transaction, RECORD_SCHEMA, version, RECORD_STEPS);
  });
}
