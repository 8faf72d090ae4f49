import { openRotations, type Rotation, type Vault } from 'renkei';
import { softwareKeyDestroyer } from 'renkei/software';
import { describe, expect, test } from 'vitest';
import { syntheticResidentTexts } from '../support/residents.js';
import {
  issueTo,
  openRotationVault,
  openRotationWorld,
  type RotationWorld,
  read,
  readDelivered,
  translated,
  versionOf,
  workAndVerify,
} from '../support/rotation-world.js';
import { makeScratchFolder } from '../support/scratch-folder.js';

const { path } = makeScratchFolder();

/** From switch to destroyed old keys. */
async function finish({ vault }: RotationWorld, rotation: Rotation, folder: string) {
  const switched = read(await rotation.switch({ folder, graceMs: 0 }));
  const retired = read(await rotation.retire());
  const destroyed = read(await rotation.destroy({ destroyer: softwareKeyDestroyer(vault) }));
  return { switched, retired, destroyed };
}

/** A vault that refuses what a sealed engine refuses. */
function sealed(vault: Vault): Vault {
  return new Proxy(vault, {
    get(target, name) {
      if (name === 'advance') {
        return async () => {
          throw Object.assign(new (await import('renkei')).RenkeiError('ENGINE_REFUSED', 'sealed'));
        };
      }
      const value = Reflect.get(target, name, target);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}

describe("the store's key is replaced", () => {
  test('no institution notices, and no row is left under the old key', async () => {
    const world = await openRotationWorld();
    const { rotations, issuer, store, people, codes } = world;
    const folder = path('store');
    const before = await translated(world, codes);
    const rotation = await rotations.begin({ kind: 'store' });
    const first = (await store.persons({ limit: 1_000 })).storeCodes;
    const verified = await workAndVerify(rotation, folder);
    expect(verified.deliveries).toEqual([]);
    expect(verified.sample?.size).toBeGreaterThan(0);
    const newcomers = await issueTo(issuer, 'A1', syntheticResidentTexts(8, 0, 10));
    const { retired } = await finish(world, rotation, folder);
    expect(retired.counts.moved).toBe(first.length / 24 + 10);
    const moved = Buffer.from((await store.persons({ limit: 1_000 })).storeCodes).toString('hex');
    for (let at = 0; at < first.length; at += 24) {
      expect(moved).not.toContain(Buffer.from(first.subarray(at, at + 24)).toString('hex'));
    }
    expect(await translated(world, codes)).toEqual(before);
    expect(await issueTo(issuer, 'A1', people)).toEqual(codes);
    expect((await translated(world, newcomers)).every((status) => status === 'not-held')).toBe(true);
  });

  test('aborted, it leaves no successor and the same rows', async () => {
    const { rotations, store } = await openRotationWorld();
    const rotation = await rotations.begin({ kind: 'store' });
    const before = await store.persons({ limit: 1_000 });
    await rotation.work({ folder: path('store-aborted') });
    await rotation.abort();
    expect(await store.persons({ limit: 1_000 })).toEqual(before);
    expect((await store.outlook()).successor).toBeUndefined();
  });
});

describe('a new generation of linkage codes (令: 暗号鍵等が危殆化した場合の再生成)', () => {
  test.each(['store', 'list'] as const)(
    'from the %s, each institution gets its pairs, and nothing old unlocks anything',
    async (source) => {
      const vault = await openRotationVault();
      const world = await openRotationWorld({ vault });
      const { issuer, store, people, codes } = world;
      const folder = path(`generation-${source}`);
      const before = await translated(world, codes);
      const rotations =
        source === 'store'
          ? world.rotations
          : await openRotations({ vault: sealed(vault), store, auditKey: 'audit/1' });
      const rotation = await rotations.begin({ kind: 'generation', source });
      if (source === 'list') {
        await expect(rotation.work({ folder })).rejects.toMatchObject({ code: 'ROTATION_INCOMPLETE' });
        const unknown = syntheticResidentTexts(9, 0, 3);
        const list = [...people, ...unknown, '12345678901'];
        expect(await rotation.receiveResidents([list.slice(0, 30), list.slice(30)])).toEqual({
          received: people.length + 4,
          refused: 1,
          unknown: 3,
        });
      }
      await rotation.work({ folder });
      const during = await issueTo(issuer, 'A1', syntheticResidentTexts(8, 0, 10));
      const verified = read(await rotation.verify({ folder }));
      const after = await issueTo(issuer, 'A1', syntheticResidentTexts(8, 10, 5));
      const recordOf = async () => await issuer.recordCodes(codes, { from: 'A1', period: '2026' });
      await recordOf();
      const switched = read(await rotation.switch({ folder, graceMs: 0 }));

      const pairs = new Map([
        ...(await readDelivered(world, folder, verified, 'A1')),
        ...(await readDelivered(world, folder, switched, 'A1')),
      ]);
      const pairsOfB2 = await readDelivered(world, folder, verified, 'B2');
      expect([...pairs.keys()].sort()).toEqual([...codes, ...during, ...after].sort());
      expect(verified.deliveries.map(({ audience }) => audience)).toEqual([
        'institution/A1',
        'institution/B2',
        'record/2026',
      ]);
      expect(verified.deliveries[2]?.pairs).toBeGreaterThanOrEqual(people.length);
      const next = codes.map((code) => pairs.get(code) as string);
      expect(next.every((code) => versionOf(code) === 2)).toBe(true);
      // Translation and rotation commute, from old codes and from new ones.
      const commuted = before.map((code) => pairsOfB2.get(code) ?? code);
      expect(await translated(world, codes)).toEqual(commuted);
      expect(await translated(world, next)).toEqual(commuted);
      // The new code is what a resident derives to now.
      expect(await issueTo(issuer, 'A1', people)).toEqual(next);

      await rotation.retire();
      expect(new Set(await translated(world, codes))).toEqual(new Set(['CODE_VERSION_RETIRED']));
      expect(await translated(world, next)).toEqual(commuted);
      const destroyed = read(await rotation.destroy({ destroyer: softwareKeyDestroyer(vault) }));
      expect(destroyed.counts).toEqual({ keys: 3 });
      expect(await issueTo(issuer, 'A1', people)).toEqual(next);
      expect(await issuer.checkStore()).toEqual([]);
    },
  );

  test('a sealed engine cannot make it from the store, and says so before anything is on record', async () => {
    const { vault, store } = await openRotationWorld();
    const rotations = await openRotations({ vault: sealed(vault), store, auditKey: 'audit/1' });
    const plan = await rotations.plan({ kind: 'generation', source: 'store' }, { measure: false });
    expect(plan.needs).toEqual({ missingKeys: [], engine: 'bulk', engineReady: false });
    const keys = await store.listKeys();
    await expect(rotations.begin({ kind: 'generation', source: 'store' })).rejects.toMatchObject({
      code: 'ENGINE_REFUSED',
    });
    expect(await store.listKeys()).toEqual(keys);
  });

  test('people who are missing in a list keep it from being worked on, with their number', async () => {
    const { rotations, people } = await openRotationWorld();
    const rotation = await rotations.begin({ kind: 'generation', source: 'list' });
    await rotation.receiveResidents([people.slice(0, 50)]);
    await expect(rotation.work({ folder: path('missing') })).rejects.toMatchObject({
      code: 'ROTATION_INCOMPLETE',
    });
  });
});
