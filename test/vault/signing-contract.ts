import { createHash, createPublicKey, verify } from 'node:crypto';
import { type AuditKeyName, auditKey, type KeyName, type Vault } from 'renkei';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { withCode } from '../support/with-code.js';

const HALF_ORDER = '7fffffff800000007fffffffffffffffde737d56d38bcf4279dce5617e3192a8';
const AUDIT = auditKey(1);
const message = new TextEncoder().encode('what is signed');

/** What every vault must do with its audit key `audit/1`. It has no `audit/2`, and it has `link/1`. */
export function signingContract(name: string, open: () => Promise<Vault>): void {
  describe(`signing: ${name}`, () => {
    let vault: Vault;
    beforeAll(async () => {
      vault = await open();
    });
    afterAll(() => vault.close());

    test('signs so that OpenSSL accepts it: P-256 over SHA-256, r || s, always the lower s', async () => {
      const der = await vault.publicKey(AUDIT);
      expect(der).toHaveLength(91);
      const key = createPublicKey({ key: Buffer.from(der), format: 'der', type: 'spki' });
      for (let k = 0; k < 24; k++) {
        const signature = await vault.sign(AUDIT, message);
        expect(signature).toHaveLength(64);
        expect(verify('sha256', message, { key, dsaEncoding: 'ieee-p1363' }, signature)).toBe(true);
        expect(Buffer.from(signature).toString('hex').slice(64) <= HALF_ORDER).toBe(true);
      }
    });

    test('signs an empty message and a long one', async () => {
      const key = createPublicKey({
        key: Buffer.from(await vault.publicKey(AUDIT)),
        format: 'der',
        type: 'spki',
      });
      for (const bytes of [new Uint8Array(0), new Uint8Array(1_000_000).fill(7)]) {
        const signature = await vault.sign(AUDIT, bytes);
        expect(verify('sha256', bytes, { key, dsaEncoding: 'ieee-p1363' }, signature)).toBe(true);
      }
    });

    test('gives the fingerprint of an audit key: 8 bytes of SHA-256 over its public half', async () => {
      const digest = createHash('sha256').update(await vault.publicKey(AUDIT));
      expect(await vault.fingerprint(AUDIT)).toBe(digest.digest('hex').slice(0, 16));
    });

    test('refuses a key that is not there, one that does not sign, and a message that is none', async () => {
      const missing = auditKey(2);
      await expect(vault.sign(missing, message)).rejects.toThrow(withCode('KEY_NOT_FOUND'));
      await expect(vault.publicKey(missing)).rejects.toThrow(withCode('KEY_NOT_FOUND'));
      await expect(vault.fingerprint(missing)).rejects.toThrow(withCode('KEY_NOT_FOUND'));
      for (const name of ['link/1', 'store/1', 'audit/01', '', undefined]) {
        await expect(vault.sign(name as AuditKeyName, message)).rejects.toThrow(withCode('KEY_NAME_INVALID'));
        await expect(vault.publicKey(name as AuditKeyName)).rejects.toThrow(withCode('KEY_NAME_INVALID'));
      }
      await expect(vault.sign(AUDIT, 'text' as never)).rejects.toThrow(withCode('OPTION_INVALID'));
      await expect(vault.sign(AUDIT, message, { extra: 1 } as never)).rejects.toThrow(
        withCode('OPTION_UNKNOWN'),
      );
      const signal = AbortSignal.abort();
      await expect(vault.sign(AUDIT, message, { signal })).rejects.toThrow(withCode('ABORTED'));
      await expect(vault.publicKey(AUDIT, { signal })).rejects.toThrow(withCode('ABORTED'));
      expect(await vault.fingerprint('link/1' as KeyName)).toMatch(/^[0-9a-f]{16}$/);
    });
  });
}
