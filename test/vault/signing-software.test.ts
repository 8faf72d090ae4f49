import { generateKeyPairSync, randomBytes } from 'node:crypto';

import { openReplicatedVault } from 'renkei';
import { openSoftwareVault, softwareKeyDestroyer } from 'renkei/software';
import { describe, expect, test } from 'vitest';
import { withCode } from '../support/with-code.js';
import { destroyingContract } from './destroying-contract.js';
import { signingContract } from './signing-contract.js';

const pkcs8 = (namedCurve = 'P-256') =>
  generateKeyPairSync('ec', { namedCurve }).privateKey.export({ type: 'pkcs8', format: 'der' });
const keys = { 'link/1': randomBytes(32), 'store/1': randomBytes(32), 'audit/1': pkcs8() };
const open = () => openSoftwareVault({ keys });

signingContract('software vault', open);
signingContract('replicas', async () => {
  const replicas = [
    { id: 'a', vault: await open() },
    { id: 'b', vault: await open() },
  ];
  return openReplicatedVault({ replicas });
});

destroyingContract({
  name: 'software vault',
  open: (names) =>
    openSoftwareVault({
      keys: { ...keys, ...Object.fromEntries(names.map((name) => [name, randomBytes(32)])) },
    }),
  destroyer: softwareKeyDestroyer,
});

describe('audit keys of a software vault', () => {
  test.each([
    ['no PKCS#8', () => new Uint8Array(32)],
    ['another curve', () => pkcs8('P-384')],
    ['text', () => 'MIG…' as never],
  ])('refuses %s', async (_, key) => {
    await expect(openSoftwareVault({ keys: { 'audit/1': key() } })).rejects.toThrow(
      withCode('OPTION_INVALID'),
    );
  });

  test('are destroyed too, and gone when the vault is closed', async () => {
    const vault = await open();
    const destroyer = softwareKeyDestroyer(vault);
    await destroyer.destroy('audit/1' as never, await vault.fingerprint('audit/1' as never));
    await expect(vault.publicKey('audit/1' as never)).rejects.toThrow(withCode('KEY_NOT_FOUND'));
    await vault.close();
    await expect(vault.sign('audit/1' as never, new Uint8Array(1))).rejects.toThrow(withCode('VAULT_CLOSED'));
    const replicas = [{ id: 'a', vault }];
    const other = await openReplicatedVault({ replicas });
    expect(() => softwareKeyDestroyer(other)).toThrow(withCode('OPTION_INVALID'));
  });
});
