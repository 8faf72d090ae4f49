import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { openReplicatedVault } from '../../../src/vault/replicas/replicated-vault.js';
import { openSoftwareVault } from '../../../src/vault/software/software-vault.js';
import { FaultyVault } from '../../support/faulty-vault.js';
import { withCode } from '../../support/with-code.js';

const pkcs8 = () =>
  generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ type: 'pkcs8', format: 'der' });
const keys = { 'link/1': randomBytes(32), 'audit/1': pkcs8() };
const open = () => openSoftwareVault({ keys });

describe('signing with replicas', () => {
  test('goes to the next replica when one fails, and refuses one with another audit key', async () => {
    const [first, second] = [new FaultyVault(await open()), new FaultyVault(await open())];
    const vault = await openReplicatedVault({
      replicas: [
        { id: 'a', vault: first },
        { id: 'b', vault: second },
      ],
    });
    const audit = 'audit/1' as never;
    await vault.sign(audit, new Uint8Array(3));
    first.fail('HSM_UNAVAILABLE');
    expect(await vault.sign(audit, new Uint8Array(3))).toHaveLength(64);
    expect([first.count('sign'), second.count('sign')]).toEqual([2, 1]);
    await vault.close();

    const other = await openSoftwareVault({ keys: { ...keys, 'audit/1': pkcs8() } });
    const away = new FaultyVault(await open());
    const mixed = await openReplicatedVault({
      replicas: [
        { id: 'a', vault: away },
        { id: 'b', vault: other },
      ],
    });
    const right = await mixed.publicKey(audit);
    away.fail('HSM_UNAVAILABLE');
    await expect(mixed.sign(audit, new Uint8Array(3))).rejects.toThrow(withCode('HSM_UNAVAILABLE'));
    expect(mixed.replicas()[1]).toEqual({ id: 'b', state: 'refused', key: 'audit/1' });
    expect(await other.publicKey(audit)).not.toEqual(right);
    await mixed.close();
  });
});
