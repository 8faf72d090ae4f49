import { openPkcs11Vault, provisionKeys } from 'renkei/pkcs11';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { makeNssToken } from '../support/nss.js';
import { KEY_NAMES, TEST_KEYS } from '../support/test-keys.js';
import { vaultContract } from './contract.js';

/** NSS softokn has an AES of its own, so that agreement with it is more than agreement with one OpenSSL. */

const { remove, ...options } = makeNssToken();

beforeAll(async () => {
  const keys = KEY_NAMES.map((name) => ({ name, level: 1 as const, value: TEST_KEYS[name] as Uint8Array }));
  const made = await provisionKeys({ ...options, keys });
  // What softokn does not know is said, not passed over.
  expect(made).toEqual(
    KEY_NAMES.map((name) => ({ name, level: 1, omitted: ['CKA_COPYABLE', 'CKA_ALLOWED_MECHANISMS'] })),
  );
});
afterAll(() => {
  remove();
});

/** NSS lets a key that is marked not extractable be wrapped: it is no better than one in process memory. */
const level0 = { level: 0, name: 'software', basis: 'attributes-and-attacks' } as const;

vaultContract({
  name: 'NSS softokn, sealed engine',
  open: () => openPkcs11Vault(options),
  advances: false,
  assurance: level0,
  longBatch: 5_000,
});

vaultContract({
  name: 'NSS softokn, bulk engine',
  open: () => openPkcs11Vault({ ...options, engine: 'bulk' }),
  advances: true,
  assurance: level0,
  longBatch: 300_000,
});

it('makes level 2 keys too, which the token generates', async () => {
  const made = await provisionKeys({ ...options, keys: [{ name: 'record/2027', level: 2 }] });
  expect(made).toMatchObject([{ name: 'record/2027', level: 2 }]);
  await using vault = await openPkcs11Vault(options);
  expect(await vault.fingerprint(made[0]?.name as never)).toMatch(/^[0-9a-f]{16}$/);
});
