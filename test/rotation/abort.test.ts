import { readdirSync } from 'node:fs';
import { openRotations, RenkeiError } from 'renkei';
import { describe, expect, test } from 'vitest';
import { issueTo, openRotationWorld, read, versionOf, workAndVerify } from '../support/rotation-world.js';
import { makeScratchFolder } from '../support/scratch-folder.js';

const { path } = makeScratchFolder();

describe('a rotation that is aborted', () => {
  test.each([
    { kind: 'institution', institution: 'A1' },
    { kind: 'store' },
    { kind: 'generation', source: 'store' },
  ] as const)('of the kind $kind can be made again, with the same keys', async (request) => {
    const { rotations, store, issuer, people, codes } = await openRotationWorld();
    const folder = path(`again-${request.kind}`);
    const first = await rotations.begin(request);
    const { to } = await workAndVerify(first, folder);
    const keys = await store.listKeys();
    const states = (name: string) => keys.find((key) => key.name === name)?.state;
    expect(to.map(({ name }) => states(name))).toEqual(to.map(() => 'pre-active'));
    await first.abort({ folder });
    expect(readdirSync(folder)).toEqual([]);
    expect(await store.listKeys()).toEqual(keys);
    expect(await issueTo(issuer, 'A1', people)).toEqual(codes);

    const second = await rotations.begin(request);
    expect((await workAndVerify(second, folder)).to).toEqual(to);
    read(await second.switch({ folder, graceMs: 0 }));
    read(await second.retire());
    const version = request.kind === 'store' ? 1 : 2;
    expect(new Set((await issueTo(issuer, 'A1', people)).map(versionOf))).toEqual(new Set([version]));
    expect(await issuer.checkStore()).toEqual([]);
  });

  test('leaves a key that only a rotation of its generation takes', async () => {
    const { rotations, issuer, people } = await openRotationWorld();
    const folder = path('other-kind');
    const first = await rotations.begin({ kind: 'institution', institution: 'A1' });
    await first.abort({ folder });
    // A1/2 is of generation 1: the next generation takes another.
    const second = await rotations.begin({ kind: 'generation', source: 'store' });
    const { to } = await workAndVerify(second, folder);
    expect(to.map(({ name }) => name)).toEqual(['link/2', 'store/2', 'institution/A1/3', 'institution/B2/2']);
    await second.switch({ folder, graceMs: 0 });
    await second.retire();
    expect(new Set((await issueTo(issuer, 'A1', people)).map(versionOf))).toEqual(new Set([3]));
  });

  test('lets everybody issue at once, though its switch was killed', async () => {
    const { rotations, store } = await openRotationWorld();
    const folder = path('held');
    const rotation = await rotations.begin({ kind: 'institution', institution: 'A1' });
    await workAndVerify(rotation, folder);
    await store.hold(Date.now() + 60_000);
    await rotation.abort({ folder });
    expect((await store.outlook()).holdUntil).toBe(0);
  });

  test('takes deliveries with it that were made by a verification that was killed', async () => {
    const { rotations, store, vault } = await openRotationWorld();
    const folder = path('killed-verify');
    const { id } = await rotations.begin({ kind: 'institution', institution: 'A1' });
    const rotation = await rotations.get(id);
    await rotation.work({ folder });
    const move = store.moveRotation.bind(store);
    store.moveRotation = () => Promise.reject(new RenkeiError('STORE_FAULT', 'gone'));
    await expect(rotation.verify({ folder })).rejects.toMatchObject({ code: 'STORE_FAULT' });
    store.moveRotation = move;
    expect(readdirSync(folder).some((file) => file.endsWith('.pairs'))).toBe(true);
    const others = await openRotations({ vault, store, auditKey: 'audit/1' });
    await (await others.get(id)).abort({ folder });
    expect(readdirSync(folder)).toEqual([]);
  });
});
