import { createPkcs11KeyDestroyer, openPkcs11Vault, provisionKeys } from 'renkei/pkcs11';
import { afterAll, beforeAll } from 'vitest';
import { makeNssToken } from '../support/nss.js';
import { destroyingContract } from './destroying-contract.js';
import { signingContract } from './signing-contract.js';

const { remove, ...options } = makeNssToken();
beforeAll(async () => {
  const names = ['link/1', 'store/1', 'audit/1'];
  await provisionKeys({ ...options, keys: names.map((name) => ({ name, level: 1 as const })) });
});
afterAll(remove);

for (const engine of ['sealed', 'bulk'] as const) {
  const open = () => openPkcs11Vault({ ...options, engine, sessions: 3 });
  signingContract(`NSS softokn, ${engine} engine`, open);
  destroyingContract({
    name: `NSS softokn, ${engine} engine, three sessions`,
    open: async (names) => {
      await provisionKeys({ ...options, keys: names.map((name) => ({ name, level: 1 as const })) });
      return open();
    },
    destroyer: () => createPkcs11KeyDestroyer(options),
    token: options,
  });
}
