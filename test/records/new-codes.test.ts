import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { TakeInRequest, TakenIn } from 'renkei';
import { openDelivery, writeDelivery } from 'renkei/delivery';
import { describe, expect, test } from 'vitest';
import {
  contentOf,
  IN_2026,
  loggedEntries,
  ON_BEHALF,
  openRecordWorld,
  type RecordWorld,
  recordAbout,
  recordFiles,
} from '../support/record-world.js';
import { syntheticResidentTexts } from '../support/residents.js';
import { issueTo, read, readDelivered } from '../support/rotation-world.js';
import { makeScratchFolder } from '../support/scratch-folder.js';
import { standIn } from '../support/stand-in.js';

const { path } = makeScratchFolder();

/** Serial numbers that are disclosed to each person, or why not. */
async function found({ records }: RecordWorld, codes: readonly string[]): Promise<(number[] | string)[]> {
  return Promise.all(
    codes.map(async (code) => {
      try {
        const page = await records.disclose({ ...ON_BEHALF, code });
        return [...page].map((item) => (item.status === 'shown' ? item.content.serial : 0));
      } catch (error) {
        return (error as { code: string }).code;
      }
    }),
  );
}

interface Rotated {
  readonly receipts: TakeInRequest['receipts'];
  readonly folder: string;
}

/** A whole change of generation; what is given is done between verification and switch. */
async function changeGeneration(
  { rotations }: RecordWorld,
  name: string,
  meanwhile: () => Promise<void> = async () => undefined,
): Promise<Rotated> {
  const folder = path(name);
  const rotation = await rotations.begin({ kind: 'generation', source: 'store' });
  await rotation.work({ folder });
  const verify = await rotation.verify({ folder });
  await meanwhile();
  return { folder, receipts: { verify, switch: await rotation.switch({ folder, graceMs: 0 }) } };
}

async function takeIn(world: RecordWorld, { folder, receipts }: Rotated, period = '2026'): Promise<TakenIn> {
  const publicKey = await world.vault.publicKey('audit/1' as never);
  return world.records.takeInRecordCodes({ period, receipts, folder, publicKey });
}

/** Records about every person, in two periods. */
async function recordEverybody(world: RecordWorld): Promise<void> {
  for (const code of world.shown) {
    await recordAbout(world, code, [{}, {}]);
    await recordAbout(world, code, [{}], { period: '2027' });
  }
}

describe.each(recordFiles(path))('after a change of generation, in %s', (name, open) => {
  test('a person’s records are found before, and after; in between an error, never a silent gap', async () => {
    const world = await openRecordWorld({ file: await open() });
    const { shown, file } = world;
    await recordEverybody(world);
    const before = await found(world, shown);
    expect(before[0]).toEqual([3, 2, 1]);
    // Somebody who is issued to while the work runs is in a supplement.
    let late = '';
    const rotated = await changeGeneration(world, `whole-${name}`, async () => {
      [late = ''] = await issueTo(world.issuer, 'C3', syntheticResidentTexts(9, 0, 1));
      await recordAbout(world, late, [{}]);
      expect(await found(world, shown)).toEqual(before);
    });
    const renewed = await readDelivered(world, rotated.folder, read(rotated.receipts.verify), 'C3');
    const codes = shown.map((code) => renewed.get(code) as string);
    const all = [...shown, ...codes, late];
    expect(await found(world, all)).toEqual(all.map(() => 'RECORDS_OUTDATED'));
    // What is requested now is recorded under new codes, and must not be shown alone.
    await recordAbout(world, codes[0] as string, [{}]);
    expect(await found(world, all)).toEqual(all.map(() => 'RECORDS_OUTDATED'));
    expect(await takeIn(world, rotated, '2026')).toEqual({ outcome: 'taken-in', rows: 2 * shown.length + 1 });
    expect(await found(world, all)).toEqual(all.map(() => 'RECORDS_OUTDATED'));
    expect(await takeIn(world, rotated, '2027')).toEqual({ outcome: 'taken-in', rows: shown.length });
    const after = [[3 * shown.length + 2, ...(before[0] as number[])], ...before.slice(1)];
    expect(await found(world, shown)).toEqual(after);
    expect(await found(world, codes)).toEqual(after);
    expect(await found(world, [late])).toEqual([[3 * shown.length + 1]]);
    expect(await loggedEntries(file, 'records.generation')).toEqual([
      { period: '2026', generation: 2 },
      { period: '2027', generation: 2 },
    ]);
    expect(await takeIn(world, rotated)).toEqual({ outcome: 'existed', rows: 0 });
  });

  test('broken off anywhere and begun again, it ends the same; meanwhile nobody gets less', async () => {
    const world = await openRecordWorld({ file: await open() });
    await recordEverybody(world);
    const before = await found(world, world.shown);
    const rotated = await changeGeneration(world, `broken-off-${name}`);
    const { openRecords } = await import('renkei');
    for (const period of ['2026', '2027']) {
      for (const method of ['rekey', 'settleGeneration'] as const) {
        const failing = standIn(world.file);
        failing.before = (called) => {
          if (called === method) throw Object.assign(new Error('injected'), { code: 'STORE_FAULT' });
        };
        const records = openRecords({
          issuer: world.issuer,
          store: failing.object,
          disclosureSystem: 'C3',
          now: () => world.clock.now,
        });
        await expect(takeIn({ ...world, records }, rotated, period)).rejects.toMatchObject({
          code: 'STORE_FAULT',
        });
        expect(await found(world, world.shown)).toEqual(world.shown.map(() => 'RECORDS_OUTDATED'));
      }
      await takeIn(world, rotated, period);
    }
    expect(await found(world, world.shown)).toEqual(before);
  });

  test('a record under an old code that comes while rows are moved is not taken: it would be lost', async () => {
    const world = await openRecordWorld({ file: await open() });
    await recordEverybody(world);
    const { codes, generation } = await world.issuer.periodCodes([world.shown[0]], {
      from: 'C3',
      periods: ['2026'],
    });
    const rotated = await changeGeneration(world, `late-append-${name}`);
    await takeIn(world, rotated);
    const content = contentOf();
    const recordCode = codes.get('2026') as Uint8Array;
    const late = { requestId: 'late', period: '2026', generation, recordCode, content };
    await expect(world.file.append({ at: IN_2026, records: [late] })).rejects.toMatchObject({
      code: 'KEYS_CHANGED',
    });
  });

  test('a disclosure during which rows are moved hands out nothing', async () => {
    const world = await openRecordWorld({ file: await open() });
    await recordEverybody(world);
    const moving = standIn(world.file);
    let isMoved = false;
    moving.before = async (method) => {
      if (method !== 'personRecords' || isMoved) return;
      isMoved = true;
      await takeIn(world, await changeGeneration(world, `during-${name}`));
    };
    const { openRecords } = await import('renkei');
    const records = openRecords({ issuer: world.issuer, store: moving.object, disclosureSystem: 'C3' });
    expect(await found({ ...world, records }, [world.shown[0]])).toEqual(['RECORDS_OUTDATED']);
    expect(await loggedEntries(world.file, 'records.disclosed')).toEqual([]);
  });

  test('a period without records has nothing to be moved', async () => {
    const world = await openRecordWorld({ file: await open() });
    const rotated = await changeGeneration(world, `empty-${name}`);
    expect(await takeIn(world, rotated)).toEqual({ outcome: 'nothing-on-record', rows: 0 });
  });
});

