import { inspect } from 'node:util';
import { type DiscloseRequest, type Disclosure, openRecords, RenkeiError } from 'renkei';
import { describe, expect, test } from 'vitest';
import {
  addBranch,
  contentOf,
  DISCLOSURE_SYSTEM,
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
const FILES = recordFiles(path);
const DAY = 86_400_000;

async function disclosed(
  { records }: Pick<RecordWorld, 'records'>,
  code: string,
  rest: Partial<DiscloseRequest> = {},
): Promise<Disclosure> {
  return records.disclose({ ...ON_BEHALF, code, ...rest });
}

/** What a page shows: serial numbers, and the status of what has none. */
function shownIn(page: Disclosure): (number | string)[] {
  return [...page].map((item) => (item.status === 'shown' ? item.content.serial : item.status));
}

describe.each(FILES)('a person sees who asked for what (番号法23条, 命令85 47条), in %s', (_, open) => {
  test('records of all live periods, the newest first, and nobody else’s', async () => {
    const world = await openRecordWorld({ file: await open() });
    const [person, other] = world.shown;
    await recordAbout(world, person, [{}, {}]);
    await recordAbout(world, other, [{}]);
    await recordAbout(world, person, [{}], { period: '2027' });
    await recordAbout(world, person, [{}]);
    expect(shownIn(await disclosed(world, person))).toEqual([5, 4, 2, 1]);
    expect(shownIn(await disclosed(world, other))).toEqual([3]);
    expect(shownIn(await disclosed(world, world.shown[5] as string))).toEqual([]);
  });

  test('each with the items that the ordinance lists, and no code', async () => {
    const world = await openRecordWorld({ file: await open() });
    const [person] = world.shown;
    const content = { department: '税務課', procedure: '認定', items: ['a', 'b'], validUntil: IN_2026 + DAY };
    await recordAbout(world, person, [content]);
    await addBranch(world, 1, { providedAt: IN_2026 + 5 });
    const [item] = [...(await disclosed(world, person))];
    const { inquirerName, providerName, affair, information } = contentOf();
    expect(item?.status === 'shown' && item.content).toEqual({
      serial: 1,
      branch: 2,
      outcome: 'forwarded',
      provision: 'provided',
      corrections: [],
      inquirerName,
      providerName,
      affair,
      information,
      department: '税務課',
      procedure: '認定',
      items: ['a', 'b'],
      requestedAt: IN_2026,
      providedAt: IN_2026 + 5,
    });
  });

  test('a request that lapsed without an answer is shown as not provided (命令85 41条3項)', async () => {
    const world = await openRecordWorld({ file: await open() });
    const [person] = world.shown;
    await recordAbout(world, person, [
      { validUntil: IN_2026 + DAY },
      { outcome: 'provider-has-no-code' },
      { outcome: 'not-permitted', refusal: 'not-listed' },
    ]);
    const provisions = async () =>
      [...(await disclosed(world, person))].map((item) => item.status === 'shown' && item.content.provision);
    world.clock.now = IN_2026 + DAY;
    expect(await provisions()).toEqual(['not-provided', 'not-provided', 'awaited']);
    world.clock.now++;
    expect(await provisions()).toEqual(['not-provided', 'not-provided', 'not-provided']);
  });

  test('what holds is the last branch, and that it was corrected, when and why', async () => {
    const world = await openRecordWorld({ file: await open() });
    const [person] = world.shown;
    await recordAbout(world, person, [{}]);
    world.clock.now += DAY;
    await addBranch(world, 1, { department: '保育課', changeReason: '部署名の誤り' });
    const [item] = [...(await disclosed(world, person))];
    expect(item?.status === 'shown' && item.content).toMatchObject({
      branch: 2,
      department: '保育課',
      corrections: [{ branch: 2, at: IN_2026 + DAY, reason: '部署名の誤り' }],
    });
  });
});

describe('不開示情報 (番号法23条2項, 個人情報保護法78条1項)', () => {
  test('is withheld with the provision, and nothing else of the record', async () => {
    const world = await openRecordWorld();
    const [person] = world.shown;
    await recordAbout(world, person, [{}, { nonDisclosure: true }, {}]);
    const page = await disclosed(world, person);
    expect(shownIn(page)).toEqual([3, 'withheld', 1]);
    expect(page.at(1)).toEqual({ status: 'withheld', basis: '番号法23条2項、個人情報保護法78条1項' });
  });

  test('the branch that holds decides, both ways', async () => {
    const world = await openRecordWorld();
    const [person] = world.shown;
    await recordAbout(world, person, [{}, { nonDisclosure: true }]);
    await addBranch(world, 1, { nonDisclosure: true, changeReason: '不開示' });
    await addBranch(world, 2, { nonDisclosure: false, changeReason: '開示' });
    expect(shownIn(await disclosed(world, person))).toEqual([2, 'withheld']);
  });

  test('a cursor after a withheld record does not tell its serial number', async () => {
    const world = await openRecordWorld();
    const [person] = world.shown;
    await recordAbout(world, person, [{}, { nonDisclosure: true }, {}]);
    const cursors = await Promise.all(
      [1, 2, 3].map(async () => (await disclosed(world, person, { limit: 2 })).next as string),
    );
    expect(new Set(cursors).size).toBe(3);
    for (const cursor of cursors) {
      expect(cursor).toMatch(/^[A-Za-z0-9_-]{48}$/);
      expect(shownIn(await disclosed(world, person, { cursor }))).toEqual([1]);
    }
  });
});

describe('delayed visibility', () => {
  test('until its moment a record is not there at all: not shown, not counted, not in the log', async () => {
    const world = await openRecordWorld();
    const [person] = world.shown;
    await recordAbout(world, person, [{}, { visibleFrom: IN_2026 + DAY }, {}]);
    const before = await disclosed(world, person, { limit: 2 });
    expect(shownIn(before)).toEqual([3, 1]);
    expect(before.next).toBeUndefined();
    world.clock.now = IN_2026 + DAY;
    expect(shownIn(await disclosed(world, person))).toEqual([3, 2, 1]);
    const entries = await loggedEntries(world.file, 'records.disclosed');
    expect(entries.map(({ serials }) => serials)).toEqual([
      [3, 1],
      [3, 2, 1],
    ]);
  });

  test('what is left of a page when only hidden records follow has no next one', async () => {
    const world = await openRecordWorld();
    const [person] = world.shown;
    await recordAbout(world, person, [{ visibleFrom: IN_2026 + DAY }, {}]);
    expect((await disclosed(world, person, { limit: 1 })).next).toBeUndefined();
  });
});

describe.each(FILES)('pages, in %s', (_, open) => {
  test.each([1, 2, 3, 7, 100])('of %i give every record once, whatever comes meanwhile', async (limit) => {
    const world = await openRecordWorld({ file: await open() });
    const [person] = world.shown;
    for (const period of ['2026', '2027', '2026']) await recordAbout(world, person, [{}, {}, {}], { period });
    const seen: (number | string)[] = [];
    let cursor: string | undefined;
    do {
      const page: Disclosure = await disclosed(world, person, {
        limit,
        ...(cursor === undefined ? {} : { cursor }),
      });
      expect(page.length).toBeLessThanOrEqual(limit);
      seen.push(...shownIn(page));
      cursor = page.next;
      await recordAbout(world, person, [{}]);
    } while (cursor !== undefined);
    expect(seen).toEqual([9, 8, 7, 6, 5, 4, 3, 2, 1]);
  });

  test('more records than are read at once', async () => {
    const world = await openRecordWorld({ file: await open() });
    const [person] = world.shown;
    await recordAbout(world, person, Array(250).fill({}));
    const page = await disclosed(world, person, { limit: 1_000 });
    expect(shownIn(page)).toEqual(Array.from({ length: 250 }, (_, k) => 250 - k));
  });

  test.each(['x', '', 'A'.repeat(48), 'A'.repeat(49)])('the cursor %j is refused', async (cursor) => {
    const world = await openRecordWorld({ file: await open() });
    const [person] = world.shown;
    await recordAbout(world, person, [{}]);
    const code = cursor === '' ? 'OPTION_INVALID' : 'CURSOR_INVALID';
    await expect(disclosed(world, person, { cursor })).rejects.toMatchObject({ code });
  });

  test('the cursor of another person is refused', async () => {
    const world = await openRecordWorld({ file: await open() });
    const [person, other] = world.shown;
    await recordAbout(world, person, [{}, {}]);
    const { next } = await disclosed(world, person, { limit: 1 });
    const refused = disclosed(world, other, { cursor: next as string });
    await expect(refused).rejects.toMatchObject({ code: 'CURSOR_INVALID' });
  });
});

describe('each disclosure is itself recorded', () => {
  test('who, when, receipt number, which records; before anything is handed out', async () => {
    const world = await openRecordWorld();
    const [person] = world.shown;
    await recordAbout(world, person, [{}, { nonDisclosure: true }]);
    await addBranch(world, 1, { department: '保育課', changeReason: '誤り' });
    const page = await disclosed(world, person);
    expect(await loggedEntries(world.file, 'records.disclosed')).toEqual([
      {
        who: ON_BEHALF.who,
        receipt: ON_BEHALF.receiptNumber,
        institution: DISCLOSURE_SYSTEM,
        serials: [2, 1],
        branches: [1, 2],
        withheld: [2],
      },
    ]);
    const [text] = await world.file.logEntries({ from: page.entry, limit: 1 });
    expect(JSON.parse(text as string)).toMatchObject({
      event: 'records.disclosed',
      at: new Date(page.disclosedAt).toISOString(),
    });
  });

  test('one of nothing too', async () => {
    const world = await openRecordWorld();
    await disclosed(world, world.shown[3] as string);
    expect(await loggedEntries(world.file, 'records.disclosed')).toMatchObject([
      { serials: [], branches: [] },
    ]);
  });

  test('if the entry cannot be made durable, nothing is disclosed', async () => {
    const world = await openRecordWorld();
    const [person] = world.shown;
    await recordAbout(world, person, [{}]);
    const broken = standIn(world.file);
    broken.fail(new RenkeiError('STORE_FAULT', 'injected'), 'appendLog');
    const { issuer } = world;
    const records = openRecords({ issuer, store: broken.object, disclosureSystem: DISCLOSURE_SYSTEM });
    await expect(disclosed({ records }, person)).rejects.toMatchObject({ code: 'STORE_FAULT' });
    broken.fail(undefined);
    expect(shownIn(await disclosed({ records }, person))).toEqual([1]);
  });

  test('given up before the entry, it leaves none', async () => {
    const world = await openRecordWorld();
    const signal = AbortSignal.abort();
    const refused = disclosed(world, world.shown[0] as string, { signal });
    await expect(refused).rejects.toMatchObject({ code: 'ABORTED' });
    expect(await loggedEntries(world.file, 'records.disclosed')).toEqual([]);
  });

  test.each([
    ['who', '123456789012'],
    ['who', ''],
    ['who', 'x'.repeat(101)],
    ['who', `code ${'a'.repeat(40)}`],
    ['receiptNumber', '12345678903'],
    ['receiptNumber', '受付1'],
  ])('%s that is or may be a number or a code of a person is refused: %j', async (name, value) => {
    const world = await openRecordWorld();
    const refused = disclosed(world, world.shown[0] as string, { [name]: value });
    await expect(refused).rejects.toMatchObject({
      code: 'OPTION_INVALID',
      message: expect.not.stringContaining(value === '' ? '\0' : value),
    });
  });
});

describe('who may ask', () => {
  test('a code of another institution is refused, as a forged one is', async () => {
    const world = await openRecordWorld();
    const refused = { code: 'CODE_FORGED' };
    await expect(disclosed(world, world.codes[0] as string)).rejects.toMatchObject(refused);
    const [person] = world.shown;
    const forged = `${person.slice(0, 30)}${person[30] === 'a' ? 'b' : 'a'}${person.slice(31)}`;
    await expect(disclosed(world, forged)).rejects.toMatchObject(refused);
    expect(await loggedEntries(world.file, 'records.disclosed')).toEqual([]);
  });

  test('nothing of a page comes out in a rendering', async () => {
    const world = await openRecordWorld();
    const [person] = world.shown;
    await recordAbout(world, person, [{}]);
    const page = await disclosed(world, person);
    for (const value of [page, page.at(0), world.records]) {
      for (const text of [
        String(value),
        JSON.stringify(value),
        inspect(value, { depth: 9, showHidden: true }),
      ]) {
        expect(text).toMatch(/redacted/);
        expect(text).not.toContain('甲市長');
      }
    }
  });

  test('closed, it takes no call', async () => {
    const world = await openRecordWorld();
    await world.records.close();
    await expect(disclosed(world, 'x')).rejects.toMatchObject({ code: 'RECORDS_CLOSED' });
    await expect(world.records.statistics().next()).rejects.toMatchObject({ code: 'RECORDS_CLOSED' });
    await world.records[Symbol.asyncDispose]();
  });
});
