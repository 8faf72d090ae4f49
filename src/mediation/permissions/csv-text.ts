import type { FileFault } from './file-fault.js';

/** A cell of a CSV file. */
export interface CsvCell {
  /** Where it begins. */
  readonly line: number;
  readonly text: string;
}

/** A record of a CSV file. */
export interface CsvRow {
  /** Where it begins. */
  readonly line: number;
  readonly cells: readonly CsvCell[];
  /** True when one of them could not be read; that is a fault already. */
  readonly isBroken: boolean;
}

/** A cell, quoted or not, right before what may follow one. */
const CELL = /(?:"([^"]*(?:""[^"]*)*)"|([^",\r\n]*))(?=,|\r?\n|$)/y;
const UP_TO_NEXT = /[^,\n]*/y;

/**
 * Reads CSV after RFC 4180: cells between commas, quoted where they hold a comma, a quote or a line break, a quote
 * within written twice. Lines end with CR LF or LF. Nothing is repaired: what is neither is a fault, and reading goes
 * on behind the next comma or line end.
 */
export function readCsv(text: string): { readonly rows: CsvRow[]; readonly faults: FileFault[] } {
  const rows: CsvRow[] = [];
  const faults: FileFault[] = [];
  let [at, line] = [0, 1];
  while (at < text.length) {
    const cells: CsvCell[] = [];
    const first = line;
    const before = faults.length;
    for (let more = true; more; ) {
      CELL.lastIndex = at;
      const found = CELL.exec(text);
      if (found === null) faults.push({ line, fault: 'a quote stands where none may, or has no end' });
      const end = found === null ? endOfBroken(text, at) : CELL.lastIndex;
      cells.push({ line, text: found?.[1]?.replaceAll('""', '"') ?? found?.[2] ?? '' });
      line += text.slice(at, end).split('\n').length - 1;
      more = text[end] === ',';
      at = more ? end + 1 : end;
    }
    at += text[at] === '\r' ? 2 : 1;
    line++;
    rows.push({ line: first, cells, isBroken: faults.length > before });
  }
  return { rows, faults };
}

function endOfBroken(text: string, at: number): number {
  UP_TO_NEXT.lastIndex = at;
  UP_TO_NEXT.exec(text);
  return UP_TO_NEXT.lastIndex;
}
