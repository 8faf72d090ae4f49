import { hex, integer, listOf, members } from '../../signatures/members.js';
import type { LogEntry } from '../../stores/log-port.js';

/** That the log speaks of a row. */
export interface Mention {
  /** 処理通番. */
  readonly serial: number;
  /** 処理通番の枝番. */
  readonly branch: number;
  /** Record period. */
  readonly period: string;
  /** The row's digest, 64 lower-case hex digits. */
  readonly digest: string;
  /** Index of the entry. */
  readonly entry: number;
}

/** What the log says of a row that was written. */
interface WrittenRow extends Omit<Mention, 'entry'> {}

/** What the log says of rows that were put under new record codes. */
interface RekeyedRows {
  readonly period: string;
  readonly serials: readonly number[];
  readonly branches: readonly number[];
  readonly digests: readonly string[];
}

const number = integer(1, Number.MAX_SAFE_INTEGER);
const period = (value: unknown) => typeof value === 'string';
const isWrittenRow = members({ branch: number, digest: hex(64), period, serial: number });
const isRekeyedRows = members({
  branches: listOf(number),
  digests: listOf(hex(64)),
  period,
  serials: listOf(number),
});

/** The rows that an entry speaks of: the one it came with, or those that were put under new record codes. */
export function mentionsIn({ event, details, index: entry }: LogEntry): readonly Mention[] {
  if (event === 'record' && isWrittenRow(details)) return [{ ...(details as unknown as WrittenRow), entry }];
  if (event !== 'records.re-keyed' || !isRekeyedRows(details)) return [];
  const { serials, branches, digests, period } = details as unknown as RekeyedRows;
  return serials.flatMap((serial, k) => {
    const [branch, digest] = [branches[k], digests[k]];
    return branch === undefined || digest === undefined ? [] : [{ serial, branch, digest, period, entry }];
  });
}

/** A row's serial number and branch as one text. */
export function rowKey({ serial, branch }: { readonly serial: number; readonly branch: number }): string {
  return `${serial}/${branch}`;
}
