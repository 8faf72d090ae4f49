import {
  openPermissions,
  parseInstitutionCode,
  readInstitutionDirectory,
  readPermissionTable,
  uncoveredCells,
} from 'renkei';
import { describe, expect, test } from 'vitest';
import { bigTable } from '../../support/permission-table.js';

const { revision, faults } = readPermissionTable(bigTable.text, { format: 'json' });

describe(`命令9 第2条の表: ${bigTable.name}`, () => {
  test('loads without a fault, every row and cell as it stands in the file', () => {
    expect(faults).toBeUndefined();
    expect(revision?.rows).toHaveLength(bigTable.rows);
    const file = JSON.parse(bigTable.text);
    expect(revision?.rows).toEqual(file.rows);
    expect(revision).toMatchObject({ source: file.source, effectiveFrom: '2026-06-14' });
  });

  test('番号法19条8号: with one institution for every cell, each row permits what it says and every swap is refused', async () => {
    if (revision === undefined) throw new Error('it must load');
    const cells = [...new Set(revision.rows.flatMap((row) => [row.inquirer, row.provider]))];
    const codeOf = (cell: string) => parseInstitutionCode(`A${cells.indexOf(cell)}`);
    const rows = cells.map((cell, k) => ({ institution: `A${k}`, name: `機関${k}`, classes: [cell] }));
    const { directory } = readInstitutionDirectory(JSON.stringify({ rows }), { format: 'json' });
    if (directory === undefined) throw new Error('it must load');
    expect(uncoveredCells(revision, directory)).toEqual([]);
    const permissions = await openPermissions({ revisions: [revision], directory });
    const at = Date.parse('2026-06-14T00:00:00+09:00');
    for (const row of revision.rows) {
      const { affair, information } = row;
      const question = {
        inquirer: codeOf(row.inquirer),
        provider: codeOf(row.provider),
        affair,
        information,
        at,
      };
      expect(permissions.decide(question)).toEqual({ permitted: true });
      expect(permissions.explain(question)).toEqual({ permitted: true, row, revision });
      expect(permissions.decide({ ...question, at: at - 1 })).toEqual({
        permitted: false,
        reason: 'not-listed',
      });
      const swapped = { ...question, inquirer: question.provider, provider: question.inquirer };
      expect(permissions.decide(swapped).permitted).toBe(row.inquirer === row.provider);
    }
    expect(permissions.rowsInForce(at)).toEqual(revision.rows);
    expect(permissions.rowsInForce(at - 1)).toEqual([]);
  });
});
