import Database from 'better-sqlite3';
import {
  type AccessRecord,
  checkRecords,
  createMemoryRecordStore,
  type RecordFinding,
  type RecordStore,
} from 'renkei';
import { openSqliteRecordStore } from 'renkei/sqlite';
import { describe, expect, test } from 'vitest';
import { leafHash } from '../../src/signatures/merkle-tree.js';
import {
  addBranch,
  contentOf,
  IN_2026,
  ON_BEHALF,
  openRecordWorld,
  recordAbout,
} from '../support/record-world.js';
import { makeScratchFolder } from '../support/scratch-folder.js';

const { path } = makeScratchFolder();
let files = 0;

async function findings(file: RecordStore): Promise<RecordFinding[]> {
  const found: RecordFinding[] = [];
  for await (const finding of checkRecords(file)) found.push(finding);
  return found;
}

/** A person's record code of before and after a change, as a store keeps them. */
const CODES = [1, 2, 3].map((byte) => new Uint8Array(24).fill(byte)) as [Uint8Array, Uint8Array, Uint8Array];
const [OLD, NEW, OTHER] = CODES;

/**
 * Eight rows of six records in two periods: record 2 is answered and corrected, and those of one person are put under a new
 * code.
 */
async function fill(file: RecordStore): Promise<void> {
  const record = (k: number, period: string, recordCode: Uint8Array) => {
    return { requestId: `R-${k}`, period, generation: 1, recordCode, content: contentOf() };
  };
  await file.append({ at: IN_2026, records: [record(1, '2026', OLD), record(2, '2026', OTHER)] });
  await file.appendLog([{ event: 'test.other', details: { n: 1 } }], IN_2026);
  await file.append({ at: IN_2026, records: [record(3, '2026', OLD), record(4, '2027', OLD)] });
  for (const branch of [2, 3]) {
    const content = contentOf({ providedAt: IN_2026 + branch });
    await file.append({ at: IN_2026, branches: [{ serial: 2, branch, content }] });
  }
  await file.append({ at: IN_2026, records: [record(5, '2027', OTHER), record(6, '2026', OTHER)] });
  await file.rekey({ period: '2026', oldCodes: OLD, newCodes: NEW, generation: 2, at: IN_2026 });
  await file.settleGeneration('2026', 2, IN_2026);
}

/** A filled file on SQLite, changed by statements past the library. */
async function tampered(...statements: string[]): Promise<RecordFinding[]> {
  const name = path(`tampered-${++files}.sqlite`);
  const file = await openSqliteRecordStore({ path: name });
  await fill(file);
  await file.close();
  const database = new Database(name);
  database.pragma('ignore_check_constraints = on');
  database.function('leaf', (text) => Buffer.from(leafHash(Buffer.from(text as string))));
  for (const statement of statements) expect(database.prepare(statement).run().changes).toBeGreaterThan(0);
  database.close();
  const again = await openSqliteRecordStore({ path: name });
  try {
    return await findings(again);
  } finally {
    await again.close();
  }
}

