import { readFileSync } from 'node:fs';
import { inspect } from 'node:util';
import Sqlite from 'better-sqlite3';
import { parseInstitutionCode, type RecordStore } from 'renkei';
import { openSqliteRecordStore, openSqliteStore } from 'renkei/sqlite';
import { newBranch, newRecord, recordContent, storeCode } from 'renkei/testing';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { makeScratchFolder } from '../../support/scratch-folder.js';
import { withCode } from '../../support/with-code.js';

const A = parseInstitutionCode('A1');
const AT = Date.UTC(2026, 3, 1);
const folder = makeScratchFolder();
let files = 0;
const newPath = () => folder.path(`${files++}.sqlite`);

const opened: { close(): unknown }[] = [];
afterEach(async () => {
  for (const closable of opened.splice(0)) await closable.close();
});

async function openFile(path: string): Promise<RecordStore> {
  const store = await openSqliteRecordStore({ path });
  opened.push(store);
  return store;
}

/** A connection of another program on the same file. */
function connect(path: string): Sqlite.Database {
  const database = new Sqlite(path);
  opened.push(database);
  return database;
}

/** A file with three records and a further branch. */
async function filled(): Promise<{ readonly path: string; readonly store: RecordStore }> {
  const path = newPath();
  const store = await openFile(path);
  await store.append({ at: AT, records: [1, 2, 3].map((person) => newRecord(person)) });
  await store.append({ at: AT, branches: [newBranch(2, 2)] });
  return { path, store };
}

describe('opening a record file', () => {
  it.each([
    ['OPTION_UNKNOWN', { path: 'x', timeout: 5 }, /openSqliteRecordStore: .*"timeout"/],
    ['OPTION_INVALID', {}, /"path"/],
    ['OPTION_INVALID', { path: 'x', cacheMiB: 0 }, /"cacheMiB"/],
    ['OPTION_INVALID', { path: ':memory:' }, /"path"/],
    ['OPTION_INVALID', undefined, /object/],
  ] as const)('refuses with %s: %j', async (code, options, message) => {
    await expect(openSqliteRecordStore(options as never)).rejects.toThrow(withCode(code, { message }));
  });

  it('refuses an issuance store, as that refuses a record file, and neither is written to', async () => {
    const [issuance, records] = [newPath(), newPath()];
    await (await openSqliteStore({ path: issuance })).close();
    await (await openSqliteRecordStore({ path: records })).close();
    const before = [readFileSync(issuance), readFileSync(records)];
    await expect(openSqliteRecordStore({ path: issuance })).rejects.toThrow(
      withCode('STORE_SCHEMA', { message: /no record file/ }),
    );
    await expect(openSqliteStore({ path: records })).rejects.toThrow(
      withCode('STORE_SCHEMA', { message: /no issuance store/ }),
    );
    expect([readFileSync(issuance), readFileSync(records)]).toEqual(before);
  });

  it('with create: false makes no file, and opens one that is there', async () => {
    const path = newPath();
    const opening = () => openSqliteRecordStore({ path, create: false });
    await expect(opening()).rejects.toThrow(
      withCode('STORE_SCHEMA', { message: /no record file, and none/ }),
    );
    await (await openFile(path)).close();
    opened.push(await opening());
  });

  it('refuses a file of a later schema', async () => {
    const path = newPath();
    await (await openFile(path)).close();
    const database = connect(path);
    database.pragma('user_version = 2');
    database.close();
    await expect(openSqliteRecordStore({ path })).rejects.toThrow(withCode('STORE_SCHEMA'));
  });
});

