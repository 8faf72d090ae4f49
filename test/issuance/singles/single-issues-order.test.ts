import { setImmediate } from 'node:timers/promises';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { RenkeiErrorCode } from '../../../src/errors/codes.js';
import { RenkeiError } from '../../../src/errors/renkei-error.js';
import type { IssuanceItem } from '../../../src/issuance/batches/issuance-result.js';
import type { Issuer } from '../../../src/issuance/issuer.js';
import { openIssuer } from '../../../src/issuance/open-issuer.js';
import { createMemoryStore } from '../../../src/stores/memory/memory-store.js';
import type { IssuanceStore } from '../../../src/stores/port.js';
import { openSoftwareVault } from '../../../src/vault/software/software-vault.js';
import { FaultyVault } from '../../support/faulty-vault.js';
import { testKeys } from '../../support/named-keys.js';
import { single } from '../../support/single-callers.js';
import { KEY_NAMES } from '../../support/software-issuer.js';
import { standIn } from '../../support/stand-in.js';

/** One caller: asks, and may give up some turns of the event loop later. */
interface Caller {
  readonly institution: string;
  readonly person: number;
  readonly acquisitionNumber: string;
  readonly reissue: boolean;
  /** Turns after which the caller gives up; never where there is none. */
  readonly patience: number | null;
  /** Turns before the next caller comes. */
  readonly pause: number;
}

const INSTITUTIONS = ['A1', 'B2', 'C3'];

const callers: fc.Arbitrary<Caller[]> = fc.array(
  fc.record({
    institution: fc.constantFrom(...INSTITUTIONS, 'Unknown'),
    person: fc.integer({ min: 0, max: 3 }),
    acquisitionNumber: fc.constantFrom('N-1', 'N-1', 'N-2', 'N-3', '', '12345678901'),
    reissue: fc.boolean(),
    patience: fc.option(fc.integer({ min: 0, max: 12 }), { freq: 1 }),
    pause: fc.constantFrom(0, 0, 0, 1, 3),
  }),
  { minLength: 1, maxLength: 40 },
);

/** What a call of the vault or the store does: it takes some turns, and may fail. */
const behaviour = fc.array(
  fc.record({
    turns: fc.integer({ min: 0, max: 6 }),
    fails: fc.integer({ min: 0, max: 9 }).map((n) => n === 0),
  }),
  { minLength: 1, maxLength: 12 },
);

const vault = await openSoftwareVault({ keys: testKeys(KEY_NAMES) });

async function open(store: IssuanceStore, over: FaultyVault): Promise<Issuer> {
  const issuer = await openIssuer({ vault: over, store });
  for (const institution of INSTITUTIONS) await issuer.registerInstitution(institution);
  return issuer;
}

async function turns(count: number): Promise<void> {
  for (let turn = 0; turn < count; turn++) await setImmediate();
}

function ask(issuer: Issuer, caller: Caller, signal?: AbortSignal): Promise<IssuanceItem> {
  const { institution, person, acquisitionNumber, reissue } = caller;
  const options = signal === undefined ? { reissue } : { reissue, signal };
  return issuer.issue(institution, single(person, acquisitionNumber), options);
}

type Outcome = IssuanceItem | { readonly error: RenkeiErrorCode };

const settled = (call: Promise<IssuanceItem>): Promise<Outcome> =>
  call.catch((error: unknown) => {
    if (!(error instanceof RenkeiError)) throw error;
    return { error: error.code };
  });

/** Codes that say "nothing was done for this caller, ask again". */
const NOTHING_DONE: readonly string[] = ['ABORTED', 'HSM_UNAVAILABLE', 'STORE_FAULT'];

it('any interleaving of single calls answers each caller as one by one in the order in which they came', async () => {
  await fc.assert(
    fc.asyncProperty(callers, behaviour, behaviour, async (all, ofVault, ofStore) => {
      const over = new FaultyVault(vault);
      const store = standIn(createMemoryStore());
      const issuer = await open(store.object, over);
      let call = 0;
      const behave = async (list: typeof ofVault, code: RenkeiErrorCode) => {
        const { turns: count, fails } = list[call++ % list.length] as (typeof list)[number];
        await turns(count);
        if (fails) throw new RenkeiError(code, 'injected');
      };
      over.before = (method) =>
        method === 'derive' || method === 'translate' ? behave(ofVault, 'HSM_UNAVAILABLE') : undefined;
      store.before = (method) => (method === 'issue' ? behave(ofStore, 'STORE_FAULT') : undefined);

      const calls: Promise<Outcome>[] = [];
      for (const caller of all) {
        const controller = new AbortController();
        calls.push(settled(ask(issuer, caller, controller.signal)));
        const { patience } = caller;
        if (patience !== null) void turns(patience).then(() => controller.abort());
        await turns(caller.pause);
      }
      const outcomes = await Promise.all(calls);
      await issuer.close();

      const alone = await open(createMemoryStore(), new FaultyVault(vault));
      for (const [k, caller] of all.entries()) {
        const outcome = outcomes[k] as Outcome;
        if ('error' in outcome && NOTHING_DONE.includes(outcome.error)) continue;
        expect(outcome).toEqual(await settled(ask(alone, caller)));
      }
      // Nothing is stored for anybody who was told otherwise.
      const issued = outcomes.filter((outcome) => 'status' in outcome && outcome.status === 'issued').length;
      expect((await store.object.count()).issuances).toBe(issued);
      for (const residents of over.residents) expect(residents.every((byte) => byte === 0)).toBe(true);
    }),
    { numRuns: 150 },
  );
}, 120_000);
