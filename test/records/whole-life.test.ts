import { checkRecords, createMemoryRecordStore, type RecordStore, recordEraser } from 'renkei';
import { openPostgresRecordStore } from 'renkei/postgres';
import { openSoftwareVault } from 'renkei/software';
import { openSqliteRecordStore } from 'renkei/sqlite';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { auditPair } from '../support/audit-pair.js';
import { testKeys } from '../support/named-keys.js';
import { ScratchPostgres } from '../support/postgres.js';
import {
  addBranch,
  IN_2026,
  ON_BEHALF,
  openRecordWorld,
  type RecordWorld,
  recordAbout,
} from '../support/record-world.js';
import { makeScratchFolder } from '../support/scratch-folder.js';

const { path } = makeScratchFolder();
let server: ScratchPostgres;

beforeAll(async () => {
  server = await ScratchPostgres.start();
});
afterAll(() => server?.remove());

const STORES: Readonly<Record<string, () => Promise<RecordStore>>> = {
  memory: async () => createMemoryRecordStore(),
  SQLite: () => openSqliteRecordStore({ path: path('whole.sqlite') }),
  PostgreSQL: () => openPostgresRecordStore({ connection: server.main, schema: 'whole_life', poolSize: 4 }),
};

const NAMES = ['record/2026', 'record/2027'].concat(
  [1, 2, 3].flatMap((n) => [
    `link/${n}`,
    `store/${n}`,
    ...['A1', 'B2', 'C3'].map((one) => `institution/${one}/${n}`),
  ]),
);

/** Serial numbers that are disclosed to a person, in pages of two; or why none is. */
async function disclosed({ records }: RecordWorld, code: string): Promise<(number | string)[] | string> {
  const seen: (number | string)[] = [];
  let cursor: string | undefined;
  do {
    try {
      const next: { readonly cursor?: string } = cursor === undefined ? {} : { cursor };
      const page = await records.disclose({ ...ON_BEHALF, code, limit: 2, ...next });
      for (const item of page) seen.push(item.status === 'shown' ? item.content.serial : item.status);
      cursor = page.next;
    } catch (error) {
      return (error as { code: string }).code;
    }
  } while (cursor !== undefined);
  return seen;
}

async function requireWhole(file: RecordStore): Promise<void> {
  for await (const finding of checkRecords(file)) throw new Error(JSON.stringify(finding));
}

test.each(Object.keys(STORES))(
  'records live through answers, corrections, two changes of generation and their end, in %s',
  async (name) => {
    const file = await (STORES[name] as () => Promise<RecordStore>)();
    const vault = await openSoftwareVault({ keys: { ...testKeys(NAMES), 'audit/1': auditPair('records') } });
    const world = await openRecordWorld({ file, vault });
    const { records, rotations, shown, clock } = world;
    const publicKey = await vault.publicKey('audit/1' as never);
    const [person, other] = shown;
    for (let round = 0; round < 4; round++) {
      await recordAbout(world, person, [{ nonDisclosure: round === 1 }]);
      await recordAbout(world, other, [{}]);
    }
    await recordAbout(world, person, [{}], { period: '2027' });
    await addBranch(world, 3, { providedAt: IN_2026 + 1 });
    const reasons = ['a', 'b', 'c'];
    await Promise.all(
      reasons.map((reason) =>
        records.correct({ ...ON_BEHALF, serial: 1, change: { items: [reason] }, reason }),
      ),
    );
    expect(await disclosed(world, person)).toEqual([9, 7, 5, 'withheld', 1]);
    await requireWhole(file);

    const changeGeneration = async (folder: string) => {
      const rotation = await rotations.begin({ kind: 'generation', source: 'store' });
      await rotation.work({ folder });
      const verify = await rotation.verify({ folder });
      const receipts = { verify, switch: await rotation.switch({ folder, graceMs: 0 }) };
      const takeIn = async (period: string) =>
        records.takeInRecordCodes({ period, receipts, folder, publicKey });
      return { rotation, takeIn };
    };
    const first = await changeGeneration(path(`${name}-first`));
    expect(await disclosed(world, person)).toBe('RECORDS_OUTDATED');
    // Begun, and left: the next change comes before it is done.
    await first.takeIn('2027');
    await first.rotation.retire();
    const second = await changeGeneration(path(`${name}-second`));
    await expect(second.takeIn('2026')).rejects.toMatchObject({ code: 'DELIVERY_INVALID' });
    await second.takeIn('2027');
    expect(await disclosed(world, person)).toBe('CODE_VERSION_RETIRED');
    const reissued = await world.issuer.issueBatch(
      'C3',
      { acquisitionNumbers: ['again'], residents: world.people.slice(0, 1) },
      { reissue: true },
    );
    const [item] = [...reissued] as { code?: string }[];
    const renewed = item?.code ?? '';
    expect(await disclosed(world, renewed)).toBe('RECORDS_OUTDATED');
    expect(await first.takeIn('2026')).toMatchObject({ outcome: 'taken-in' });
    expect(await disclosed(world, renewed)).toBe('RECORDS_OUTDATED');
    expect(await second.takeIn('2026')).toMatchObject({ outcome: 'taken-in' });
    expect(await disclosed(world, renewed)).toEqual([9, 7, 5, 'withheld', 1]);
    await requireWhole(file);

    const counted = [];
    for await (const statistic of records.statistics()) counted.push(statistic);
    expect(counted).toMatchObject([{ day: '2026-07-01', records: 9, provided: 1 }]);
    clock.now = Date.parse('2034-04-01T00:00:00+09:00');
    await recordEraser({ store: file, batchRows: 3, now: () => clock.now }).erase('2026');
    expect(await disclosed(world, renewed)).toEqual([9]);
    await requireWhole(file);
    await file.close();
  },
);