describe('a record file on SQLite', () => {
  it('shows nothing of its content', async () => {
    const { store } = await filled();
    for (const text of [
      String(store),
      JSON.stringify(store),
      inspect(store, { showHidden: true, depth: null }),
    ]) {
      expect(text.replaceAll('"', '')).toBe('[SqliteRecordStore: redacted]');
    }
  });

  it('is on disk when a call resolves: write-ahead log, synchronous FULL', async () => {
    const pragma = vi.spyOn(Sqlite.prototype, 'pragma');
    await openFile(newPath());
    const database = pragma.mock.contexts[0] as Sqlite.Database;
    pragma.mockRestore();
    expect(database.pragma('journal_mode', { simple: true })).toBe('wal');
    expect(database.pragma('synchronous', { simple: true })).toBe(2);
  });

  it('番号法23条2項: overwrites what is erased, in the file itself', async () => {
    const path = newPath();
    const store = await openFile(path);
    const content = recordContent({ affair: 'a most peculiar affair' });
    await store.append({ at: AT, records: [1, 2, 3].map((person) => newRecord(person, { content })) });
    await store.close();
    const holds = (bytes: string | Buffer) => readFileSync(path).includes(bytes);
    expect([holds('a most peculiar affair'), holds(Buffer.from(storeCode(2)))]).toEqual([true, true]);
    const again = await openFile(path);
    await again.erase({ period: '2026', limit: 100, at: AT });
    await again.close();
    expect([holds('a most peculiar affair'), holds(Buffer.from(storeCode(2))), holds('request-2')]).toEqual([
      false,
      false,
      false,
    ]);
  });

  it('finds people whose record codes begin alike apart', async () => {
    const store = await openFile(newPath());
    const codes = [7, 8].map((last) => new Uint8Array(24).fill(9).fill(last, 20));
    const records = codes.map((recordCode, k) => newRecord(k, { recordCode }));
    await store.append({ at: AT, records });
    for (const [k, recordCode] of codes.entries()) {
      const found = await store.personRecords({ period: '2026', recordCode, limit: 5 });
      expect(found.map(({ serial }) => serial)).toEqual([k + 1]);
    }
  });

  it.each<[string, string, (store: RecordStore) => Promise<unknown>]>([
    [
      'a text that is no text',
      'UPDATE record SET text = x$00$ WHERE serial = 2',
      (store) => store.latest([2]),
    ],
    [
      'a record code of another length',
      'UPDATE record SET record_code = x$00$',
      (store) => store.latest([2]),
    ],
    ['a place in the log below 0', 'UPDATE record SET entry = -1', (store) => store.records({ limit: 5 })],
    [
      'a branch that is a fraction',
      'UPDATE record SET branch = 1.5 WHERE branch = 1',
      (store) => store.records({ limit: 5 }),
    ],
    ['no state', 'DELETE FROM state', (store) => store.logHead()],
    [
      'a size of the log that is a text',
      'UPDATE state SET size = $many$',
      (store) => store.appendLog([], AT),
    ],
    ['too few hashes of subtrees', 'UPDATE state SET subtrees = x$$', (store) => store.logHead()],
    [
      'a next serial number below 0',
      'UPDATE state SET next_serial = -1',
      (store) => store.append({ at: AT, records: [newRecord(9)] }),
    ],
    [
      'a hash of another length',
      'UPDATE log_entry SET hash = x$00$',
      (store) => store.logHashes({ level: 0, from: 0, limit: 5 }),
    ],
    [
      'no hash in one place',
      'DELETE FROM log_entry WHERE idx = 1',
      (store) => store.logHashes({ level: 0, from: 0, limit: 5 }),
    ],
    [
      'an entry that is no text',
      'UPDATE log_entry SET text = x$00$',
      (store) => store.logEntries({ from: 0, limit: 5 }),
    ],
    ['a generation out of range', 'UPDATE period SET generation = 0', (store) => store.periods()],
    ['a number of rows below 0', 'UPDATE period SET rows = -1', (store) => store.periods()],
  ])('refuses %s as damage', async (_, statement, call) => {
    const { path, store } = await filled();
    const database = connect(path);
    // The schema forbids what a damaged page may hold all the same.
    database.unsafeMode();
    database.pragma('writable_schema = ON');
    for (const strict of ['STRICT, ', 'STRICT']) {
      database.exec(`UPDATE sqlite_schema SET sql = replace(sql, '${strict}', '') WHERE type = 'table'`);
    }
    database.close();
    const loose = connect(path);
    loose.pragma('ignore_check_constraints = ON');
    loose.exec(statement.replaceAll('$', "'"));
    loose.close();
    await expect(call(store)).rejects.toThrow(withCode('STORE_CORRUPT', { retryable: false }));
  });

  it.each([
    ['another word', (text: string) => text.replace('福祉課', '保育課')],
    ['a member more', (text: string) => text.replace('"affair"', '"addition":1,"affair"')],
    ['a member less', (text: string) => text.replace(/"affair":"[^"]*",/, '')],
    ['a space', (text: string) => text.replace(',', ', ')],
    ['the text of another row', (text: string) => text.replace('"serial":2', '"serial":3')],
    ['what is no JSON', () => 'x'],
    ['nothing but null', () => 'null'],
  ])('reads a text with %s as it is, or refuses to: its digest tells', async (what, change) => {
    const { path, store } = await filled();
    const [before] = await store.latest([2]);
    const database = connect(path);
    const text = database.prepare('SELECT text FROM record WHERE serial = 2 AND branch = 2').pluck().get();
    database
      .prepare('UPDATE record SET text = ? WHERE serial = 2 AND branch = 2')
      .run(change(text as string));
    const [after] = await store.latest([2]);
    expect(after?.digest).not.toBe(before?.digest);
    // A word more or less is content like any other; what this library would not write is told at once.
    if (what === 'another word') expect(after?.content.department).toBe('保育課');
    else expect(() => after?.content).toThrow(withCode('STORE_CORRUPT', { message: /record 2, branch 2/ }));
  });

  it('on a full disk refuses to write as a whole, so that it may be repeated, and reads on', async () => {
    const pragma = vi.spyOn(Sqlite.prototype, 'pragma');
    const store = await openFile(newPath());
    const database = pragma.mock.contexts[0] as Sqlite.Database;
    pragma.mockRestore();
    await store.append({ at: AT, records: [newRecord(1)] });
    const head = await store.logHead();
    database.pragma(`max_page_count = ${database.pragma('page_count', { simple: true })}`);
    const full = withCode('STORE_FAULT', { message: /^append: SQLITE_FULL$/, retryable: true });
    const records = Array.from({ length: 500 }, (_, k) => newRecord(k));
    await expect(store.append({ at: AT, records, branches: [newBranch(1, 2)] })).rejects.toThrow(full);
    const drafts = Array.from({ length: 500 }, () => ({ event: 'lost' }));
    await expect(store.appendLog(drafts, AT)).rejects.toThrow(withCode('STORE_FAULT', { retryable: true }));
    expect(await store.logHead()).toEqual(head);
    expect((await store.records({ limit: 5 })).map(({ serial, branch }) => [serial, branch])).toEqual([
      [1, 1],
    ]);
    expect(await store.periods()).toMatchObject([{ rows: 1 }]);
    database.pragma('max_page_count = 1000000');
    const { records: written } = await store.append({ at: AT, records });
    expect(written.map(({ record }) => record.serial).slice(-2)).toEqual([499, 500]);
    expect((await store.requests([{ inquirer: A, requestId: 'request-499' }]))[0]?.serial).toBe(500);
  });

  it('waits for the write lock of another process, and says so when it is not given in time', async () => {
    const path = newPath();
    const store = await openSqliteRecordStore({ path, busyTimeoutMs: 20 });
    opened.push(store);
    const other = connect(path);
    other.exec('BEGIN IMMEDIATE');
    const busy = withCode('STORE_FAULT', { message: /^append: SQLITE_BUSY/, retryable: true });
    await expect(store.append({ at: AT, records: [newRecord(1)] })).rejects.toThrow(busy);
    expect(await store.records({ limit: 1 })).toEqual([]);
    other.exec('COMMIT');
    await store.append({ at: AT, records: [newRecord(1)] });
  });
});
