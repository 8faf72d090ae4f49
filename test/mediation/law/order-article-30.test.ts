import { fc, test as prop } from '@fast-check/vitest';
import { openRotations, type Rotation, recordEraser } from 'renkei';
import { createPkcs11KeyDestroyer } from 'renkei/pkcs11';
import { beforeAll, describe, expect, test } from 'vitest';
import {
  codeOf,
  type LawWorld,
  logged,
  makeLawWorld,
  mediated,
  PORTAL,
  requestOf,
} from '../../support/law-world.js';
import { workAndVerify } from '../../support/rotation-world.js';

const { token, open } = makeLawWorld();
const folder = `${token.folder}/rotation`;
/** The first moment that is no more of the fiscal year 2026, and the one seven years later. */
const END_OF_PERIOD = Date.parse('2027-04-01T00:00:00+09:00');
const END_OF_RETENTION = Date.parse('2034-04-01T00:00:00+09:00');
let world: LawWorld;
let rotation: Rotation;

const eraser = () => recordEraser({ store: world.file, now: () => world.clock.now });

/** Serial numbers that the portal shows a person. */
async function shown(person: number): Promise<number[]> {
  const code = codeOf(world, PORTAL, person);
  const page = await world.records.disclose({
    code,
    who: '情報提供等記録開示システム',
    receiptNumber: 'R8-1',
  });
  return [...page].map((item) => (item.status === 'shown' ? item.content.serial : Number.NaN));
}

beforeAll(async () => {
  world = await open();
  for (const [at, person] of [
    [world.clock.now, 0],
    [END_OF_PERIOD - 1, 0],
    [END_OF_PERIOD, 0],
    [END_OF_PERIOD, 2],
  ] as const) {
    world.clock.now = at;
    await mediated(world, requestOf(world, person), 'forwarded');
  }
  const { vault, store, clock } = world;
  const rotations = await openRotations({ vault, store, auditKey: 'audit/1', now: () => clock.now });
  rotation = await rotations.begin({ kind: 'record-period', close: '2026', open: '2027' });
  await workAndVerify(rotation, folder);
  await rotation.switch({ folder, graceMs: 0 });
});

describe('番号法施行令30条: records are kept for seven years', () => {
  test('a record is of the fiscal year in which it was asked for, to the millisecond', async () => {
    expect((await world.file.latest([1, 2, 3, 4])).map((row) => row?.period)).toEqual([
      '2026',
      '2026',
      '2027',
      '2027',
    ]);
  });

  prop.prop([fc.integer({ min: END_OF_PERIOD, max: END_OF_RETENTION - 1 })], {
    numRuns: 12,
    examples: [[END_OF_RETENTION - 1]],
  })('at no moment before are they erased, and all of them are shown', async (moment) => {
    world.clock.now = moment;
    await expect(rotation.retire({ eraser: eraser() })).rejects.toMatchObject({ code: 'ROTATION_TOO_EARLY' });
    expect(await shown(0)).toEqual([3, 2, 1]);
    expect(await shown(2)).toEqual([4]);
  });

  test('then those of the year are erased and its key is destroyed; later ones stay, and the log tells of all', async () => {
    world.clock.now = END_OF_RETENTION;
    await rotation.retire({ eraser: eraser() });
    const { module, token: label, pin } = token;
    await rotation.destroy({ destroyer: createPkcs11KeyDestroyer({ module, token: label, pin }) });
    expect(await shown(0)).toEqual([3]);
    expect(await shown(2)).toEqual([4]);
    expect(await world.file.latest([1, 2])).toEqual([undefined, undefined]);
    const events = await logged(world);
    expect(events.filter(({ event }) => event === 'record')).toHaveLength(4);
    expect(events.find(({ event }) => event === 'records.erased')?.details).toEqual({
      period: '2026',
      rows: 2,
    });
  });
});
