import type { InstitutionCode, Rotation } from 'renkei';
import { expect, test } from 'vitest';
import { openDisturbedWorld } from '../support/disturbed-world.js';
import { syntheticResidentTexts } from '../support/residents.js';
import { issueTo, read, readDelivered } from '../support/rotation-world.js';
import { makeScratchFolder } from '../support/scratch-folder.js';
import { withCode } from '../support/with-code.js';

const { path } = makeScratchFolder();
const KINDS = [{ kind: 'store' }, { kind: 'generation', source: 'store' }] as const;
const CODE_LENGTH = 24;

async function finish({ issuer, real }: Awaited<ReturnType<typeof openDisturbedWorld>>, rotation: Rotation) {
  const before = await real.count();
  await rotation.retire();
  expect(await issuer.checkStore()).toEqual([]);
  const { persons, issuances } = await real.count();
  expect([persons, issuances]).toEqual([before.persons, before.issuances]);
}

test.each(KINDS)('a person who comes between notes and scan is taken in: $kind', async (request) => {
  const world = await openDisturbedWorld();
  const folder = path(`scan-${request.kind}`);
  const rotation = await world.rotations.begin(request);
  await rotation.work({ folder });
  world.at('before withoutSuccessor', world.writeLate);
  await rotation.verify({ folder });
  expect(world.isDisturbed()).toBe(true);
  world.at('before withoutSuccessor', async () => {
    // Everybody is looked at, which takes long in a large store, before issuers are held back.
    expect((await world.real.outlook()).holdUntil).toBe(0);
    await world.writeLate();
  });
  await rotation.switch({ folder, graceMs: 0 });
  expect(world.isDisturbed()).toBe(true);
  await finish(world, rotation);
});

test.each(KINDS)('a person who comes just before the switch keeps it waiting: $kind', async (request) => {
  const world = await openDisturbedWorld();
  const folder = path(`late-${request.kind}`);
  const rotation = await world.rotations.begin(request);
  await rotation.work({ folder });
  await rotation.verify({ folder });
  world.at('before moveRotation', world.writeLate);
  await rotation.switch({ folder, graceMs: 0 });
  expect(world.isDisturbed()).toBe(true);
  await finish(world, rotation);
});

test.each(KINDS)(
  'a person who is removed and written again while noted is taken in: $kind',
  async (request) => {
    for (const when of ['before succeed', 'after succeed', 'before settle', 'after settle'] as const) {
      const world = await openDisturbedWorld();
      const folder = path(`again-${request.kind}-${when.replace(' ', '-')}`);
      const rotation = await world.rotations.begin(request);
      await rotation.work({ folder });
      await rotation.verify({ folder });
      const code = await world.writeLate();
      world.at(when, async () => {
        await world.real.remove(code);
        const batch = { institution: 'A1' as InstitutionCode, keyVersion: 1, generation: 1, issuedAt: 2_000 };
        await world.real.issue({ ...batch, storeCodes: code });
      });
      const { counts } = read(await rotation.switch({ folder, graceMs: 0 }));
      expect(world.isDisturbed()).toBe(true);
      if (request.kind === 'generation') expect(counts.pairs).toBeGreaterThan(0);
      await finish(world, rotation);
    }
  },
);

test.each(KINDS)(
  'a changed code whose old one nobody knew is taken in under both: $kind',
  async (request) => {
    const world = await openDisturbedWorld();
    const { issuer, rotations, real } = world;
    const folder = path(`change-${request.kind}`);
    const rotation = await rotations.begin(request);
    await rotation.work({ folder });
    const [old, renamed] = syntheticResidentTexts(7, 0, 2) as [string, string];
    const change = () => issuer.changeResidentRecordCodes({ old: [old], new: [renamed] });
    world.at('before withoutSuccessor', change);
    await rotation.verify({ folder });
    expect(world.isDisturbed()).toBe(true);
    const { storeCodes } = await real.persons({ limit: 1_000 });
    expect((await real.successors(storeCodes)).missing).toEqual([]);
    // A worker that fell behind does its part once more.
    await rotation.work({ folder });
    await rotation.switch({ folder, graceMs: 0 });
    await finish(world, rotation);
    expect(await issueTo(issuer, 'A1', [old])).toEqual(await issueTo(issuer, 'A1', [renamed]));
  },
);

test.each(KINDS)(
  'who is neither noted nor has a successor keeps it from being switched: $kind',
  async (request) => {
    const world = await openDisturbedWorld();
    const folder = path(`left-${request.kind}`);
    const rotation = await world.rotations.begin(request);
    await rotation.work({ folder });
    const leave = async () => {
      const code = await world.writeLate();
      const notes = await world.real.noted(100);
      await world.real.settle(notes.map(({ note }) => note));
      return code;
    };
    const refused = withCode('ROTATION_INCOMPLETE', { message: /1 people have no code/ });
    const first = await leave();
    await expect(rotation.verify({ folder })).rejects.toThrow(refused);
    expect(first.length).toBe(CODE_LENGTH);
    await world.real.remove(first);
    await rotation.verify({ folder });
    await leave();
    await expect(rotation.switch({ folder, graceMs: 0 })).rejects.toThrow(refused);
    expect(await rotation.status()).toBe('verified');
  },
);

test.each(KINDS)(
  'somebody who was left behind by a caller who settled a note is found by the check: $kind',
  async (request) => {
    const world = await openDisturbedWorld();
    const folder = path(`behind-${request.kind}`);
    const rotation = await world.rotations.begin(request);
    await rotation.work({ folder });
    await rotation.verify({ folder });
    world.at('before moveRotation', async () => {
      await world.writeLate();
      await world.real.settle((await world.real.noted(100)).map(({ note }) => note));
    });
    await rotation.switch({ folder, graceMs: 0 });
    expect(await world.issuer.checkStore()).toEqual([]);
    await rotation.retire();
    expect(await world.issuer.checkStore()).toEqual([{ invariant: 'store-code-genuine', rows: 1 }]);
  },
);

test('a person of no list who is written after the verification comes with a further list', async () => {
  const world = await openDisturbedWorld();
  const { rotations, issuer, people, vault } = world;
  const folder = path('further-list');
  const rotation = await rotations.begin({ kind: 'generation', source: 'list' });
  await rotation.receiveResidents([[...people]]);
  await rotation.work({ folder });
  await rotation.verify({ folder });
  await world.writeLate();
  await expect(rotation.switch({ folder, graceMs: 0 })).rejects.toThrow(withCode('ROTATION_INCOMPLETE'));
  const late = syntheticResidentTexts(9, 0, 1);
  const received = await rotation.receiveResidents([[...late]]);
  expect(received).toEqual({ received: 1, refused: 0, unknown: 0 });
  const switched = read(await rotation.switch({ folder, graceMs: 0 }));
  const supplement = await readDelivered({ vault }, folder, switched, 'A1');
  expect([...supplement.values()]).toEqual(await issueTo(issuer, 'A1', late));
  await expect(rotation.receiveResidents([[...late]])).rejects.toThrow(withCode('ROTATION_STATUS'));
  await finish(world, rotation);
});
