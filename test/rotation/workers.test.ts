import { readdirSync, statSync } from 'node:fs';
import {
  createMemoryStore,
  type IssuanceStore,
  openRotations,
  type Rotation,
  type Rotations,
  type WorkProgress,
} from 'renkei';
import { describe, expect, test } from 'vitest';
import { deliveredBytes, openRotationWorld, read, readDelivered } from '../support/rotation-world.js';
import { makeScratchFolder } from '../support/scratch-folder.js';

const { path } = makeScratchFolder();

/** Begins the rotation of A1 on a store that says that it holds as many codes as so many parts take. */
async function beginWithParts(rotations: Rotations, store: IssuanceStore, parts: number): Promise<Rotation> {
  const statistics = store.statistics.bind(store);
  store.statistics = async () =>
    (await statistics()).map((row) => ({ ...row, issued: row.institution === 'A1' ? parts * 50_000 : 1 }));
  try {
    return await rotations.begin({ kind: 'institution', institution: 'A1' });
  } finally {
    store.statistics = statistics;
  }
}

describe('workers of a rotation', () => {
  test('take parts from each other, and end in the same bytes as one alone', async () => {
    const bytes: string[][] = [];
    for (const workers of [1, 3]) {
      const { rotations } = await openRotationWorld({ people: 200 });
      const folder = path(`workers-${workers}`);
      const rotation = await rotations.begin({ kind: 'generation', source: 'store' });
      const results = await Promise.all(
        Array.from({ length: workers }, (_, n) => rotation.work({ folder, worker: `w-${n}` })),
      );
      expect(results.reduce((sum, { ownParts }) => sum + ownParts, 0)).toBe(
        (await rotation.progress()).parts,
      );
      bytes.push(await deliveredBytes(folder, read(await rotation.verify({ folder }))));
    }
    expect(bytes[1]).toEqual(bytes[0]);
  });

  test('take over the part of one that fell silent, when its lease is over and not before', async () => {
    let now = Date.now();
    const { rotations, store } = await openRotationWorld({ now: () => now });
    const folder = path('silent');
    const rotation = await rotations.begin({ kind: 'institution', institution: 'A1' });
    expect(await store.claimPart({ id: 1, worker: 'silent', now, leaseMs: 5_000 })).toBe(0);
    const controller = new AbortController();
    const waiting = rotation.work({ folder, signal: controller.signal });
    setTimeout(() => controller.abort(), 50);
    await expect(waiting).rejects.toMatchObject({ code: 'ABORTED' });
    expect((await rotation.progress()).done).toBe(0);
    now += 5_000;
    expect(await rotation.work({ folder })).toMatchObject({ done: 1, ownParts: 1 });
    // The one that fell silent comes back: what it says of the part is not heard any more.
    expect(await store.finishPart(1, 0, '{"rows":7}')).toBe('existed');
    expect(read(await rotation.verify({ folder })).counts.rows).toBe(60);
  });

  test('hear of a pause and of an abort; resumed, they go on', async () => {
    const { rotations } = await openRotationWorld();
    const folder = path('paused');
    const rotation = await rotations.begin({ kind: 'institution', institution: 'A1' });
    await rotation.pause();
    expect(await rotation.work({ folder })).toMatchObject({ status: 'paused', done: 0, ownParts: 0 });
    await expect(rotation.verify({ folder })).rejects.toMatchObject({ code: 'ROTATION_STATUS' });
    await rotation.resume();
    expect(await rotation.work({ folder })).toMatchObject({ status: 'running', done: 1, parts: 1, rows: 60 });
    await rotation.pause();
    await rotation.abort();
    await expect(rotation.resume()).rejects.toMatchObject({ code: 'ROTATION_STATUS' });
  });

  test('keep to a limit, and hear of a pause in the midst of a part', async () => {
    const { rotations } = await openRotationWorld({ people: 150 });
    const folder = path('limit');
    const rotation = await rotations.begin({ kind: 'institution', institution: 'A1' });
    const told: number[] = [];
    // Without the limit the part would be done before the pause is heard; at one row a second it takes minutes.
    const paused = await rotation.work({
      folder,
      worker: 'one',
      rowsPerSecond: 1,
      onProgress: ({ rows }) => {
        told.push(rows);
        void rotation.pause();
      },
    });
    expect(paused).toMatchObject({ status: 'paused', done: 0, ownParts: 0 });
    expect(told).toEqual([64]);
    expect(readdirSync(folder)).toEqual([]);
    await rotation.resume();
    // Under its name the worker has its part again at once, another only when the lease is over.
    expect(await rotation.work({ folder, worker: 'one' })).toMatchObject({ done: 1, rows: 150 });
  });

  test('of two processes share the parts of a delivery, and what they make is one file', async () => {
    const bytes: string[][] = [];
    for (const parts of [1, 5]) {
      const store = createMemoryStore();
      const { rotations, people, vault, codes } = await openRotationWorld({ people: 300, store });
      const folder = path(`parts-${parts}`);
      const rotation = await beginWithParts(rotations, store, parts);
      const other = await openRotations({ vault, store, auditKey: 'audit/1' });
      const results = await Promise.all([
        rotation.work({ folder, worker: 'one', rowsPerSecond: 1_000 }),
        (await other.get(rotation.id)).work({ folder, worker: 'two', rowsPerSecond: 1_000 }),
      ]);
      const own = results.map(({ ownParts }) => ownParts);
      expect(own.reduce((sum, n) => sum + n, 0)).toBe(parts);
      expect(Math.min(...own) > 0).toBe(parts > 1);
      expect(readdirSync(folder).length).toBe(parts);
      const verified = read(await rotation.verify({ folder }));
      expect(verified.counts).toEqual({ rows: people.length, supplemented: 0, pairs: people.length });
      const pairs = await readDelivered({ vault }, folder, verified, 'A1');
      expect([...pairs.keys()].sort()).toEqual([...codes].sort());
      // The workers' own files hold pairs, and are gone.
      expect(readdirSync(folder)).toEqual(verified.deliveries.map(({ file }) => file));
      bytes.push(await deliveredBytes(folder, verified));
    }
    expect(bytes[1]).toEqual(bytes[0]);
  });

  test('that end after the rotation was aborted leave no file', async () => {
    const { rotations } = await openRotationWorld();
    const folder = path('late');
    const rotation = await rotations.begin({ kind: 'institution', institution: 'A1' });
    let aborted: Promise<void> | undefined;
    await rotation.work({
      folder,
      onProgress: () => {
        aborted ??= rotation.abort();
      },
    });
    await aborted;
    expect(readdirSync(folder)).toEqual([]);
  });

  test('keep their files to the owner, and take none from elsewhere', async () => {
    const { rotations, store } = await openRotationWorld();
    const folder = path('private');
    const rotation = await rotations.begin({ kind: 'generation', source: 'store' });
    await rotation.work({ folder });
    const modes = () => readdirSync(folder).map((file) => statSync(`${folder}/${file}`).mode & 0o777);
    expect(statSync(folder).mode & 0o777).toBe(0o700);
    expect(new Set(modes())).toEqual(new Set([0o600]));
    const parts = store.parts.bind(store);
    store.parts = async (...args) =>
      (await parts(...args)).map(({ part, report }) => ({
        part,
        ...(report === undefined ? {} : { report: report.replace('"file":"', '"file":"../private/') }),
      }));
    await expect(rotation.verify({ folder })).rejects.toMatchObject({ code: 'ROTATION_FOLDER' });
    store.parts = parts;
    await rotation.verify({ folder });
    expect(new Set(modes())).toEqual(new Set([0o600]));
  });

  test('held to a limit they work little by little, so that serving goes on between; the outcome is the same', async () => {
    const bytes: string[][] = [];
    for (const limit of [{}, { rowsPerSecond: 2_000 }]) {
      const { rotations } = await openRotationWorld({ people: 250 });
      const folder = path(`limited-${bytes.length}`);
      const rotation = await rotations.begin({ kind: 'institution', institution: 'A1' });
      const rows: number[] = [];
      await rotation.work({ folder, ...limit, onProgress: (progress) => rows.push(progress.rows) });
      expect(rows).toEqual(bytes.length === 0 ? [250] : [100, 200, 250]);
      bytes.push(await deliveredBytes(folder, read(await rotation.verify({ folder }))));
    }
    expect(bytes[1]).toEqual(bytes[0]);
  });

  test('tell how far they are, and give up when told to', async () => {
    const { rotations } = await openRotationWorld();
    const folder = path('progress');
    const rotation = await rotations.begin({ kind: 'generation', source: 'store' });
    const told: WorkProgress[] = [];
    const controller = new AbortController();
    const work = rotation.work({
      folder,
      worker: 'one',
      signal: controller.signal,
      onProgress: (progress) => {
        told.push(progress);
        if (told.length === 2) controller.abort();
      },
    });
    await expect(work).rejects.toMatchObject({ code: 'ABORTED' });
    expect(told[0]).toMatchObject({ done: 0, parts: 4 });
    const result = await rotation.work({ folder, worker: 'one' });
    expect(result).toMatchObject({ status: 'running', done: 4, parts: 4 });
  });

  test('a step that comes too early is refused with what is missing', async () => {
    const { rotations, vault } = await openRotationWorld();
    const folder = path('early');
    const rotation = await rotations.begin({ kind: 'institution', institution: 'A1' });
    await expect(rotation.verify({ folder })).rejects.toMatchObject({ code: 'ROTATION_INCOMPLETE' });
    for (const step of [
      () => rotation.switch({ folder }),
      () => rotation.retire(),
      () => rotation.destroy({ destroyer: { destroy: async () => {} } }),
    ]) {
      await expect(step()).rejects.toMatchObject({ code: 'ROTATION_STATUS' });
    }
    await expect(rotations.get(7)).rejects.toMatchObject({ code: 'ROTATION_UNKNOWN' });
    await vault.close();
  });
});
