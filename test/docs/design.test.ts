import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import Sqlite from 'better-sqlite3';
import pkcs11js from 'pkcs11js';
import { provisionKeys } from 'renkei/pkcs11';
import { openSqliteStore } from 'renkei/sqlite';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { makeScratchToken } from '../support/softhsm.js';
import { sectionUnder, tableRows } from './markdown.js';

const ROOT = new URL('../../', import.meta.url);
const DESIGN = readFileSync(new URL('docs/design.md', ROOT), 'utf8');
const scratch = makeScratchToken();

afterAll(() => scratch.remove());

test('docs/design.md: the tables of folders name every folder of src and of src/issuance', () => {
  const folders = ['src', 'src/issuance'].flatMap((parent) =>
    readdirSync(new URL(parent, ROOT), { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map(({ name }) => `\`${parent}/${name}\``),
  );
  const rows = tableRows(sectionUnder(DESIGN, '## Shape'));
  expect(rows.map(([folder]) => folder).sort()).toEqual(folders.sort());
});

test('docs/design.md: the table of packages is that of package.json', () => {
  const { dependencies, peerDependencies } = JSON.parse(
    readFileSync(new URL('package.json', ROOT), 'utf8'),
  ) as Record<string, Record<string, string>>;
  const heading = '## Which packages does it need at run time, and why?';
  const rows = tableRows(sectionUnder(DESIGN, heading)).map(([name, kind]) => [name, kind?.split(',')[0]]);
  const packages = [
    ...Object.keys(dependencies ?? {}).map((name) => [`\`${name}\``, 'dependency']),
    ...Object.keys(peerDependencies ?? {}).map((name) => [`\`${name}\``, 'optional peer']),
  ];
  expect(rows.sort()).toEqual(packages.sort());
});

test('docs/design.md: the schema is that of a new SQLite store', async () => {
  const path = join(scratch.folder, 'schema.sqlite');
  await (await openSqliteStore({ path })).close();
  const database = new Sqlite(path, { readonly: true });
  const statements = database.prepare('SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY rowid');
  const schema = statements.pluck().all() as string[];
  database.close();
  const [, shown = ''] = /```sql\n([\s\S]*?)```/.exec(DESIGN) ?? [];
  const plain = (sql: string) => sql.replaceAll(/\s+/g, ' ').trim();
  expect(plain(shown)).toBe(schema.map(plain).join(' '));
});

describe('docs/design.md: the table of key attributes is what SoftHSM reports of provisioned keys', () => {
  const rows = tableRows(sectionUnder(DESIGN, '## Which attributes does a key get?'));
  /** A key of every column, and for the audiences of both kinds. */
  const columns = [
    { column: 1, level: 3, name: 'link/3' },
    { column: 1, level: 2, name: 'link/2' },
    { column: 2, level: 1, name: 'link/1' },
    { column: 3, level: 3, name: 'store/3' },
    { column: 3, level: 3, name: 'institution/A/3' },
    { column: 4, level: 2, name: 'store/2' },
    { column: 4, level: 2, name: 'institution/A/2' },
    { column: 5, level: 1, name: 'store/1' },
    { column: 5, level: 1, name: 'institution/A/1' },
    { column: 6, level: 3, name: 'record/3' },
    { column: 7, level: 2, name: 'record/2' },
    { column: 8, level: 1, name: 'record/1' },
  ] as const;
  const module = new pkcs11js.PKCS11();
  const constants = pkcs11js as unknown as Record<string, number>;
  let session: Buffer;

  beforeAll(async () => {
    const keys = columns.map(({ name, level }) => ({ name, level }));
    const made = await provisionKeys({
      module: scratch.module,
      token: scratch.token,
      pin: scratch.pin,
      soPin: () => scratch.soPin,
      keys,
    });
    expect(made.every(({ omitted }) => omitted.length === 0)).toBe(true);
    module.load(scratch.module);
    module.C_Initialize({ flags: pkcs11js.CKF_OS_LOCKING_OK });
    const slots = module.C_GetSlotList(true);
    const slot = slots.find((one) => module.C_GetTokenInfo(one).label.trim() === scratch.token.label);
    session = module.C_OpenSession(slot as Buffer, pkcs11js.CKF_SERIAL_SESSION);
    module.C_Login(session, pkcs11js.CKU_USER, scratch.userPin);
  });

  afterAll(() => {
    module.C_Finalize();
    module.close();
  });

  function read(name: string, attribute: string): string {
    module.C_FindObjectsInit(session, [{ type: pkcs11js.CKA_LABEL, value: name }]);
    const [key] = module.C_FindObjects(session, 2);
    module.C_FindObjectsFinal(session);
    const type = constants[attribute.replaceAll('`', '')] as number;
    const [found] = module.C_GetAttributeValue(session, key as Buffer, [{ type }]);
    const value = found?.value as Buffer;
    if (attribute !== '`CKA_ALLOWED_MECHANISMS`') return value[0] === 1 ? 'true' : 'false';
    const mechanisms = Array.from({ length: value.length / 8 }, (_, k) =>
      Number(value.readBigUInt64LE(8 * k)),
    );
    const nameOf = (mechanism: number) =>
      Object.keys(constants).find((key) => key.startsWith('CKM_') && constants[key] === mechanism);
    return mechanisms
      .map((mechanism) => `\`${nameOf(mechanism)}\``)
      .sort()
      .join(', ');
  }

  test('the table has a row for every attribute of the profile', () => {
    expect(rows.length).toBe(15);
  });

  test.each(columns)('$name, level $level', ({ column, name }) => {
    for (const row of rows) {
      const documented = (row[column] ?? '').split(', ').sort().join(', ');
      expect(`${row[0]} ${read(name, row[0] as string)}`).toBe(`${row[0]} ${documented}`);
    }
  });
});