describe('a record file that is as it was written has no finding', () => {
  test.each(['memory', 'SQLite'])('in %s', async (where) => {
    const isSqlite = where === 'SQLite';
    const file = isSqlite
      ? await openSqliteRecordStore({ path: path('whole.sqlite') })
      : createMemoryRecordStore();
    await fill(file);
    expect(await findings(file)).toEqual([]);
    // Erased in pieces, at each of which it is right.
    let rows = 0;
    do {
      rows = await file.erase({ period: '2026', limit: 2, at: IN_2026 });
      expect(await findings(file)).toEqual([]);
    } while (rows > 0);
    expect(await file.records({ limit: 10 })).toHaveLength(2);
    await file.close();
  });

  test('after disclosures and corrections', async () => {
    const world = await openRecordWorld();
    const [person] = world.shown;
    await recordAbout(world, person, [{}, {}]);
    await addBranch(world, 1, { providedAt: IN_2026 });
    await world.records.correct({ ...ON_BEHALF, serial: 1, change: { affair: 'x' }, reason: 'y' });
    await world.records.disclose({ ...ON_BEHALF, code: person });
    expect(await findings(world.file)).toEqual([]);
  });

  test('with more rows and entries than are read at once', async () => {
    const file = createMemoryRecordStore();
    const rows = 2_500;
    const all = Array.from({ length: rows }, (_, k) => k + 1);
    await file.append({
      at: IN_2026,
      records: all.map((k) => ({
        requestId: `R-${k}`,
        period: '2026',
        generation: 1,
        recordCode: OLD,
        content: contentOf(),
      })),
    });
    // Answers come in another order, and some much later.
    const answered = all.filter((k) => k % 7 === 0).sort((a, b) => (a % 100) - (b % 100));
    for (const serial of answered) {
      await file.append({ at: IN_2026, branches: [{ serial, branch: 2, content: contentOf() }] });
    }
    await file.rekey({ period: '2026', oldCodes: OLD, newCodes: NEW, generation: 2, at: IN_2026 });
    await file.settleGeneration('2026', 2, IN_2026);
    const seen: number[] = [];
    for await (const finding of checkRecords(file, { onProgress: ({ rows: done }) => seen.push(done) })) {
      throw new Error(finding.finding);
    }
    expect(seen.at(-1)).toBe(rows + answered.length);
  });
});