describe('what is not taken in', () => {
  const told = async (world: RecordWorld, rotated: Rotated) =>
    takeIn(world, rotated).then(String, ({ code }) => code);

  test('a file that is missing, changed or another one; receipts that do not belong together', async () => {
    const world = await openRecordWorld();
    await recordEverybody(world);
    const { folder, receipts } = await changeGeneration(world, 'refused');
    const swapped = { verify: receipts.switch, switch: receipts.verify };
    expect(await told(world, { folder, receipts: swapped })).toBe('RECEIPT_INVALID');
    // Alike in all but the moment, and signed by the same key.
    const other = await changeGeneration(await openRecordWorld(), 'refused-other');
    const mixed = { ...receipts, verify: other.receipts.verify };
    expect(await told(world, { folder, receipts: mixed })).toBe('RECEIPT_INVALID');
    const altered = receipts.switch.replace(/"previous":"../, '"previous":"00');
    expect(await told(world, { folder, receipts: { ...receipts, switch: altered } })).toBe(
      'SIGNATURE_INVALID',
    );
    const delivery = read(receipts.verify).deliveries.find(({ audience }) => audience === 'record/2026');
    const next = read(receipts.verify).deliveries.find(({ audience }) => audience === 'record/2027');
    const file = join(folder, delivery?.file as string);
    // Rightly signed, of the same rotation, for the same period, with as many pairs: another file all the same.
    const publicKey = await world.vault.publicKey('audit/1' as never);
    const written = await openDelivery({ path: file, publicKey, recordPeriod: '2026' });
    const { format, scheme, pairs, blockPairs, tableDigest, merkleRoot, auditKey, ...facts } = written.header;
    await written.close();
    const others = Buffer.alloc(48 * pairs);
    for (let k = 0; k < pairs; k++) others.writeUInt32BE(k, 48 * k);
    const sign = (message: Uint8Array) => world.vault.sign('audit/1' as never, message);
    const named = { name: 'audit/1' as never, publicKey };
    await writeDelivery({ path: file, facts, pairs: [others], auditKey: named, sign });
    expect(await told(world, { folder, receipts })).toBe('DELIVERY_INVALID');
    await writeFile(file, 'x');
    expect(await told(world, { folder, receipts })).toBe('DELIVERY_INVALID');
    await rm(file);
    expect(await told(world, { folder, receipts })).toBe('DELIVERY_FAULT');
    const { copyFile } = await import('node:fs/promises');
    await copyFile(join(folder, next?.file as string), file);
    expect(await told(world, { folder, receipts })).toBe('DELIVERY_INVALID');
    expect(await loggedEntries(world.file, 'records.re-keyed')).toEqual([]);
  });
});
