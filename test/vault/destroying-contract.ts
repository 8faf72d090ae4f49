import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import {
  type Audience,
  institutionAudience,
  type KeyDestroyer,
  type PackedCodes,
  storeAudience,
  type Vault,
} from 'renkei';
import { describe, expect, test } from 'vitest';
import type { DestroyingPlan } from '../support/destroying-child.js';
import { syntheticResidents } from '../support/residents.js';
import { withCode } from '../support/with-code.js';

const gone = withCode('KEY_NOT_FOUND');
const CALLS = 12;
type Rows = readonly [Uint8Array, Uint8Array, Uint8Array];

/** A token or a vault that keys can be destroyed in; it holds link/1 and store/1, and makes the keys asked for. */
export interface DestroyingUnderTest {
  readonly name: string;
  /** Opens a vault in which these keys are. */
  readonly open: (names: readonly Audience[]) => Promise<Vault>;
  readonly destroyer: (vault: Vault) => KeyDestroyer;
  /** Where the keys are, for another process to destroy them; undefined in process memory. */
  readonly token?: {
    readonly module: string;
    readonly libraryParameters?: string;
    readonly token: { readonly label: string };
    readonly pin: () => string;
  };
}

let version = 1;

/** What every destroyer of keys must do. */
export function destroyingContract({ name, open, destroyer, token }: DestroyingUnderTest): void {
  describe(`destroying keys: ${name}`, () => {
    test('番号法施行令27条5項: a vault at work answers KEY_NOT_FOUND for the destroyed key, in all sessions, and serves the others', async () => {
      const doomed = institutionAudience('D1', version);
      const kept = institutionAudience('D1', version + 1);
      version += 2;
      await using vault = await open([doomed, kept]);
      const store = storeAudience(1);
      const residents = () => syntheticResidents(3, 0, 40);
      const derive = (...to: readonly Audience[]) => vault.derive(residents(), to);
      // All sessions know both keys.
      const before = await Promise.all(Array.from({ length: CALLS }, () => derive(store, doomed, kept)));
      const [storeCodes, doomedCodes, keptCodes] = (before[0] as PackedCodes).codes as Rows;
      const fingerprint = await vault.fingerprint(doomed);
      await destroyer(vault).destroy(doomed, fingerprint);

      await expect(vault.fingerprint(doomed)).rejects.toThrow(gone);
      const calls = Array.from({ length: CALLS }, (_, k) =>
        k % 3 === 0
          ? derive(doomed)
          : k % 3 === 1
            ? vault.translate(doomedCodes, doomed, [store])
            : vault.translate(storeCodes, store, [doomed]),
      );
      for (const call of await Promise.allSettled(calls)) {
        expect(call).toMatchObject({ status: 'rejected', reason: gone });
      }
      for (let k = 0; k < CALLS; k++) {
        expect((await vault.translate(storeCodes, store, [kept])).codes[0]).toEqual(keptCodes);
      }
      // Nothing has come back.
      await expect(derive(doomed)).rejects.toThrow(gone);
      await expect(vault.fingerprint(doomed)).rejects.toThrow(gone);
    });

    if (token !== undefined) {
      test('by another process: the vault at work answers KEY_NOT_FOUND, and serves the others', async () => {
        const doomed = institutionAudience('D1', version);
        const kept = institutionAudience('D1', version + 1);
        version += 2;
        await using vault = await open([doomed, kept]);
        const store = storeAudience(1);
        const use = () => vault.derive(syntheticResidents(3, 0, 5), [store, doomed, kept]);
        const fingerprint = await vault.fingerprint(doomed);
        const warm = await Promise.all(Array.from({ length: CALLS }, use));
        const [storeCodes, codes, keptCodes] = (warm[0] as PackedCodes).codes as Rows;
        const { module, libraryParameters, pin } = token;
        const parameters = libraryParameters === undefined ? {} : { libraryParameters };
        const plan: DestroyingPlan = {
          module,
          ...parameters,
          token: token.token,
          pin: pin(),
          name: doomed,
          fingerprint,
        };
        await promisify(execFile)(process.execPath, [
          '--import',
          'tsx',
          'test/support/destroying-child.ts',
          JSON.stringify(plan),
        ]);
        const results = await Promise.allSettled(
          Array.from({ length: CALLS }, (_, k) =>
            k % 2 === 0 ? use() : vault.translate(codes, doomed, [store]),
          ),
        );
        for (const result of results) expect(result).toMatchObject({ status: 'rejected', reason: gone });
        await expect(vault.fingerprint(doomed)).rejects.toThrow(gone);
        expect((await vault.translate(storeCodes, store, [kept])).codes[0]).toEqual(keptCodes);
      });
    }

    test('the first use after the destruction is refused too, without a fingerprint being asked for', async () => {
      const doomed = institutionAudience('D1', version++);
      await using vault = await open([doomed]);
      const store = storeAudience(1);
      const use = () => vault.derive(syntheticResidents(3, 0, 5), [store, doomed]);
      const fingerprint = await vault.fingerprint(doomed);
      const warm = await Promise.all(Array.from({ length: CALLS }, use));
      const [, codes] = (warm[0] as PackedCodes).codes as Rows;
      await destroyer(vault).destroy(doomed, fingerprint);
      const results = await Promise.allSettled(
        Array.from({ length: CALLS }, (_, k) =>
          k % 2 === 0 ? use() : vault.translate(codes, doomed, [store]),
        ),
      );
      for (const result of results) expect(result).toMatchObject({ status: 'rejected', reason: gone });
      expect((await vault.derive(syntheticResidents(3, 0, 5), [store])).refusals).toEqual([]);
    });

    test('refuses another key than the one that is meant, and does not mind one that is gone', async () => {
      const doomed = institutionAudience('D1', version++);
      await using vault = await open([doomed]);
      const { destroy } = destroyer(vault);
      const fingerprint = await vault.fingerprint(doomed);
      await expect(destroy(doomed, '0123456789abcdef')).rejects.toThrow(withCode('KEY_FINGERPRINT_MISMATCH'));
      expect(await vault.fingerprint(doomed)).toBe(fingerprint);
      await destroy(doomed, fingerprint);
      await destroy(doomed, fingerprint);
      await expect(destroy('nothing' as never, fingerprint)).rejects.toThrow(withCode('KEY_NAME_INVALID'));
    });
  });
}
