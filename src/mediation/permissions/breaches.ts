import { dayRule } from '../../codes/calendar-day.js';
import { required, textRule } from '../../errors/options.js';
import { RenkeiError } from '../../errors/renkei-error.js';
import type { LogDraft } from '../../stores/log-port.js';
import { type InstitutionCode, parseInstitutionCode } from '../../subjects/institution-code.js';
import { type CheckedRows, sealRows } from './checked-rows.js';
import { type FileFault, inOrder } from './file-fault.js';
import { repeatedRows } from './repeated-rows.js';
import { type FileOptions, readRowFile } from './row-file.js';
import { type Columns, DATES, SOURCE } from './row-shape.js';

/** An institution that has breached 番号法28条, for a time: nothing is mediated for it or from it (令26条4項). */
export interface Breach {
  /** 機関コード. */
  readonly institution: InstitutionCode;
  /** First day, as `2026-06-14`. */
  readonly effectiveFrom: string;
  /** Last day; default: it has not ended. */
  readonly effectiveTo?: string;
}

/** All breaches. Only {@link readBreaches} makes one. */
export interface BreachList extends CheckedRows<Breach> {
  /** Where it comes from. */
  readonly source?: string;
}

/** A list, or all that is wrong with the file. */
export type BreachesRead =
  | {
      /** The list. */
      readonly breaches: BreachList;
      /** Nothing is wrong. */
      readonly faults?: undefined;
    }
  | {
      /** None is made of a file with a fault. */
      readonly breaches?: undefined;
      /** Every fault, by its line. */
      readonly faults: readonly FileFault[];
    };

/** The reader's name, by which what it made is known. */
export const BREACH_READER = 'readBreaches';

const COLUMNS = {
  institution: { kind: 'code', required: true },
  ...DATES,
  effectiveFrom: { kind: 'day', required: true },
} as const satisfies Columns;

/**
 * Reads breaches of 番号法28条 from JSON or CSV.
 *
 * @param text the file, decoded
 * @returns the list; or every fault of the file, with its line, and no list
 * @throws RenkeiError `OPTION_UNKNOWN`, `OPTION_INVALID`: of the options, never of the file
 */
export function readBreaches(text: string, options: FileOptions): BreachesRead {
  const file = readRowFile(BREACH_READER, text, options, SOURCE, COLUMNS);
  const faults = [...file.faults, ...repeatedRows(file.rows, ({ institution }) => [institution])];
  if (faults.length > 0) return { faults: inOrder(faults) };
  const rows = file.rows.map(({ cells }) => ({
    ...cells,
    institution: parseInstitutionCode(cells.institution),
  }));
  return { breaches: sealRows(BREACH_READER, { ...file.head, rows }) };
}

/** What a breach that is set by hand must be. */
export const BREACH_RULES = {
  institution: required(textRule),
  effectiveFrom: required(dayRule),
  effectiveTo: dayRule,
};

/**
 * A list with one breach more; one of the same institution from the same day on is replaced, which is how a breach ends.
 *
 * @throws RenkeiError `OPTION_INVALID`
 */
export function withBreach(list: BreachList | undefined, breach: Breach): BreachList {
  const others = (list?.rows ?? []).filter(
    ({ institution, effectiveFrom }) =>
      institution !== breach.institution || effectiveFrom !== breach.effectiveFrom,
  );
  const { source, rows } = { source: list?.source, rows: [...others, breach] };
  const { breaches } = readBreaches(JSON.stringify({ source, rows }), { format: 'json' });
  if (breaches !== undefined) return breaches;
  throw new RenkeiError(
    'OPTION_INVALID',
    'setBreach: breaches of one institution end before they begin, or overlap',
  );
}

/** What the operation log is to say of a breach that is set by hand. */
export function breachEntry(
  { institution, effectiveFrom, effectiveTo }: Breach,
  list?: BreachList,
): LogDraft {
  const details = {
    institution,
    effectiveFrom,
    ...(effectiveTo === undefined ? {} : { effectiveTo }),
    ...(list === undefined ? {} : { digest: list.digest, rows: list.rows.length }),
  };
  return { event: 'institution.in-breach', details };
}
