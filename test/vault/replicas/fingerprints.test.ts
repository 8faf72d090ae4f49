import { describe, expect, test, vi } from 'vitest';
import { storeAudience } from '../../../src/codes/key-names.js';
import { openReplicatedVault } from '../../../src/vault/replicas/replicated-vault.js';
import { openSoftwareVault, softwareKeyDestroyer } from '../../../src/vault/software/software-vault.js';
import {
  expectedCodes,
  OTHER_FINGERPRINT,
  REPLICA_KEYS,
  replica,
  replicaPair,
  residents,
  STORE,
  TOKYO,
  useStoppedClock,
} from '../../support/replica-pair.js';
import { seededBytes } from '../../support/seeded-bytes.js';
import { withCode } from '../../support/with-code.js';

const clock = useStoppedClock();

describe('a key that is destroyed', () => {
  test('is gone when no replica has it, and not before; the others serve meanwhile', async () => {
    const keys = REPLICA_KEYS;
    const [first, second] = [await openSoftwareVault({ keys }), await openSoftwareVault({ keys })];
    const vault = await openReplicatedVault({
      replicas: [
        { id: 'first', vault: first },
        { id: 'second', vault: second },
      ],
    });
    const { codes } = await vault.derive(residents(), [STORE]);
    const fingerprint = await vault.fingerprint(TOKYO);
    const again = () => vault.translate(codes[0] as Uint8Array, STORE, [TOKYO]);
    const before = await again();
    await softwareKeyDestroyer(first).destroy(TOKYO, fingerprint);
    expect(await vault.fingerprint(TOKYO)).toBe(fingerprint);
    expect(await again()).toEqual(before);
    await softwareKeyDestroyer(second).destroy(TOKYO, fingerprint);
    await expect(vault.fingerprint(TOKYO)).rejects.toThrow(withCode('KEY_NOT_FOUND'));
    await expect(again()).rejects.toThrow(withCode('KEY_NOT_FOUND'));
    expect(await vault.fingerprint(STORE)).toMatch(/^[0-9a-f]{16}$/);
  });
});

describe('fingerprints', () => {
  test('a replica whose key differs is refused for good, before it makes a code', async () => {
    const { first, second, events, vault } = await replicaPair();
    await vault.derive(residents(), [STORE]);
    second.shownFingerprints.set(STORE, OTHER_FINGERPRINT);
    first.fail('MODULE_FAULT');
    await expect(vault.derive(residents(), [STORE])).rejects.toThrow(withCode('MODULE_FAULT'));
    expect(second.count('derive')).toBe(0);
    expect(events.at(-1)).toEqual({ type: 'replica-refused', id: 'second', key: STORE });

    second.shownFingerprints.clear();
    const asked = second.calls.length;
    clock.advance(1_000_000);
    await expect(vault.derive(residents(), [STORE])).rejects.toThrow(withCode('HSM_UNAVAILABLE'));
    expect(second.calls.length).toBe(asked);
    expect(vault.replicas()).toContainEqual({ id: 'second', state: 'refused', key: STORE });
  });

  test('a replica with the wrong key in it never answers, even when it is the preferred one', async () => {
    const wrong = await replica({ ...REPLICA_KEYS, [STORE]: seededBytes('another key', 32) });
    const right = await replica();
    const expectedFingerprints = { [STORE]: await right.fingerprint(STORE) };
    const vault = await openReplicatedVault({
      replicas: [
        { id: 'wrong', vault: wrong },
        { id: 'right', vault: right },
      ],
      expectedFingerprints,
    });
    expect(await vault.derive(residents(), [STORE, TOKYO])).toEqual(await expectedCodes());
    expect(wrong.count('derive')).toBe(0);
  });

  test('when no replica is left the call fails with KEY_FINGERPRINT_MISMATCH', async () => {
    const { vault } = await replicaPair({ expectedFingerprints: { [STORE]: OTHER_FINGERPRINT } });
    for (let again = 0; again < 2; again++) {
      await expect(vault.derive(residents(), [STORE])).rejects.toThrow(
        withCode('KEY_FINGERPRINT_MISMATCH', { retryable: false }),
      );
    }
    await expect(vault.assurance()).rejects.toThrow(withCode('KEY_FINGERPRINT_MISMATCH'));
  });

  test('a replica that itself reports another fingerprint is refused too', async () => {
    const { first, vault } = await replicaPair();
    first.fail('KEY_FINGERPRINT_MISMATCH', 'derive');
    expect(await vault.derive(residents(), [STORE, TOKYO])).toEqual(await expectedCodes());
    expect(vault.replicas()).toContainEqual({ id: 'first', state: 'refused' });
  });

  test('after a failure every key has to be shown anew: a swapped token is refused', async () => {
    const { first, vault } = await replicaPair({ pauseMs: 100 });
    await vault.derive(residents(), [STORE, TOKYO]);
    first.fail('MODULE_FAULT', 'derive');
    await vault.derive(residents(), [STORE, TOKYO]);
    first.mend();
    // The probe asks for the link key, which is right; the store key is not.
    first.shownFingerprints.set(STORE, OTHER_FINGERPRINT);
    clock.advance(100);
    await vault.derive(residents(), [STORE]);
    await vi.waitFor(async () => expect(vault.replicas()).toContainEqual({ id: 'first', state: 'healthy' }));
    const worked = first.count('derive');
    expect(await vault.derive(residents(), [STORE, TOKYO])).toEqual(await expectedCodes());
    expect(first.count('derive')).toBe(worked);
    expect(vault.replicas()).toContainEqual({ id: 'first', state: 'refused', key: STORE });
  });

  test.each([
    ['a key of the call', [STORE, TOKYO]],
    ['any key', [STORE]],
  ])('codes made while %s was found to be wrong are thrown away', async (_, audiences) => {
    const { first, second, vault } = await replicaPair();
    await vault.derive(residents(), [STORE, TOKYO]);
    const end = first.hold('derive');
    const slow = vault.derive(residents(), audiences);
    await vi.waitFor(() => expect(first.count('derive')).toBe(2));
    first.shownFingerprints.set(TOKYO, OTHER_FINGERPRINT);
    await expect(vault.fingerprint(TOKYO)).resolves.not.toBe(OTHER_FINGERPRINT);
    end();
    const { codes } = await expectedCodes();
    expect(await slow).toEqual({ codes: codes.slice(0, audiences.length), refusals: [] });
    expect(second.count('derive')).toBe(1);
  });

  test('a replica that lacks a key leaves the call to the next, and stays in use for the others', async () => {
    const { [TOKYO]: _, ...fewer } = REPLICA_KEYS;
    const first = await replica(fewer);
    const second = await replica();
    const vault = await openReplicatedVault({
      replicas: [
        { id: 'first', vault: first },
        { id: 'second', vault: second },
      ],
    });
    expect(await vault.derive(residents(), [STORE, TOKYO])).toEqual(await expectedCodes());
    await vault.derive(residents(), [STORE]);
    expect([first.count('derive'), second.count('derive')]).toEqual([1, 1]);
    await expect(vault.derive(residents(), [storeAudience(9)])).rejects.toThrow(withCode('KEY_NOT_FOUND'));
  });
});
