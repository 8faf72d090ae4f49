import { RenkeiError } from '../../errors/renkei-error.js';
import type { LogDetails, LogDraft } from '../../stores/log-port.js';
import type { BreachList } from './breaches.js';
import type { CellClassList } from './cell-classes.js';
import type { CheckedRows } from './checked-rows.js';
import type { InstitutionDirectory } from './institution-directory.js';
import type { PermissionRevision } from './permission-table.js';

/** All that decides. */
export interface PermissionParts {
  /** Revisions of the table, one for a day at most. */
  readonly revisions: readonly PermissionRevision[];
  /** Who the institutions are. */
  readonly directory: InstitutionDirectory;
  /** What cells of the table mean that are themselves neither class nor 機関コード. Default: there are none. */
  readonly classes?: CellClassList;
  /** Breaches of 番号法28条. Default: there are none. */
  readonly breaches?: BreachList;
}

/**
 * Checks that the parts go together, and puts the revisions in the order of their days.
 *
 * @throws RenkeiError `OPTION_INVALID` (two revisions of one day), `INSTITUTION_UNKNOWN` (a breach of nobody: a mistyped
 *   code must not leave an institution without its flag)
 */
export function inAgreement(parts: PermissionParts): PermissionParts {
  const revisions = [...parts.revisions].sort((a, b) => (a.effectiveFrom < b.effectiveFrom ? -1 : 1));
  const days = new Set(revisions.map(({ effectiveFrom }) => effectiveFrom));
  if (days.size < revisions.length) {
    throw new RenkeiError('OPTION_INVALID', 'two revisions of the table are in force from the same day');
  }
  const known = new Set<string>(parts.directory.rows.map(({ institution }) => institution));
  const stranger = (parts.breaches?.rows ?? []).findIndex(({ institution }) => !known.has(institution));
  if (stranger >= 0) {
    throw new RenkeiError('INSTITUTION_UNKNOWN', 'an institution in breach is not in the directory', {
      index: stranger,
    });
  }
  return { ...parts, revisions };
}

/** What the operation log is to say when some parts take the place of others: one entry for each that comes or goes. */
export function entriesOfChange(
  event: 'permissions.opened' | 'permissions.replaced',
  before: Partial<PermissionParts>,
  after: PermissionParts,
): LogDraft[] {
  const was = new Map(listed(before).map((details) => [JSON.stringify(details), details]));
  const is = new Map(listed(after).map((details) => [JSON.stringify(details), details]));
  const entries = (name: string, all: typeof is, others: typeof is) =>
    [...all].filter(([key]) => !others.has(key)).map(([, details]) => ({ event: name, details }));
  return [...entries('permissions.withdrawn', was, is), ...entries(event, is, was)];
}

function listed({ revisions = [], directory, classes, breaches }: Partial<PermissionParts>): LogDetails[] {
  const details = (part: string, rows: CheckedRows<unknown> | undefined) =>
    rows === undefined ? [] : [{ part, digest: rows.digest, rows: rows.rows.length }];
  const tables = revisions.map(({ effectiveFrom, digest, rows }) => ({
    part: 'table',
    effectiveFrom,
    digest,
    rows: rows.length,
  }));
  return [
    ...tables,
    ...details('directory', directory),
    ...details('classes', classes),
    ...details('breaches', breaches),
  ];
}
