import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex } from '@noble/hashes/utils.js';
import { checkOptions, type OptionRule, required } from '../../errors/options.js';
import { RenkeiError } from '../../errors/renkei-error.js';
import { canonicalJson } from '../../signatures/canonical-json.js';
import { overlap, periodOf } from './calendar-day.js';
import { type FileFault, faultAt } from './file-fault.js';
import type { FileRow } from './row-file.js';
import type { Columns } from './row-shape.js';

/** Rows that a reader found right, with what names them. */
export interface CheckedRows<Row> {
  readonly rows: readonly Row[];
  /** SHA-256 of the canonical JSON of all that was read, 64 lower-case hex digits. */
  readonly digest: string;
}

/** What readers made, and which: nothing is decided by rows that were not checked. */
const readers = new WeakMap<object, string>();

/** What a reader gives out: frozen, with its digest, and known as the reader's. */
export function sealRows<T extends { readonly rows: readonly object[] }>(
  reader: string,
  content: T,
): T & { readonly digest: string } {
  const digest = bytesToHex(sha256(Buffer.from(canonicalJson(content))));
  for (const row of content.rows) {
    for (const cell of Object.values(row)) Object.freeze(cell);
    Object.freeze(row);
  }
  Object.freeze(content.rows);
  const sealed = Object.freeze({ ...content, digest });
  readers.set(sealed, reader);
  return sealed;
}

const formatRule: OptionRule = {
  expects: 'json or csv',
  check: (value) => value === 'json' || value === 'csv',
};

/** Checks what a reader is given: the text, the format, and what else it wants to know. */
export function checkReading(
  reader: string,
  text: string,
  options: unknown,
  rules: Readonly<Record<string, OptionRule>> = {},
): void {
  checkOptions(reader, options, { format: required(formatRule), ...rules });
  if (typeof text !== 'string')
    throw new RenkeiError('OPTION_INVALID', `${reader}: a file is given as a text`);
}

/** The rule for what a reader gave out. */
export function madeBy(reader: string): OptionRule {
  return {
    expects: `what ${reader} read`,
    check: (value) => typeof value === 'object' && value !== null && readers.get(value) === reader,
  };
}

interface Dated {
  readonly effectiveFrom?: string;
  readonly effectiveTo?: string;
}

/** Faults of rows that say the same, or something else, about one thing for some of the same days. */
export function repeatedRows<C extends Columns>(
  rows: readonly FileRow<C>[],
  thingOf: (cells: FileRow<C>['cells']) => readonly string[],
): FileFault[] {
  const things = new Map<string, FileRow<C>[]>();
  for (const row of rows) {
    const thing = JSON.stringify(thingOf(row.cells));
    const same = things.get(thing);
    if (same === undefined) things.set(thing, [row]);
    else same.push(row);
  }
  return [...things.values()].flatMap((same) => overlapping(same));
}

function overlapping<C extends Columns>(rows: readonly FileRow<C>[]): FileFault[] {
  const dated = rows.map(({ line, cells }) => {
    const { effectiveFrom, effectiveTo } = cells as Dated;
    return { line, period: periodOf(effectiveFrom, effectiveTo) };
  });
  dated.sort((a, b) =>
    a.period.first === b.period.first ? a.line - b.line : a.period.first < b.period.first ? -1 : 1,
  );
  let longest = dated[0];
  const faults: FileFault[] = [];
  for (const row of dated.slice(1)) {
    if (longest !== undefined && overlap(longest.period, row.period)) {
      const [earlier, later] = [longest.line, row.line].sort((a, b) => a - b) as [number, number];
      faults.push(
        faultAt(later, undefined, `is about what line ${earlier} is about, for some of the same days`),
      );
    }
    if (longest === undefined || row.period.last > longest.period.last) longest = row;
  }
  return faults;
}
