import {
  openPermissions,
  type PermissionQuestion,
  type PermissionRevision,
  parseInstitutionCode,
  readInstitutionDirectory,
  readPermissionTable,
} from 'renkei';
import { bigTable } from '../test/support/permission-table.js';
import type { BenchResult } from './results.js';
import { compare, type Pace } from './rounds.js';

const INSTITUTIONS = 2_000;
const QUESTIONS = 1 << 12;
const AT = Date.parse('2026-06-14T12:00:00+09:00');

/**
 * Decisions by the permission table on one thread, every second one a refusal. The limit: a question's four texts
 * looked up in a bare `Map`. Once with texts that were looked up before, and once with the texts as they come out of a
 * request in JSON, whose parsing counts on both sides.
 */
export async function measurePermissions(pace: Pace): Promise<BenchResult[]> {
  const { revision } = readPermissionTable(bigTable.text, { format: 'json' });
  if (revision === undefined) throw new Error('the table must load');
  const cells = [...new Set(revision.rows.flatMap((row) => [row.inquirer, row.provider]))];
  const rows = Array.from({ length: INSTITUTIONS }, (_, k) => ({
    institution: codeOf(k),
    name: `機関${k}`,
    classes: [cells[k % cells.length]],
  }));
  const { directory } = readInstitutionDirectory(JSON.stringify({ rows }), { format: 'json' });
  if (directory === undefined) throw new Error('the directory must load');
  const permissions = await openPermissions({ revisions: [revision], directory });

  const questions = Array.from({ length: QUESTIONS }, (_, k) => questionOf(revision, cells, k));
  const requests = questions.map((question) => JSON.stringify(question));
  const texts = new Map(questions.flatMap((question) => textsOf(question).map((text) => [text, 1])));
  const decide = (next: (k: number) => PermissionQuestion) => () => {
    let permitted = 0;
    for (let k = 0; k < QUESTIONS; k++) if (permissions.decide(next(k)).permitted) permitted++;
    if (permitted !== QUESTIONS / 2) throw new Error('every second question must be permitted');
    return QUESTIONS;
  };
  const lookUp = (next: (k: number) => PermissionQuestion) => () => {
    let found = 0;
    for (let k = 0; k < QUESTIONS; k++) {
      const { inquirer, affair, provider, information } = next(k);
      found += texts.get(inquirer) as number;
      found += texts.get(affair) as number;
      found += texts.get(provider) as number;
      found += texts.get(information) as number;
    }
    if (found !== 4 * QUESTIONS) throw new Error('every text must be found');
    return QUESTIONS;
  };
  const known = (k: number) => questions[k] as PermissionQuestion;
  const received = (k: number) => JSON.parse(requests[k] as string) as PermissionQuestion;
  return [
    {
      name: 'permission.decide',
      unit: 'decisions/s',
      ...(await compare(pace, decide(known), lookUp(known))),
    },
    {
      name: 'permission.decide-received',
      unit: 'decisions/s',
      ...(await compare(pace, decide(received), lookUp(received))),
    },
  ];
}

function codeOf(institution: number): string {
  return String(1_000_000_000_000_000 + institution);
}

/** Asks row after row, each time for another institution; every second time for information that nobody has. */
function questionOf({ rows }: PermissionRevision, cells: readonly string[], k: number): PermissionQuestion {
  const row = rows[k % rows.length] as PermissionRevision['rows'][number];
  const isOf = (cell: string) => {
    const ofCell = Math.floor((INSTITUTIONS - 1 - cells.indexOf(cell)) / cells.length) + 1;
    return parseInstitutionCode(codeOf(cells.indexOf(cell) + cells.length * (k % ofCell)));
  };
  const { affair } = row;
  const information = k % 2 === 0 ? row.information : `${row.information}${k}`;
  return { inquirer: isOf(row.inquirer), affair, provider: isOf(row.provider), information, at: AT };
}

function textsOf({ inquirer, affair, provider, information }: PermissionQuestion): string[] {
  return [inquirer, affair, provider, information];
}
