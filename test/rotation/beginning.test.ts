import { openRotations, type Vault } from 'renkei';
import { expect, test } from 'vitest';
import { openDisturbedWorld } from '../support/disturbed-world.js';
import { openRotationWorld } from '../support/rotation-world.js';
import { withCode } from '../support/with-code.js';

const OF_A1 = { kind: 'institution', institution: 'A1' } as const;

test('a rotation that another one excludes puts no key on record', async () => {
  const { rotations, store } = await openRotationWorld();
  await rotations.begin(OF_A1);
  const keys = await store.listKeys();
  for (const request of [{ ...OF_A1, version: 3 }, { kind: 'store' } as const]) {
    await expect(rotations.begin(request)).rejects.toThrow(withCode('ROTATION_CONFLICT'));
  }
  expect(await store.listKeys()).toEqual(keys);
});

test('a rotation that is excluded by one begun while its rows were counted puts no key on record', async () => {
  const world = await openDisturbedWorld();
  const { rotations, real } = world;
  world.at('before count', () =>
    real.beginRotation({ kind: 'institution', subject: 'A1', notes: [], parts: 0, plan: '', createdAt: 1 }),
  );
  const keys = await real.listKeys();
  await expect(rotations.begin({ kind: 'store' })).rejects.toThrow(withCode('ROTATION_CONFLICT'));
  expect(world.isDisturbed()).toBe(true);
  expect(await real.listKeys()).toEqual(keys);
});

test.each([
  ['that of another audience', 'institution/A1/1'],
  ['another of the same rotation', 'store/2'],
])('a rotation whose last key is %s puts no key on record', async (_, same) => {
  const { vault, store } = await openRotationWorld();
  const doubled = new Proxy(vault, {
    get(target, name) {
      if (name === 'fingerprint') {
        return (key: Parameters<Vault['fingerprint']>[0]) =>
          target.fingerprint(key === 'institution/B2/2' ? (same as typeof key) : key);
      }
      const value = Reflect.get(target, name, target);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
  const rotations = await openRotations({ vault: doubled, store, auditKey: 'audit/1' });
  const keys = await store.listKeys();
  const begun = rotations.begin({ kind: 'generation', source: 'list' });
  await expect(begun).rejects.toThrow(withCode('KEY_NOT_DISTINCT'));
  expect(await store.listKeys()).toEqual(keys);
});
