import { softwareKeyDestroyer } from 'renkei/software';
import { backUpSqliteStore, openSqliteStore, restoreSqliteStore } from 'renkei/sqlite';
import { expect, test } from 'vitest';
import { openRotationVault, openRotationWorld, workAndVerify } from '../../support/rotation-world.js';
import { makeScratchFolder } from '../../support/scratch-folder.js';

const { path } = makeScratchFolder();

test('a copy is restored whose retired keys were destroyed, before it was made or after', async () => {
  const vault = await openRotationVault();
  const store = await openSqliteStore({ path: path('store.sqlite') });
  const { rotations } = await openRotationWorld({ vault, store });
  const rotation = await rotations.begin({ kind: 'institution', institution: 'A1' });
  await workAndVerify(rotation, path('work'));
  await rotation.switch({ folder: path('work'), graceMs: 0 });
  await backUpSqliteStore({ path: path('store.sqlite'), copy: path('accepting') });
  await rotation.retire();
  await backUpSqliteStore({ path: path('store.sqlite'), copy: path('retired') });
  await rotation.destroy({ destroyer: softwareKeyDestroyer(vault) });
  await backUpSqliteStore({ path: path('store.sqlite'), copy: path('destroyed') });
  const counts = await store.count();
  const restore = (copy: string) =>
    restoreSqliteStore({
      copy: path(copy),
      path: path(`of-${copy}`),
      fingerprint: (n) => vault.fingerprint(n),
    });
  expect(await restore('retired')).toEqual(counts);
  expect(await restore('destroyed')).toEqual(counts);
  await expect(restore('accepting')).rejects.toMatchObject({ code: 'KEY_NOT_FOUND' });
  await store.close();
});