describe('what was done past the library is found and named', () => {
  test.each<[string, string[], RecordFinding[]]>([
    [
      'the text of a row',
      [`UPDATE record SET text = replace(text, '福祉課', '保育課') WHERE serial = 4`],
      [{ finding: 'row-changed', serial: 4, branch: 1, entry: 4 }],
    ],
    [
      'the text of a further branch, which is JSON no more',
      [`UPDATE record SET text = 'x' WHERE serial = 2 AND branch = 2`],
      [{ finding: 'row-changed', serial: 2, branch: 2, entry: 5 }],
    ],
    [
      'a record code: the row is another person’s',
      [`UPDATE record SET record_code = zeroblob(24) WHERE serial = 5`],
      [
        { finding: 'row-changed', serial: 5, branch: 1, entry: 7 },
        { finding: 'row-hidden', serial: 5, branch: 1, entry: 7 },
      ],
    ],
    [
      'by what a person’s rows are searched: nobody would be shown this one',
      [`UPDATE record SET person = person + 1 WHERE serial = 5`],
      [{ finding: 'row-hidden', serial: 5, branch: 1, entry: 7 }],
    ],
    [
      'a period of which there is none',
      [`UPDATE record SET period = '!' WHERE serial = 5`],
      [
        { finding: 'row-changed', serial: 5, branch: 1, entry: 7 },
        { finding: 'row-changed', serial: 5, branch: 1, entry: 7 },
        { finding: 'row-hidden', serial: 5, branch: 1, entry: 7 },
      ],
    ],
    [
      'the moment of the end of the log: all that comes would be of a later day',
      ['UPDATE state SET at = at + 86400000'],
      [{ finding: 'log-cut', entry: 11 }],
    ],
    [
      'the name of a request: it would be made again',
      [`UPDATE record SET request_id = 'R-0' WHERE serial = 5`],
      [{ finding: 'request-moved', serial: 5, branch: 1 }],
    ],
    [
      'a row that was deleted',
      ['DELETE FROM record WHERE serial = 4'],
      [{ finding: 'row-missing', serial: 4, branch: 1, entry: 4 }],
    ],
    [
      'a correction that was deleted',
      ['DELETE FROM record WHERE serial = 2 AND branch = 3'],
      [{ finding: 'row-missing', serial: 2, branch: 3, entry: 6 }],
    ],
    [
      'a row that was slipped in',
      [
        `INSERT INTO record SELECT 7, 1, period, record_code, person, entry, inquirer, 'R-7', replace(text, '"serial":5', '"serial":7')
         FROM record WHERE serial = 5`,
        'UPDATE state SET next_serial = 8',
      ],
      [
        { finding: 'row-not-logged', serial: 7, branch: 1, entry: 7 },
        { finding: 'request-moved', serial: 7, branch: 1 },
      ],
    ],
    [
      'a row that points to another entry',
      ['UPDATE record SET entry = 2 WHERE serial = 5'],
      [
        { finding: 'row-put-back', serial: 5, branch: 1, entry: 7 },
        { finding: 'row-not-logged', serial: 5, branch: 1, entry: 2 },
      ],
    ],
    [
      'a row that was put back under the code of before',
      [`UPDATE record SET record_code = x'${'01'.repeat(24)}', entry = 0 WHERE serial = 1`],
      [
        { finding: 'row-put-back', serial: 1, branch: 1, entry: 9 },
        { finding: 'row-hidden', serial: 1, branch: 1, entry: 0 },
      ],
    ],
    [
      'a period that is said to be erased, and its rows deleted',
      [`UPDATE period SET erased = 1 WHERE name = '2027'`, `DELETE FROM record WHERE period = '2027'`],
      [{ finding: 'period-changed', period: '2027' }],
    ],
    [
      'a period that is said to be found under another generation',
      [`UPDATE period SET generation = 2, least_generation = 2 WHERE name = '2027'`],
      [{ finding: 'period-changed', period: '2027' }],
    ],
    [
      'an entry of the log',
      [`UPDATE log_entry SET text = replace(text, '"n":1', '"n":2') WHERE idx = 2`],
      [{ finding: 'entry-damaged', entry: 3 }],
    ],
    [
      'a row and its entry alike: the next entry names the one that was there',
      [
        `UPDATE log_entry SET text = replace(text, '"branch":1', '"branch":9') WHERE idx = 4`,
        'UPDATE log_entry SET hash = leaf(text) WHERE idx = 4',
      ],
      [
        { finding: 'entry-damaged', entry: 5 },
        { finding: 'row-missing', serial: 4, branch: 9, entry: 4 },
        { finding: 'row-not-logged', serial: 4, branch: 1, entry: 4 },
      ],
    ],
    [
      'the last entries of the log, cut off',
      ['DELETE FROM log_entry WHERE idx = 10'],
      [
        { finding: 'log-cut', entry: 10 },
        { finding: 'period-changed', period: '2026' },
      ],
    ],
  ])('%s', async (_, statements, expected) => {
    expect(await tampered(...statements)).toEqual(expected);
  });

  test.each([
    [
      'all of them erased: each row that is there again',
      100,
      [1, 2, 3].map((branch) => ({ finding: 'row-put-back', branch })),
    ],
    [
      'some of them erased: that there are more than were left',
      5,
      [{ finding: 'period-changed', period: '2026' }],
    ],
  ])('rows put back into a period, %s (令30条)', async (_, limit, expected) => {
    const name = path(`put-back-${limit}.sqlite`);
    const file = await openSqliteRecordStore({ path: name });
    await fill(file);
    const database = new Database(name);
    database.exec('CREATE TEMP TABLE kept AS SELECT * FROM record WHERE serial = 2');
    await file.erase({ period: '2026', limit, at: IN_2026 });
    expect(await findings(file)).toEqual([]);
    database.exec('INSERT INTO record SELECT * FROM kept');
    database.close();
    const found = await findings(file);
    expect(found).toEqual(expected.map((finding) => expect.objectContaining(finding)));
    await file.close();
  });
});

test('given up, it ends between pages', async () => {
  const file = createMemoryRecordStore();
  const reading = checkRecords(file, { signal: AbortSignal.abort() }).next();
  await expect(reading).rejects.toMatchObject({ code: 'ABORTED' });
});

test('a row that cannot be read for another reason than damage is no finding but a fault', async () => {
  const file = createMemoryRecordStore();
  await fill(file);
  const broken = new Proxy(file, {
    get(target, name) {
      if (name !== 'records') return Reflect.get(target, name, target).bind(target);
      return async (...args: [never]) => {
        const rows = await target.records(...args);
        return rows.map(
          (row): AccessRecord =>
            new Proxy(row, {
              get(of, member) {
                if (member === 'content') throw new Error('memory');
                return Reflect.get(of, member, of);
              },
            }),
        );
      };
    },
  });
  await expect(findings(broken)).rejects.toThrow('memory');
});
