import type { Audience } from 'renkei';
import { openSoftwareVault } from 'renkei/software';
import { describe, expect, it } from 'vitest';
import { referenceFingerprint } from '../support/reference.js';
import { AAA, STORE, TEST_KEYS } from '../support/test-keys.js';
import { withCode } from '../support/with-code.js';
import { vaultContract } from './contract.js';

vaultContract({
  name: 'software',
  open: () => openSoftwareVault({ keys: TEST_KEYS }),
  advances: true,
  assurance: { level: 0, name: 'software', basis: 'process-memory' },
  longBatch: 3_000,
});

describe('openSoftwareVault', () => {
  it.each([
    ['an unknown option', { keys: {}, key: 1 }, 'OPTION_UNKNOWN'],
    ['no keys', {}, 'OPTION_INVALID'],
    ['keys that are none', { keys: 'secret' }, 'OPTION_INVALID'],
    ['no options', undefined, 'OPTION_INVALID'],
    ['a name that is not canonical', { keys: { 'store/01': new Uint8Array(32) } }, 'KEY_NAME_INVALID'],
    ['an audit key that is no key pair', { keys: { 'audit/1': new Uint8Array(32) } }, 'OPTION_INVALID'],
    ['a key of 31 bytes', { keys: { 'store/1': new Uint8Array(31) } }, 'KEY_LENGTH'],
    ['a key as a text', { keys: { 'store/1': 'k'.repeat(32) } }, 'KEY_LENGTH'],
  ] as const)('refuses %s', async (_, options, code) => {
    await expect(openSoftwareVault(options as never)).rejects.toThrow(withCode(code));
  });

  it('copies the keys: the caller may wipe them, and is not changed by closing', async () => {
    const mine = (TEST_KEYS[AAA] as Uint8Array).slice();
    const vault = await openSoftwareVault({ keys: { [AAA]: mine } });
    mine.fill(0);
    expect(await vault.fingerprint(AAA)).toBe(referenceFingerprint(TEST_KEYS, AAA));
    mine.fill(1);
    await vault.close();
    expect(mine.every((byte) => byte === 1)).toBe(true);
  });

  it('lists its keys, all of level 0', async () => {
    await using vault = await openSoftwareVault({
      keys: { [AAA]: new Uint8Array(32), [STORE]: new Uint8Array(32) },
    });
    const names: Audience[] = [AAA, STORE];
    expect((await vault.assurance()).keys).toEqual(
      names.map((name) => ({ name, level: 0, reasons: [], attacks: [] })),
    );
  });
});
