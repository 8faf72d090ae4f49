import { test } from '@fast-check/vitest';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect } from 'vitest';
import type { RenkeiErrorCode } from '../../../src/errors/codes.js';
import { RenkeiError } from '../../../src/errors/renkei-error.js';
import { openReplicatedVault } from '../../../src/vault/replicas/replicated-vault.js';
import type { FaultyVault } from '../../support/faulty-vault.js';
import {
  expectedCodes,
  REPLICA_KEYS,
  replica,
  residents,
  STORE,
  TOKYO,
  useStoppedClock,
} from '../../support/replica-pair.js';
import { seededBytes } from '../../support/seeded-bytes.js';

const unheard: unknown[] = [];
const hear = (reason: unknown) => unheard.push(reason);
beforeAll(() => {
  process.on('unhandledRejection', hear);
});
afterAll(() => {
  process.off('unhandledRejection', hear);
});

const clock = useStoppedClock();

const CODES: readonly RenkeiErrorCode[] = [
  'MODULE_FAULT',
  'WORKER_LOST',
  'HSM_UNAVAILABLE',
  'DEADLINE_EXCEEDED',
];

/** One step in the life of a replica's call: how many turns it takes, and whether it fails. */
const step = fc.record({
  turns: fc.integer({ min: 0, max: 3 }),
  code: fc.option(fc.constantFrom(...CODES), { freq: 2 }),
});
const life = fc.array(step, { minLength: 1, maxLength: 40 });
/** Calls made at once, and how far the clock moves after them. */
const rounds = fc.array(
  fc.record({ calls: fc.integer({ min: 1, max: 4 }), ms: fc.integer({ min: 0, max: 2_000 }) }),
  { minLength: 1, maxLength: 8 },
);

/** Lets a replica live through the steps, over and over. */
function live(vault: FaultyVault, steps: readonly { turns: number; code: RenkeiErrorCode | null }[]): void {
  let next = 0;
  vault.before = async () => {
    const { turns, code } = steps[next++ % steps.length] as (typeof steps)[number];
    for (let turn = 0; turn < turns; turn++) await new Promise(setImmediate);
    if (code !== null) throw new RenkeiError(code, 'injected');
  };
}

const wiped = (bytes: Uint8Array) => bytes.every((byte) => byte === 0);

describe('whatever fails and whenever', () => {
  test.prop([life, life, life, rounds], { numRuns: 150, seed: 20_261_121 })(
    'every answer is right or the call may be made again; once all are mended, calls succeed',
    async (ofFirst, ofSecond, ofWrong, plan) => {
      const first = await replica();
      const second = await replica();
      const wrong = await replica({ ...REPLICA_KEYS, [TOKYO]: seededBytes('another key', 32) });
      const expectedFingerprints = { [TOKYO]: await first.fingerprint(TOKYO) };
      const expected = await expectedCodes();
      live(first, ofFirst);
      live(second, ofSecond);
      live(wrong, ofWrong);
      const vault = await openReplicatedVault({
        replicas: [
          { id: 'wrong', vault: wrong },
          { id: 'first', vault: first },
          { id: 'second', vault: second },
        ],
        expectedFingerprints,
        owned: true,
      });

      const call = async () => {
        const rows = residents();
        try {
          expect(await vault.derive(rows, [STORE, TOKYO])).toEqual(expected);
        } catch (error) {
          if (!(error instanceof RenkeiError)) throw error;
          expect(error.retryable).toBe(true);
        }
        expect(wiped(rows)).toBe(true);
      };
      for (const { calls, ms } of plan) {
        await Promise.all(Array.from({ length: calls }, call));
        clock.advance(ms);
      }

      for (const vaultOfMany of [first, second, wrong]) vaultOfMany.mend();
      clock.advance(60_000);
      expect(await vault.derive(residents(), [STORE, TOKYO])).toEqual(expected);
      await vault.close();
      expect(wrong.count('derive')).toBe(0);
      expect([...first.residents, ...second.residents].every(wiped)).toBe(true);
      expect(unheard).toEqual([]);
    },
  );
});
