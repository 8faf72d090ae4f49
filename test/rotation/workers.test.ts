import type { WorkProgress } from 'renkei';
import { describe, expect, test } from 'vitest';
import { deliveredBytes, openRotationWorld, read } from '../support/rotation-world.js';
import { makeScratchFolder } from '../support/scratch-folder.js';

const { path } = makeScratchFolder();
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
