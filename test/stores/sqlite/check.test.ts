import Sqlite from 'better-sqlite3';
import {
  type IssuanceStore,
  institutionAudience,
  linkKey,
  parseInstitutionCode,
  type StoreInvariant,
} from 'renkei';
import { openSqliteStore } from 'renkei/sqlite';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { makeScratchFolder } from '../../support/scratch-folder.js';
import { withCode } from '../../support/with-code.js';
import { batchOf, storeCode, storeCodes } from '../contract.js';

const [A, B] = ['A1', 'B2'].map(parseInstitutionCode) as [never, never];
const folder = makeScratchFolder();
const hex = (person: number) => `x'${Buffer.from(storeCode(person)).toString('hex')}'`;
let files = 0;
let path: string;
let store: IssuanceStore;

beforeEach(async () => {
  path = folder.path(`${files++}.sqlite`);
  store = await openSqliteStore({ path });
  const names = [linkKey(1), institutionAudience(A, 1), institutionAudience(B, 1)];
  for (const [k, name] of names.entries()) {
    await store.registerKey({ name, fingerprint: `${k}`.padEnd(16, '0'), registeredAt: 0 });
  }
  await store.issue(batchOf(A, storeCodes(1, 2, 3)));
  await store.issue(batchOf(B, storeCodes(2, 3, 4)));
  await store.change({ generation: 1, changedAt: 0, oldCodes: storeCodes(3), newCodes: storeCodes(30) });
  expect(await store.check()).toEqual([]);
});

afterEach(() => store.close());

/** What somebody with other means may do to the file. */
function write(...statements: readonly string[]): void {
  const database = new Sqlite(path);
  try {
    database.unsafeMode(true);
    database.exec('PRAGMA ignore_check_constraints = ON');
    for (const statement of statements) database.exec(statement);
  } finally {
    database.close();
  }
}

describe('the check of a SQLite store names what is broken, and how many rows', () => {
  const BREAKS: readonly (readonly [StoreInvariant, number, string])[] = [
    [
      'key-name-valid',
      1,
      "INSERT INTO key VALUES ('link/01', '9999999999999999', 0, NULL, 'retired', NULL, NULL, NULL, 0, NULL)",
    ],
    [
      'key-name-valid',
      1,
      "INSERT INTO key VALUES ('keys to the door', '9999999999999999', 0, NULL, 'retired', NULL, NULL, NULL, 0, NULL)",
    ],
    ['institution-has-key', 1, "INSERT INTO institution (code) VALUES ('C3')"],
    [
      'institution-has-key',
      1,
      "INSERT INTO key VALUES ('institution/C3/1', '9999999999999999', 0, NULL, 'retired', NULL, NULL, NULL, 0, NULL)",
    ],
    [
      'person-generation-has-key',
      2,
      `UPDATE person SET generation = 2 WHERE store_code IN (${hex(1)}, ${hex(30)})`,
    ],
    ['alias-leads-to-person', 1, `UPDATE person SET canonical = ${hex(99)} WHERE store_code = ${hex(30)}`],
    ['alias-leads-to-person', 1, `INSERT INTO person VALUES (${hex(31)}, 1, 0, ${hex(30)})`],
    ['alias-has-no-issuance', 1, `INSERT INTO issuance VALUES (1, ${hex(30)}, 1, 0)`],
    ['issuance-has-person', 2, `DELETE FROM person WHERE store_code = ${hex(2)}`],
    ['issuance-has-institution', 1, `INSERT INTO issuance VALUES (77, ${hex(1)}, 1, 0)`],
    [
      'audience-has-one-active-key',
      1,
      `INSERT INTO key (name, fingerprint, registered_at, state) VALUES ('institution/A1/2', '9999999999999999', 0, 'active')`,
    ],
    ['succession-leads-from-person', 1, `INSERT INTO succession VALUES (${hex(99)}, ${hex(100)})`],
    ['issuance-version-has-key', 1, `UPDATE issuance SET key_version = 2 WHERE store_code = ${hex(1)}`],
  ];

  it.each(BREAKS)('%s: %i, %s', async (invariant, rows, statement) => {
    write(statement);
    expect(await store.check()).toEqual([{ invariant, rows }]);
  });

  // A row that breaks a constraint is a fault of the storage as well: no writer could have made it.
  it('store-code-length', async () => {
    write(
      "INSERT INTO person VALUES (x'0102', 1, 0, NULL)",
      "INSERT INTO issuance VALUES (1, x'0102', 1, 0)",
    );
    expect(await store.check()).toEqual([
      { invariant: 'storage-intact', rows: 2 },
      { invariant: 'store-code-length', rows: 2 },
    ]);
  });

  it('key-fingerprint-distinct', async () => {
    write(
      'PRAGMA writable_schema = ON',
      "UPDATE sqlite_schema SET sql = replace(sql, 'fingerprint TEXT NOT NULL UNIQUE', 'fingerprint TEXT NOT NULL')",
      "DELETE FROM sqlite_schema WHERE type = 'index' AND tbl_name = 'key' AND name LIKE '%_2'",
      'PRAGMA writable_schema = RESET',
      "UPDATE key SET fingerprint = '1000000000000000' WHERE name = 'link/1'",
    );
    await store.close();
    store = await openSqliteStore({ path });
    expect(await store.check()).toContainEqual({ invariant: 'key-fingerprint-distinct', rows: 2 });
  });

  it('several at once', async () => {
    write(...BREAKS.slice(7, 10).map(([, , statement]) => statement));
    expect((await store.check()).map(({ invariant }) => invariant).sort()).toEqual([
      'alias-has-no-issuance',
      'issuance-has-institution',
      'issuance-has-person',
    ]);
  });
});

describe('a scan of a SQLite store that is larger than one piece', () => {
  const PEOPLE = 120_000;
  const codes = new Uint8Array(PEOPLE * 24);
  const numbers = new DataView(codes.buffer);
  for (let k = 0; k < PEOPLE; k++) numbers.setUint32(k * 24, k * 30_000);

  beforeEach(async () => {
    const half = (PEOPLE / 2) * 24;
    for (const part of [codes.subarray(0, half), codes.subarray(half)]) {
      await store.issue(batchOf(A, part, { issuedAt: Date.UTC(2026, 3, 1) }));
    }
  });

  it('reads every row once', async () => {
    const statistics = await store.statistics();
    expect(statistics).toContainEqual({ institution: A, keyVersion: 1, day: '2026-04-01', issued: PEOPLE });
    write(
      `DELETE FROM person WHERE store_code IN (SELECT store_code FROM issuance WHERE institution_id = 1)`,
    );
    expect(await store.check()).toContainEqual({ invariant: 'issuance-has-person', rows: PEOPLE + 3 + 2 });
  });

  it.each(['check', 'statistics'] as const)(
    '%s lets others write in between, and stops when the caller gives up',
    async (call) => {
      const giveUp = new AbortController();
      const scanning = store[call]({ signal: giveUp.signal });
      const written = store.issue(batchOf(B, storeCodes(5)));
      await written;
      giveUp.abort();
      await expect(scanning).rejects.toThrow(withCode('ABORTED'));
      expect([...(await store.lookUp(B, storeCodes(5))).versions]).toEqual([1]);
    },
  );
});
