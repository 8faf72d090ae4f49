import { setImmediate } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, test } from 'vitest';
import type { RenkeiError } from '../../../src/errors/renkei-error.js';
import { openIssuer } from '../../../src/issuance/open-issuer.js';
import { createMemoryStore } from '../../../src/stores/memory/memory-store.js';
import { openSoftwareVault } from '../../../src/vault/software/software-vault.js';
import { FaultyVault } from '../../support/faulty-vault.js';
import { testKeys } from '../../support/named-keys.js';
import { single } from '../../support/single-callers.js';
import { KEY_NAMES } from '../../support/software-issuer.js';
import { standIn } from '../../support/stand-in.js';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

const CALLERS = 10_000;

/** Heap and buffers in use, when everything that can be collected is. */
async function inUse(): Promise<number> {
  for (let k = 0; k < 3; k++) {
    await setImmediate();
    collectGarbage();
  }
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

test('ten thousand concurrent callers are answered each, again and again, and leave nothing in memory', async () => {
  const store = standIn(createMemoryStore());
  const vault = new FaultyVault(await openSoftwareVault({ keys: testKeys(KEY_NAMES) }));
  const issuer = await openIssuer({ vault, store: store.object });
  await issuer.registerInstitution('A1');
  let call = 0;
  const { signal } = new AbortController();
  // The same few people: what a store keeps of new ones is not what is measured.
  const everybody = () =>
    Promise.allSettled(
      Array.from({ length: CALLERS }, (_, k) => {
        // Every tenth call is for an institution of its own that nobody knows.
        const institution = k % 10 === 0 ? `X${call++}` : 'A1';
        const controller = new AbortController();
        const answer = issuer.issue(institution, single(k % 10), {
          signal: k % 2 === 0 ? signal : controller.signal,
        });
        if (k % 5 === 1) controller.abort();
        return answer;
      }),
    );
  const use = async () => {
    const counts: Record<string, number> = {};
    for (const result of await everybody()) {
      const kind = result.status === 'fulfilled' ? result.value.status : (result.reason as RenkeiError).code;
      counts[kind] = (counts[kind] ?? 0) + 1;
    }
    vault.calls.length = 0;
    vault.residents.length = 0;
    store.calls.length = 0;
    return counts;
  };
  expect(await use()).toEqual({
    issued: 8,
    'already-issued': 7_992,
    ABORTED: 1_000,
    INSTITUTION_UNKNOWN: 1_000,
  });
  await use();
  const before = await inUse();
  for (let k = 0; k < 5; k++) await use();
  const growth = (await inUse()) - before;
  // 50,000 calls later: less than 20 bytes a call, which is less than any object.
  expect(growth).toBeLessThan(1_000_000);
  await issuer.close();
}, 120_000);
