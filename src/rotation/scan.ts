import { CODE_LENGTH } from '../codes/per-institution-code.js';
import { signalOption } from '../errors/abort.js';
import { storePages } from '../issuance/store-pages.js';
import type { IssuanceStore, PageRequest } from '../stores/port.js';
import type { InstitutionCode } from '../subjects/institution-code.js';
import { type KeyRange, lastBefore, rowsBelow } from './key-ranges.js';

/** Rows a page: few enough that a pause is heard at once, many enough that the vault is busy. */
export const PAGE_ROWS = 8_192;

/** Rows a page at the least: fewer cost more to ask for than to work on. */
const LEAST_PAGE_ROWS = 64;
/** Pages a second of a worker that is held to a limit. */
const LIMITED_PAGES = 20;

/**
 * Rows a page of a worker that is held to so many rows a second: it works a little often. Whole pages would have
 * callers wait for as long as each takes.
 */
export function pageRowsFor(rowsPerSecond: number | undefined): number {
  if (rowsPerSecond === undefined) return PAGE_ROWS;
  return Math.min(Math.max(LEAST_PAGE_ROWS, Math.ceil(rowsPerSecond / LIMITED_PAGES)), PAGE_ROWS);
}

/**
 * What a part goes through: store codes, n × 24 bytes a page, and which of them are other names of people (aliases).
 */
export interface ScannedPage {
  readonly storeCodes: Uint8Array;
  readonly aliases: ReadonlySet<number>;
}

const NO_ALIASES: ReadonlySet<number> = new Set();

/** Store codes of all people of a range, other names of theirs too. */
export function scanPersons(
  store: IssuanceStore,
  range: KeyRange,
  pageRows: number,
  signal: AbortSignal | undefined,
): AsyncGenerator<ScannedPage, void, void> {
  return scan(
    async (page) => {
      const { storeCodes, canonical } = await store.persons(page);
      return { storeCodes, aliases: new Set(canonical.keys()) };
    },
    range,
    pageRows,
    signal,
  );
}

/** Store codes of everybody in a range who has a code of an institution. */
export function scanIssuances(
  store: IssuanceStore,
  institution: InstitutionCode,
  range: KeyRange,
  pageRows: number,
  signal: AbortSignal | undefined,
): AsyncGenerator<ScannedPage, void, void> {
  return scan(
    async (page) => {
      const { storeCodes } = await store.issuances(institution, page);
      return { storeCodes, aliases: NO_ALIASES };
    },
    range,
    pageRows,
    signal,
  );
}

function scan(
  read: (page: PageRequest) => Promise<ScannedPage>,
  range: KeyRange,
  pageRows: number,
  signal: AbortSignal | undefined,
): AsyncGenerator<ScannedPage, void, void> {
  const start = lastBefore(range);
  // A page that is cut at the end of the range is shorter than its limit, and so the last.
  const readRange = async (page: PageRequest): Promise<ScannedPage> => {
    const after = page.after ?? start;
    const { storeCodes, aliases } = await read({ ...page, ...(after === undefined ? {} : { after }) });
    const rows = rowsBelow(storeCodes, CODE_LENGTH, range.to);
    return {
      storeCodes: storeCodes.subarray(0, rows * CODE_LENGTH),
      aliases: new Set([...aliases].filter((row) => row < rows)),
    };
  };
  return storePages(readRange, pageRows, signalOption(signal));
}
