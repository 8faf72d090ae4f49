import { createMemoryStore, openRotations, RenkeiError, type Vault } from 'renkei';
import { describe, expect, test } from 'vitest';
import { openRotationVault, openRotationWorld, read, workAndVerify } from '../support/rotation-world.js';
import { makeScratchFolder } from '../support/scratch-folder.js';

const { path } = makeScratchFolder();

/** A vault of which some methods are others. */
function altered(vault: Vault, methods: Partial<Vault>): Vault {
  return new Proxy(vault, {
    get(target, name) {
      const value = Reflect.get(methods, name) ?? Reflect.get(target, name, target);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}

/** A vault that says of itself that it computes with an engine. */
function saying(vault: Vault, engine: 'sealed' | 'bulk'): Vault {
  return altered(vault, { health: () => ({ ...vault.health(), engines: [engine] }) });
}

describe('the sample of a receipt', () => {
  test('names the engines that made the pairs and the one that checked them', async () => {
    const vault = await openRotationVault();
    const { store } = await openRotationWorld({ vault });
    const rotations = await openRotations({ vault: saying(vault, 'bulk'), store, auditKey: 'audit/1' });
    const rotation = await rotations.begin({ kind: 'institution', institution: 'A1' });
    const folder = path('engines');
    await rotation.work({ folder });
    const { sample } = read(await rotation.verify({ folder, checkVault: saying(vault, 'sealed') }));
    expect(sample).toEqual({
      size: 60,
      checked: { 'institution/A1': 60 },
      madeBy: ['bulk'],
      checkedBy: ['sealed'],
      otherEngine: true,
      statement: 'level 0 (software), by process-memory',
    });
  });

  test('says it when the engine that made the pairs has checked them too, whoever verifies', async () => {
    const vault = await openRotationVault();
    const { store, rotations } = await openRotationWorld({ vault });
    const worker = await openRotations({ vault: saying(vault, 'sealed'), store, auditKey: 'audit/1' });
    const { id } = await rotations.begin({ kind: 'institution', institution: 'A1' });
    const folder = path('same-engine');
    await (await worker.get(id)).work({ folder });
    const checkVault = saying(vault, 'sealed');
    const { sample } = read(await (await rotations.get(id)).verify({ folder, checkVault }));
    expect(sample).toMatchObject({ madeBy: ['sealed'], checkedBy: ['sealed'], otherEngine: false });
  });

  test('has pairs of record periods, whose codes do not open, and successors of a generation', async () => {
    const { rotations, people } = await openRotationWorld();
    const rotation = await rotations.begin({ kind: 'generation', source: 'store' });
    const { sample } = await workAndVerify(rotation, path('records'));
    expect(sample?.checked).toEqual({
      'institution/A1': people.length,
      'institution/B2': people.length / 2,
      'record/2026': people.length,
      successors: expect.any(Number),
    });
    expect(sample?.checked.successors).toBeGreaterThanOrEqual(people.length);
  });

  test('says of what nothing was computed anew: a sealed engine does not make successors', async () => {
    const { rotations, vault, people } = await openRotationWorld();
    const rotation = await rotations.begin({ kind: 'generation', source: 'store' });
    const folder = path('sealed');
    await rotation.work({ folder });
    const refuse = () => Promise.reject(new RenkeiError('ENGINE_REFUSED', 'sealed'));
    const checkVault = altered(vault, { advance: refuse });
    const { sample } = read(await rotation.verify({ folder, checkVault }));
    expect(sample?.checked).toMatchObject({ 'record/2026': people.length, successors: 0 });
  });

  test('with record codes that come out otherwise is no receipt', async () => {
    const { rotations, vault } = await openRotationWorld();
    const rotation = await rotations.begin({ kind: 'generation', source: 'store' });
    const folder = path('otherwise');
    await rotation.work({ folder });
    const checkVault = altered(vault, {
      async translate(codes, from, to, options) {
        const made = await vault.translate(codes, from, to, options);
        const last = made.codes[0];
        if (to[0]?.startsWith('record/') && last !== undefined) last[last.length - 1] = 0;
        return made;
      },
    });
    await expect(rotation.verify({ folder, checkVault })).rejects.toMatchObject({
      code: 'ROTATION_INCOMPLETE',
    });
    expect(await rotation.status()).toBe('running');
  });

  test('of a store without people is empty', async () => {
    const { rotations } = await openRotationWorld({ people: 0, store: createMemoryStore() });
    const rotation = await rotations.begin({ kind: 'generation', source: 'store' });
    expect((await workAndVerify(rotation, path('nobody'))).sample?.size).toBe(0);
  });
});
