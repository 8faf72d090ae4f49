import { existsSync, readFileSync } from 'node:fs';

/** The table of 命令9 第2条 as published, beside the repository; it is no part of it. */
const PUBLISHED = new URL('../../../shared/data/permission-table-2026-06-14.json', import.meta.url);

const ROWS = 481;
const CELLS = ['厚生労働大臣', '都道府県知事又は市町村長', '市町村長', '健康保険組合', '都道府県知事等'];

/** The published table where it is there, else one of the same shape; the name of a test says which. */
export const bigTable: { readonly name: string; readonly text: string; readonly rows: number } = existsSync(
  PUBLISHED,
)
  ? { name: 'the published table', text: readFileSync(PUBLISHED, 'utf8'), rows: ROWS }
  : { name: 'a synthetic table (the published one is not there)', text: synthetic(), rows: ROWS };

function synthetic(): string {
  const rows = Array.from({ length: ROWS }, (_, k) => ({
    item: `${Math.floor(k / 3) + 1}`,
    inquirer: CELLS[k % CELLS.length],
    affair: `${'法律の規定による事務であって主務省令で定めるもの'.repeat(5)}${Math.floor(k / 3)}`,
    provider: CELLS[(k + 1) % CELLS.length],
    information: `${'関係情報であって主務省令で定めるもの'.repeat(5)}${k}`,
  }));
  return JSON.stringify({ source: '合成', effectiveFrom: '2026-06-14', rows }, null, 0);
}
