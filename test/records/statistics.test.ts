import { createMemoryRecordStore, openRecords, type RecordStatistic } from 'renkei';
import { expect, test } from 'vitest';
import {
  addBranch,
  contentOf,
  IN_2026,
  institution,
  openRecordWorld,
  recordAbout,
} from '../support/record-world.js';

const DAY = 86_400_000;

test('records are counted by day, inquirer, provider and outcome, by what holds now', async () => {
  const world = await openRecordWorld();
  const [person, other] = world.shown;
  await recordAbout(world, person, [{}, {}, { outcome: 'not-permitted', refusal: 'not-listed' }]);
  await recordAbout(world, other, [{ inquirer: institution('B2'), provider: institution('A1') }]);
  world.clock.now += DAY;
  await addBranch(world, 1, { providedAt: world.clock.now });
  await recordAbout(world, other, [{}]);
  const counted: RecordStatistic[] = [];
  for await (const statistic of world.records.statistics()) counted.push(statistic);
  const toB2 = { inquirer: 'A1', provider: 'B2', outcome: 'forwarded' };
  expect(counted).toEqual([
    { day: '2026-07-01', ...toB2, records: 2, provided: 1 },
    { day: '2026-07-01', ...toB2, outcome: 'not-permitted', records: 1, provided: 0 },
    { day: '2026-07-01', inquirer: 'B2', provider: 'A1', outcome: 'forwarded', records: 1, provided: 0 },
    { day: '2026-07-02', ...toB2, records: 1, provided: 0 },
  ]);
});

test('over more rows than are read at once, branches on two pages among them', async () => {
  const world = await openRecordWorld();
  const file = createMemoryRecordStore();
  const records = openRecords({ issuer: world.issuer, store: file, disclosureSystem: 'C3' });
  const recordCode = new Uint8Array(24);
  const content = contentOf();
  await file.append({
    at: IN_2026,
    records: Array.from({ length: 999 }, (_, k) => ({
      requestId: `R-${k}`,
      period: '2026',
      generation: 1,
      recordCode,
      content,
    })),
  });
  const answered = { ...content, providedAt: IN_2026 };
  await file.append({ at: IN_2026, branches: [{ serial: 999, branch: 2, content: answered }] });
  await file.append({ at: IN_2026, branches: [{ serial: 999, branch: 3, content: answered }] });
  const counted: RecordStatistic[] = [];
  for await (const statistic of records.statistics()) counted.push(statistic);
  expect(counted).toMatchObject([{ records: 999, provided: 1 }]);
});

test('given up, it ends between pages', async () => {
  const { records } = await openRecordWorld();
  const reading = records.statistics({ signal: AbortSignal.abort() }).next();
  await expect(reading).rejects.toMatchObject({ code: 'ABORTED' });
});
