import {
  institutionAudience,
  openReplicatedVault,
  type ReplicaEvent,
  storeAudience,
  type Vault,
} from 'renkei';
import { openPkcs11Vault, provisionKeys } from 'renkei/pkcs11';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { expectedCodes, OTHER_FINGERPRINT, REPLICA_KEYS, residents } from '../../support/replica-pair.js';
import { seededBytes } from '../../support/seeded-bytes.js';
import { makeScratchToken } from '../../support/softhsm.js';
import { withCode } from '../../support/with-code.js';

const STORE = storeAudience(1);
const TOKYO = institutionAudience('TOKYO', 1);

const { addToken, module, pin, remove, token } = makeScratchToken('renkei-first');
addToken('renkei-second');
addToken('renkei-wrong');

const open: Vault[] = [];
async function openToken(label: string): Promise<Vault> {
  const vault = await openPkcs11Vault({ module, token: { label }, pin });
  open.push(vault);
  return vault;
}

beforeAll(async () => {
  for (const label of [token.label, 'renkei-second', 'renkei-wrong']) {
    const keys = Object.entries(REPLICA_KEYS).map(([name, value]) => ({
      name,
      level: 2 as const,
      value: label === 'renkei-wrong' && name === TOKYO ? seededBytes('another key', 32) : value,
    }));
    await provisionKeys({ module, token: { label }, pin, keys });
  }
});
afterAll(async () => {
  for (const vault of open) await vault.close();
  remove();
});

test('two SoftHSM tokens with the same keys serve as one; a third with another key is refused', async () => {
  const events: ReplicaEvent[] = [];
  const first = await openToken(token.label);
  const vault = await openReplicatedVault({
    replicas: [
      { id: 'first', vault: first },
      { id: 'wrong', vault: await openToken('renkei-wrong') },
      { id: 'second', vault: await openToken('renkei-second') },
    ],
    observe: (event) => events.push(event),
  });
  const expected = await expectedCodes();
  expect(await vault.derive(residents(), [STORE, TOKYO])).toEqual(expected);
  expect(await vault.assurance()).toMatchObject({ name: 'hsm-sealed', level: 2 });
  expect(events).toEqual([]);

  // The first token is taken away: the call passes the one with the other key by, and is done on the second.
  await first.close();
  const [atStore, inTokyo] = expected.codes as [Uint8Array, Uint8Array];
  expect(await vault.translate(atStore, STORE, [TOKYO])).toEqual({ codes: [inTokyo], refusals: [] });
  expect(await vault.derive(residents(), [STORE, TOKYO])).toEqual(expected);
  expect(events).toEqual([
    { type: 'replica-failed', id: 'first', code: 'VAULT_CLOSED', pauseMs: 500 },
    { type: 'replica-refused', id: 'wrong', key: TOKYO },
  ]);
  expect(vault.replicas()).toMatchObject([
    { id: 'first', state: 'resting' },
    { id: 'wrong', state: 'refused' },
    { id: 'second', state: 'healthy' },
  ]);
});

test('no token with the expected key: nothing is computed', async () => {
  const vault = await openReplicatedVault({
    replicas: [
      { id: 'second', vault: await openToken('renkei-second') },
      { id: 'wrong', vault: await openToken('renkei-wrong') },
    ],
    expectedFingerprints: { [STORE]: OTHER_FINGERPRINT },
  });
  await expect(vault.derive(residents(), [STORE])).rejects.toThrow(withCode('KEY_FINGERPRINT_MISMATCH'));
});
