import type { RecordStore } from 'renkei';
import { beforeEach, describe, expect, test } from 'vitest';
import {
  addBranch,
  IN_2026,
  loggedEntries,
  ON_BEHALF,
  openRecordWorld,
  type RecordWorld,
  recordAbout,
  recordFiles,
} from '../support/record-world.js';
import { makeScratchFolder } from '../support/scratch-folder.js';
import { standIn } from '../support/stand-in.js';

const { path } = makeScratchFolder();
let openFile: () => Promise<RecordStore>;
const REASON = '部署名の誤り';
const SHARED = { ...ON_BEHALF, serial: 1, reason: REASON } as const;

async function worldWithOne(content = {}): Promise<RecordWorld> {
  const world = await openRecordWorld({ file: await openFile() });
  await recordAbout(world, world.shown[0], [content]);
  return world;
}

/** All branches of the one record. */
async function branchesOf({ file }: RecordWorld) {
  return file.records({ limit: 100 });
}

describe.each(recordFiles(path))('a correction (記録の訂正, 記録事項変更事由), in %s', (_, open) => {
  beforeEach(() => {
    openFile = open;
  });

  test('is a further branch with its reason; what the record said before stays', async () => {
    const world = await worldWithOne({ department: '福祉課' });
    const corrected = await world.records.correct({ ...SHARED, change: { department: '保育課' } });
    expect(corrected).toMatchObject({ outcome: 'corrected' });
    const [before, after] = await branchesOf(world);
    expect(before?.content).toMatchObject({ department: '福祉課' });
    expect(before?.content.changeReason).toBeUndefined();
    expect(after).toMatchObject({ serial: 1, branch: 2, period: before?.period });
    expect(after?.content).toEqual({ ...before?.content, department: '保育課', changeReason: REASON });
    expect(after?.recordCode).toEqual(before?.recordCode);
  });

  test('names whom to tell: inquirer and provider (番号法31条2項, 個人情報保護法97条)', async () => {
    const { records } = await worldWithOne();
    const corrected = await records.correct({ ...SHARED, change: { items: ['均等割額'] } });
    expect(corrected).toMatchObject({ notify: ['A1', 'B2'] });
  });

  test('who, when, receipt number, which branch and members stand in the log, and no content', async () => {
    const { records, file } = await worldWithOne();
    await records.correct({ ...SHARED, change: { department: '保育課', nonDisclosure: true } });
    expect(await loggedEntries(file, 'records.corrected')).toEqual([
      {
        who: ON_BEHALF.who,
        receipt: ON_BEHALF.receiptNumber,
        serial: 1,
        branch: 2,
        members: ['department', 'nonDisclosure'],
      },
    ]);
  });

  test('takes 提供の日時 and the moment of visibility away by null', async () => {
    const world = await worldWithOne({ providedAt: IN_2026, visibleFrom: IN_2026 });
    await world.records.correct({ ...SHARED, change: { providedAt: null, visibleFrom: null } });
    const [before, after] = await branchesOf(world);
    const { providedAt, visibleFrom, ...rest } = before?.content ?? {};
    expect([providedAt, visibleFrom]).toEqual([IN_2026, IN_2026]);
    expect(after?.content).toEqual({ ...rest, changeReason: REASON });
  });

  test.each([
    'serial',
    'branch',
    'recordCode',
    'period',
    'requestId',
    'inquirer',
    'provider',
    'outcome',
    'refusal',
    'validUntil',
    'changeReason',
  ])('does not reach %s', async (member) => {
    const { records, file } = await worldWithOne();
    const refused = records.correct({ ...SHARED, change: { [member]: 'x' } as never });
    await expect(refused).rejects.toMatchObject({ code: 'OPTION_UNKNOWN' });
    expect(await loggedEntries(file, 'records.corrected')).toEqual([]);
  });

  test.each([
    [{}],
    [{ department: undefined } as never],
    [{ items: [] }],
    [{ affair: '' }],
    [{ affair: null } as never],
  ])('that is none is refused: %j', async (change) => {
    const world = await worldWithOne();
    const refused = world.records.correct({ ...SHARED, change });
    await expect(refused).rejects.toMatchObject({ code: 'OPTION_INVALID' });
    expect(await branchesOf(world)).toHaveLength(1);
    expect(await loggedEntries(world.file, 'records.corrected')).toEqual([]);
  });

  test('of a record that there is not is an answer', async () => {
    const { records } = await openRecordWorld();
    expect(await records.correct({ ...SHARED, change: { affair: 'x' } })).toEqual({ outcome: 'unknown' });
  });

  test('is safe to repeat: the second time nothing is written', async () => {
    const world = await worldWithOne();
    const change = { department: '保育課' };
    await world.records.correct({ ...SHARED, change });
    expect(await world.records.correct({ ...SHARED, change, branch: 1 })).toMatchObject({
      outcome: 'existed',
      record: { branch: 2 },
    });
    expect(await branchesOf(world)).toHaveLength(2);
    expect(await loggedEntries(world.file, 'records.corrected')).toHaveLength(1);
  });

  test('of a branch that holds no more is a conflict, by value', async () => {
    const world = await worldWithOne();
    await addBranch(world, 1, { providedAt: IN_2026 + 1 });
    const refused = await world.records.correct({ ...SHARED, branch: 1, change: { department: '保育課' } });
    expect(refused).toMatchObject({ outcome: 'conflict', record: { branch: 2 } });
    expect(await branchesOf(world)).toHaveLength(2);
    expect(await loggedEntries(world.file, 'records.corrected')).toEqual([]);
  });

  test('meets an answer that comes at the same time: both are on record', async () => {
    const world = await worldWithOne();
    const busy = standIn(world.file);
    let answers = 0;
    busy.before = async (method) => {
      if (method === 'append' && answers++ === 0) await addBranch(world, 1, { providedAt: IN_2026 + 1 });
    };
    const { correct } = await import('../../src/records/correction/correct.js');
    const context = {
      issuer: world.issuer as never,
      store: busy.object as never,
      now: () => world.clock.now,
    };
    const corrected = await correct(context, { ...SHARED, change: { department: '保育課' } });
    expect(corrected).toMatchObject({ outcome: 'corrected', record: { branch: 3 } });
    const last = (await branchesOf(world)).at(-1);
    expect(last?.content).toMatchObject({ providedAt: IN_2026 + 1, department: '保育課' });
  });

  test('many at the same time: each is on record, none is lost', async () => {
    const world = await worldWithOne();
    const items = ['a', 'b', 'c', 'd', 'e', 'f'];
    const outcomes = await Promise.all(
      items.map((item) => world.records.correct({ ...SHARED, reason: item, change: { items: [item] } })),
    );
    const made = outcomes.filter(({ outcome }) => outcome === 'corrected').length;
    expect(made).toBeGreaterThan(0);
    expect(outcomes.every(({ outcome }) => outcome === 'corrected' || outcome === 'conflict')).toBe(true);
    expect(await branchesOf(world)).toHaveLength(1 + made);
    expect(await loggedEntries(world.file, 'records.corrected')).toHaveLength(made);
  });
});
