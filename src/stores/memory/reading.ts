import { dayInJapan } from '../../codes/japan-time.js';
import { codeOfText, codeTexts } from '../code-texts.js';
import type { IssuancePage, IssuanceStatistic, PageRequest, PersonPage, StoreCounts } from '../port.js';
import type { KeyBook } from './key-book.js';
import type { IssuanceRow, People, PersonRow } from './people.js';

/** Reading the whole store: page by page, and in sums. */

/** As `persons` of the port. */
export function personPage(people: People, page: PageRequest): PersonPage {
  const codes = pageOf(people.rows.keys(), page);
  const rows = codes.map((code) => people.rows.get(code) as PersonRow);
  const canonical = new Map<number, Uint8Array>();
  rows.forEach(({ canonical: own }, k) => {
    if (own !== undefined) canonical.set(k, codeOfText(own));
  });
  return {
    storeCodes: codeOfText(codes.join('')),
    generations: Uint8Array.from(rows, ({ generation }) => generation),
    canonical,
  };
}

/** As `issuances` of the port, from the rows of an institution. */
export function issuancePage(rows: ReadonlyMap<string, IssuanceRow>, page: PageRequest): IssuancePage {
  const codes = pageOf(rows.keys(), page);
  return {
    storeCodes: codeOfText(codes.join('')),
    keyVersions: Uint8Array.from(codes, (code) => rows.get(code)?.keyVersion as number),
  };
}

/** As `withoutSuccessor` of the port. */
export function pageWithoutSuccessor(people: People, page: PageRequest): Uint8Array {
  const codes = [...people.rows]
    .filter(
      ([code, { canonical }]) => canonical === undefined && people.succession.successor(code) === undefined,
    )
    .map(([code]) => code);
  return codeOfText(pageOf(codes, page).join(''));
}

/** As `statistics` of the port. */
export function statisticsOf(people: People): readonly IssuanceStatistic[] {
  return people.institutions().flatMap(([institution, rows]) => {
    const issued = new Map<string, IssuanceStatistic>();
    for (const { keyVersion, issuedAt } of rows.values()) {
      const day = dayInJapan(issuedAt);
      const key = `${String(keyVersion).padStart(3, '0')} ${day}`;
      issued.set(key, { institution, keyVersion, day, issued: (issued.get(key)?.issued ?? 0) + 1 });
    }
    return [...issued].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, statistic]) => statistic);
  });
}

/** As `count` of the port. */
export function countsOf(keys: KeyBook, people: People): StoreCounts {
  let aliases = 0;
  for (const { canonical } of people.rows.values()) if (canonical !== undefined) aliases++;
  return {
    keys: keys.size,
    persons: people.rows.size - aliases,
    aliases,
    issuances: [...people.issuances.values()].reduce((sum, rows) => sum + rows.size, 0),
  };
}

/** The texts order as their bytes do. */
function pageOf(codes: Iterable<string>, { after, limit }: PageRequest): string[] {
  const [last] = after === undefined ? [''] : codeTexts(after);
  return [...codes]
    .filter((code) => code > (last as string))
    .sort()
    .slice(0, limit);
}
