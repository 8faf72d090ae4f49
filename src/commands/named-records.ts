import type { OperationLog, RecordStore } from 'renkei';
import { openExistingRecords } from './open-store.js';

/** What names, on a command line, the record file that its operations are written down in. */
export const LOG_OPTIONS = {
  'records-sqlite': { type: 'string' },
  'records-postgres-env': { type: 'string' },
  'records-schema': { type: 'string' },
} as const;

/** Their names. */
export const LOG_OPTION_NAMES = Object.keys(LOG_OPTIONS) as readonly (keyof typeof LOG_OPTIONS)[];

const USAGE =
  'give the record file as --records-sqlite PATH | --records-postgres-env NAME [--records-schema NAME]';

type LogValues = { readonly [Name in keyof typeof LOG_OPTIONS]?: string | undefined };

/**
 * Opens the record file that a command line names; undefined where it names none.
 *
 * @param create makes one where there is none: for the operation that comes first of all
 * @throws RenkeiError `OPTION_INVALID` or a store error
 */
export async function openNamedRecords(
  { 'records-sqlite': sqlite, 'records-postgres-env': postgres, 'records-schema': schema }: LogValues,
  create = false,
): Promise<RecordStore | undefined> {
  if (sqlite === undefined && postgres === undefined && schema === undefined) return undefined;
  return openExistingRecords({ sqlite, postgres, schema }, USAGE, create);
}

/** The operation log of a record file. No checkpoint is made: whoever runs the log does that. */
export function logOf(records: RecordStore): OperationLog {
  return { append: (drafts, options) => records.appendLog(drafts, Date.now(), options) };
}
