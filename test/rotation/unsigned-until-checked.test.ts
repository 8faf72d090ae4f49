import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { IssuanceStore, Vault } from 'renkei';
import { createMemoryStore } from 'renkei';
import { describe, expect, test } from 'vitest';
import { syntheticResidentTexts } from '../support/residents.js';
import { issueTo, openRotationVault, openRotationWorld, workAndVerify } from '../support/rotation-world.js';
import { makeScratchFolder } from '../support/scratch-folder.js';

const { path } = makeScratchFolder();

/** A vault or store with one call in place of its own. */
function instead<T extends object>(real: T, call: keyof T, other: unknown): T {
  return new Proxy(real, {
    get(target, name) {
      const value: unknown = name === call ? other : Reflect.get(target, name, target);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}

/** Another vault, which makes other codes at one audience. */
async function vaultThatDiffersAt(audience: string): Promise<Vault> {
  const vault = await openRotationVault();
  const translate: Vault['translate'] = async (codes, from, to, options) => {
    const made = await vault.translate(codes, from, to, options);
    to.forEach((one, k) => {
      if (one === audience) made.codes[k]?.fill(1);
    });
    return made;
  };
  return instead(vault, 'translate', translate);
}

describe('a delivery', () => {
  test('is not signed when its sample comes out otherwise in another vault', async () => {
    const { rotations } = await openRotationWorld();
    const folder = path('sample');
    const rotation = await rotations.begin({ kind: 'institution', institution: 'A1' });
    await rotation.work({ folder });
    const checkVault = await vaultThatDiffersAt('institution/A1/2');
    await expect(rotation.verify({ folder, checkVault })).rejects.toMatchObject({
      code: 'ROTATION_INCOMPLETE',
    });
    expect(readdirSync(folder).filter((file) => file.includes('delivery'))).toEqual([]);
    await workAndVerify(rotation, folder);
  });

  test('that was made before another one failed is removed by the abort, and what a kill has left', async () => {
    const { rotations } = await openRotationWorld();
    const folder = path('failed');
    const rotation = await rotations.begin({ kind: 'generation', source: 'store' });
    await rotation.work({ folder });
    const checkVault = await vaultThatDiffersAt('institution/B2/2');
    await expect(rotation.verify({ folder, checkVault })).rejects.toMatchObject({
      code: 'ROTATION_INCOMPLETE',
    });
    const [made] = readdirSync(folder).filter((file) => file.endsWith('.pairs'));
    writeFileSync(join(folder, `${made}.next`), 'pairs of a run that was killed');
    writeFileSync(join(folder, 'something-else'), '');
    await rotation.abort({ folder });
    expect(readdirSync(folder)).toEqual(['something-else']);
  });

  test('that a switch has made which did not come about is removed by the abort', async () => {
    let isRefusing = false;
    const real = createMemoryStore();
    const moveRotation: IssuanceStore['moveRotation'] = async (move, options) => {
      if (isRefusing && move.to === 'switched') throw new Error('the network is gone');
      return real.moveRotation(move, options);
    };
    const { rotations, issuer } = await openRotationWorld({
      store: instead(real, 'moveRotation', moveRotation),
    });
    const folder = path('supplement');
    const rotation = await rotations.begin({ kind: 'institution', institution: 'A1' });
    await workAndVerify(rotation, folder);
    await issueTo(issuer, 'A1', syntheticResidentTexts(8, 0, 5));
    isRefusing = true;
    await expect(rotation.switch({ folder, graceMs: 0 })).rejects.toThrow('the network is gone');
    expect(readdirSync(folder).filter((file) => file.includes('supplement')).length).toBeGreaterThan(0);
    await rotation.abort({ folder });
    expect(readdirSync(folder)).toEqual([]);
  });
});
