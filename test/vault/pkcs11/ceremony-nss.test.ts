import { linkKey } from 'renkei';
import {
  formatCeremonyRecord,
  initialiseKeys,
  listKeys,
  lockDown,
  openPkcs11Vault,
  verifyCeremonyRecord,
} from 'renkei/pkcs11';
import { afterAll, expect, test } from 'vitest';
import { makeNssToken } from '../../support/nss.js';

/** A second module, which knows fewer attributes and lets a key that is not modifiable be copied with others. */
const { remove, ...nss } = makeNssToken();
afterAll(remove);
const ceremony = { ...nss, who: ['test'] };

test('on NSS softokn a record says which attributes the module does not know, and matches its token', async () => {
  const record = await initialiseKeys({ ...ceremony, level: 1 });
  const [link] = record.keys;
  expect(link?.deviations).toEqual([
    { attribute: 'CKA_COPYABLE', expected: true, found: null },
    {
      attribute: 'CKA_ALLOWED_MECHANISMS',
      expected: ['CKM_AES_CBC_ENCRYPT_DATA', 'CKM_AES_ECB'],
      found: null,
    },
    // NSS says so of keys that it has generated itself.
    { attribute: 'CKA_LOCAL', expected: true, found: false },
    { attribute: 'CKA_KEY_GEN_MECHANISM', expected: 'CKM_AES_KEY_GEN', found: null },
  ]);
  const verification = await verifyCeremonyRecord({ ...nss, record: formatCeremonyRecord(record) });
  expect(verification).toMatchObject({ matches: true, sameAuditKey: true });
});

test('on NSS softokn lock-down is refused, because a copy could be given CKA_DECRYPT; the key stays as it was', async () => {
  const before = await listKeys(nss);
  await expect(lockDown(ceremony)).rejects.toMatchObject({
    code: 'ASSURANCE_TOO_LOW',
    message: expect.stringMatching(/^C_CopyObject with CKA_\w+ true is allowed by the module: key link\/1/),
  });
  expect(await listKeys(nss)).toEqual(before);
  await using vault = await openPkcs11Vault({ ...nss, engine: 'bulk' });
  expect(await vault.fingerprint(linkKey(1))).toBe(
    before.keys.find(({ name }) => name === 'link/1')?.fingerprint,
  );
});
