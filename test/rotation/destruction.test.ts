import { createMemoryStore, type KeyDestroyer, openRotations, type Rotation, type Vault } from 'renkei';
import { softwareKeyDestroyer } from 'renkei/software';
import { describe, expect, test } from 'vitest';
import { syntheticResidentTexts } from '../support/residents.js';
import {
  issueTo,
  openRotationVault,
  openRotationWorld,
  read,
  workAndVerify,
} from '../support/rotation-world.js';
import { makeScratchFolder } from '../support/scratch-folder.js';

const { path } = makeScratchFolder();

async function retired(rotation: Rotation, folder: string): Promise<void> {
  await workAndVerify(rotation, folder);
  await rotation.switch({ folder, graceMs: 0 });
  await rotation.retire();
}

/** A vault in front of another that tells which buffers of codes passed through `translate`. */
function watched(vault: Vault): { readonly vault: Vault; readonly buffers: Uint8Array[] } {
  const buffers: Uint8Array[] = [];
  const translate: Vault['translate'] = async (codes, ...rest) => {
    buffers.push(codes);
    return vault.translate(codes, ...rest);
  };
  const proxy = new Proxy(vault, {
    get(target, name) {
      if (name === 'translate') return translate;
      const value = Reflect.get(target, name, target);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
  return { vault: proxy, buffers };
}

describe('the proof that a key was destroyed', () => {
  test('tries codes that opened just before, one by one, with every vault there is', async () => {
    const { rotations, vault, store } = await openRotationWorld({ people: 120 });
    const rotation = await rotations.begin({ kind: 'institution', institution: 'A1' });
    await retired(rotation, path('real'));
    const { vault: seen, buffers } = watched(vault);
    const watching = await openRotations({ vault: seen, store, auditKey: 'audit/1' });
    const destroyer = softwareKeyDestroyer(vault);
    const again = await watching.get(rotation.id);
    const { proof } = read(await again.destroy({ destroyer, checkVault: vault }));
    const tried = 'codes under it, each of which was opened just before';
    expect(proof).toEqual([
      { key: 'institution/A1/1', tried: 'asked for its fingerprint', answer: 'KEY_NOT_FOUND' },
      { key: 'institution/A1/1', tried, codes: 100, answer: 'KEY_NOT_FOUND' },
      {
        key: 'institution/A1/1',
        tried: 'by the second vault: asked for its fingerprint',
        answer: 'KEY_NOT_FOUND',
      },
      {
        key: 'institution/A1/1',
        tried: `by the second vault: ${tried}`,
        codes: 100,
        answer: 'KEY_NOT_FOUND',
      },
    ]);
    // One call for the codes, one to open them, and one for each of them when the key is gone.
    expect(buffers.map(({ length }) => length / 24)).toEqual([100, 100, ...Array(100).fill(1)]);
    const after = buffers.slice(1);
    expect(after.every((codes) => codes.every((byte) => byte === 0))).toBe(true);
  });

  test('is given for the store key and every institution of a generation, though no row is under them', async () => {
    const { rotations, vault } = await openRotationWorld();
    const rotation = await rotations.begin({ kind: 'generation', source: 'store' });
    await expect(rotation.keysToDestroy()).rejects.toMatchObject({ code: 'ROTATION_STATUS' });
    await retired(rotation, path('generation'));
    const keys = ['store/1', 'institution/A1/1', 'institution/B2/1'];
    expect(await rotation.keysToDestroy()).toEqual(
      await Promise.all(
        keys.map(async (name) => ({ name, fingerprint: await vault.fingerprint(name as never) })),
      ),
    );
    const { proof } = read(await rotation.destroy({ destroyer: softwareKeyDestroyer(vault) }));
    const codes = proof?.flatMap((one) => (one.codes === undefined ? [] : [[one.key, one.codes]]));
    expect(codes).toEqual([
      ['store/1', expect.any(Number)],
      ['institution/A1/1', 60],
      ['institution/B2/1', 30],
    ]);
    expect(codes?.[0]?.[1]).toBeGreaterThanOrEqual(60);
    expect((await rotation.keysToDestroy()).map(({ name }) => name)).toEqual(keys);
  });

  test('finds rows that wait to be moved to another store key', async () => {
    const { rotations, vault, issuer } = await openRotationWorld();
    const rotation = await rotations.begin({ kind: 'institution', institution: 'A1' });
    await retired(rotation, path('institution-first'));
    const ofStore = await rotations.begin({ kind: 'store' });
    const folder = path('store-second');
    await workAndVerify(ofStore, folder);
    await ofStore.switch({ folder, graceMs: 0 });
    await issueTo(issuer, 'A1', syntheticResidentTexts(9, 0, 3));
    const { proof } = read(await rotation.destroy({ destroyer: softwareKeyDestroyer(vault) }));
    expect(proof?.[1]?.codes).toBeGreaterThan(0);
  });

  test('is smaller after a kill between the destruction and the record, and says so', async () => {
    const { rotations, vault } = await openRotationWorld();
    const rotation = await rotations.begin({ kind: 'institution', institution: 'A1' });
    await retired(rotation, path('killed'));
    const real = softwareKeyDestroyer(vault);
    const killed: KeyDestroyer = {
      destroy: async (name, fingerprint) => {
        await real.destroy(name, fingerprint);
        throw new Error('killed');
      },
    };
    await expect(rotation.destroy({ destroyer: killed })).rejects.toThrow('killed');
    expect(await rotation.status()).toBe('retired');
    const { proof } = read(await rotation.destroy({ destroyer: real }));
    expect(proof).toEqual([
      { key: 'institution/A1/1', tried: 'asked for its fingerprint', answer: 'KEY_NOT_FOUND' },
      {
        key: 'institution/A1/1',
        tried: 'no code: without the key, or without rows, there was none',
        codes: 0,
        answer: 'KEY_NOT_FOUND',
      },
    ]);
    expect(await rotation.status()).toBe('destroyed');
  });

  test.each(['first', 'second'] as const)(
    'is not given while the %s vault has the key still',
    async (which) => {
      const [first, second] = [await openRotationVault(), await openRotationVault()];
      const { rotations } = await openRotationWorld({ vault: first });
      const rotation = await rotations.begin({ kind: 'institution', institution: 'A1' });
      await retired(rotation, path(`still-${which}`));
      const destroyer = softwareKeyDestroyer(which === 'first' ? second : first);
      await expect(rotation.destroy({ destroyer, checkVault: second })).rejects.toMatchObject({
        code: 'KEY_STILL_PRESENT',
      });
      expect(await rotation.status()).toBe('retired');
    },
  );

  test('ends for a store without people', async () => {
    const { rotations, vault } = await openRotationWorld({ people: 0, store: createMemoryStore() });
    const rotation = await rotations.begin({ kind: 'generation', source: 'store' });
    await retired(rotation, path('empty'));
    const { proof } = read(await rotation.destroy({ destroyer: softwareKeyDestroyer(vault) }));
    expect(proof?.map(({ codes }) => codes)).toEqual([undefined, 0, undefined, 0, undefined, 0]);
  });
});

describe('a receipt of `retire`', () => {
  test('says by whose word no code is left under the old store key', async () => {
    const { rotations } = await openRotationWorld();
    const [folder, ofStore] = [path('cleared'), await rotations.begin({ kind: 'store' })];
    await workAndVerify(ofStore, folder);
    await ofStore.switch({ folder, graceMs: 0 });
    const { cleared, counts } = read(await ofStore.retire());
    expect(cleared).toEqual({ key: 'store/1', codesLeft: 0, saidBy: 'store' });
    expect(counts.moved).toBeGreaterThan(0);
    const ofA1 = await rotations.begin({ kind: 'institution', institution: 'A1' });
    await workAndVerify(ofA1, folder);
    await ofA1.switch({ folder, graceMs: 0 });
    expect(read(await ofA1.retire()).cleared).toBeUndefined();
  });
});
