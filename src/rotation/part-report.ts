import type { IssuanceStore } from '../stores/port.js';
import type { RotationPart } from '../stores/rotation-port.js';
import type { VaultEngine } from '../vault/port.js';
import type { PartFile } from './part-file.js';
import { readRecord } from './stored-plan.js';

/** What a worker reports of a part. */
export interface PartReport {
  /** Rows it went through. */
  readonly rows: number;
  /** What computed its codes. */
  readonly engines: readonly VaultEngine[];
  /** Pairs it has written; none where it has written none. */
  readonly pairs?: PartFile;
}

/** How the parts of a rotation stand. */
export interface PartsState {
  /** Reports of those that are done, by part. */
  readonly reports: ReadonlyMap<number, PartReport>;
  /** Numbers of those that are not, ascending. */
  readonly open: readonly number[];
  /** Rows in those that are done. */
  readonly rows: number;
}

/**
 * What a worker has reported.
 *
 * @throws RenkeiError `STORE_CORRUPT` when it is none of this release
 */
export function readReport(text: string): PartReport {
  return readRecord('a report of a part', text) as PartReport;
}

/** Reads how the parts stand. */
export async function readParts(store: IssuanceStore, id: number): Promise<PartsState> {
  const parts = await store.parts(id);
  const reports = new Map(
    parts.flatMap(({ part, report }: RotationPart) =>
      report === undefined ? [] : [[part, readReport(report)] as const],
    ),
  );
  return {
    reports,
    open: parts.filter(({ report }) => report === undefined).map(({ part }) => part),
    rows: [...reports.values()].reduce((sum, { rows }) => sum + rows, 0),
  };
}
