import type { IssuanceStore, Vault } from 'renkei';
import { createMemoryStore, openRotations } from 'renkei';
import { softwareKeyDestroyer } from 'renkei/software';
import { describe, expect, test } from 'vitest';
import {
  openRotationVault,
  openRotationWorld,
  type RotationWorld,
  read,
  workAndVerify,
} from '../support/rotation-world.js';
import { makeScratchFolder } from '../support/scratch-folder.js';

const { path } = makeScratchFolder();
type Name = Parameters<Vault['fingerprint']>[0];

/** The store as it is when somebody has written another key into the plan of its rotations. */
function withKeyInPlan(store: IssuanceStore, name: string, fingerprint: string): IssuanceStore {
  const rotations: IssuanceStore['rotations'] = async () =>
    (await store.rotations()).map((record) => {
      const plan = JSON.parse(record.plan);
      return { ...record, plan: JSON.stringify({ ...plan, from: [{ name, fingerprint }] }) };
    });
  return new Proxy(store, {
    get(target, call) {
      const value: unknown = call === 'rotations' ? rotations : Reflect.get(target, call, target);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}

async function retired({ rotations }: RotationWorld, folder: string) {
  const rotation = await rotations.begin({ kind: 'institution', institution: 'A1' });
  await workAndVerify(rotation, folder);
  await rotation.switch({ folder, graceMs: 0 });
  await rotation.retire();
  return rotation;
}

describe('a record that somebody has written into', () => {
  test('has no key destroyed that no receipt names, nor one that is in use', async () => {
    const vault = await openRotationVault();
    const store = createMemoryStore();
    const world = await openRotationWorld({ vault, store });
    await retired(world, path('plan'));
    const name = 'institution/B2/1' as Name;
    const tampered = withKeyInPlan(store, name, await vault.fingerprint(name));
    const rotations = await openRotations({ vault, store: tampered, auditKey: 'audit/1' });
    const destroyer = softwareKeyDestroyer(vault);
    await expect((await rotations.get(1)).destroy({ destroyer })).rejects.toMatchObject({
      code: 'STORE_CORRUPT',
    });
    expect(await vault.fingerprint(name)).toMatch(/^[0-9a-f]{16}$/);
    const untouched = await world.rotations.get(1);
    expect(read(await untouched.destroy({ destroyer })).proof?.[0]?.key).toBe('institution/A1/1');
  });
});

test('a vault that refuses a resident in one generation only makes no successor of nothing', async () => {
  const vault = await openRotationVault();
  const world = await openRotationWorld({ vault });
  const derive: Vault['derive'] = async (residents, audiences, options) => {
    const derived = await vault.derive(residents, audiences, options);
    if (options?.generation !== 2) return derived;
    derived.codes[0]?.fill(0, 0, 24);
    const refusal = { index: 0, code: 'RESIDENT_RECORD_CODE_CHECK_DIGIT' as const };
    return { ...derived, refusals: [refusal as (typeof derived.refusals)[number]] };
  };
  const refusing = new Proxy(vault, {
    get(target, call) {
      const value: unknown = call === 'derive' ? derive : Reflect.get(target, call, target);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
  const rotations = await openRotations({ vault: refusing, store: world.store, auditKey: 'audit/1' });
  const rotation = await rotations.begin({ kind: 'generation', source: 'list' });
  await expect(rotation.receiveResidents([[...world.people]])).rejects.toMatchObject({
    code: 'MODULE_REFUSED',
  });
  const { missing } = await world.store.successors((await world.store.persons({ limit: 100 })).storeCodes);
  expect(missing.length).toBeGreaterThanOrEqual(world.people.length);
});
