import { booleanRule, checkOptions, functionRule, integerRule, required } from '../errors/options.js';
import type { IssuanceStore } from '../stores/port.js';
import { beginningCases } from './cases/beginning.js';
import { changingCases } from './cases/changing.js';
import { checkingCases } from './cases/checking.js';
import { closingCases } from './cases/closing.js';
import { epochsCases } from './cases/epochs.js';
import { givingUpCases } from './cases/giving-up.js';
import { holdersCases } from './cases/holders.js';
import { issuingCases } from './cases/issuing.js';
import { issuingToChangedCodesCases } from './cases/issuing-to-changed-codes.js';
import { keyStatesCases } from './cases/key-states.js';
import { lastingCases } from './cases/lasting.js';
import { detailsCases, lookingUpCases } from './cases/looking-up.js';
import { movingRowsCases } from './cases/moving-rows.js';
import { notingCases } from './cases/noting.js';
import { optionsCases } from './cases/options.js';
import { pagingCases } from './cases/paging.js';
import { partsCases } from './cases/parts.js';
import { refusingCases } from './cases/refusing.js';
import { refusingRotationsCases } from './cases/refusing-rotations.js';
import { registeringKeysCases } from './cases/registering-keys.js';
import { removingCases } from './cases/removing.js';
import { beginningRotationsCases, movingRotationsCases } from './cases/rotations.js';
import { runningAtOnceCases } from './cases/running-at-once.js';
import { countingCases, statisticsCases } from './cases/statistics.js';
import { successionCases } from './cases/succession.js';
import { type ContractCase, casesOf, runnable, type StoreCase } from './contract-case.js';
import { walkAtRandom } from './random-walk.js';
import { A, B, registerInstitutions } from './samples.js';
import { Seeded } from './seeded.js';

/** How the contract gets stores to hold to. */
export interface IssuanceStoreContractOptions {
  /**
   * Opens a store. With `newPlace`, at that place, again and again and several times at once; without, a new and empty
   * store every time, and the place is an empty text. Whoever runs a case need not close it.
   */
  readonly open: (place: string) => Promise<IssuanceStore>;
  /**
   * For a store that outlives its process: names a place where nothing is yet, such as a file or a database, another
   * one each time. With it there are more cases: what was stored is there when the place is opened again, and several
   * connections may write at once.
   */
  readonly newPlace?: () => string | Promise<string>;
  /**
   * False for a store that refuses to begin rotations of its own key and of the generation, with
   * `ROTATION_UNSUPPORTED`: the cases that begin one are left out, and the random walk begins none. Default: true.
   */
  readonly rotatesStoreKey?: boolean;
  /** Where the random walk begins. Default: 20260401. Another seed asks other things. */
  readonly seed?: number;
  /** Calls of the random walk. Default: 800. */
  readonly steps?: number;
}

/**
 * What every issuance store keeps to, whatever it is made of: the sentences of the {@link IssuanceStore} port, as a
 * list of cases for any test runner. They are independent of each other and may run in any order.
 *
 * ```ts
 * // Vitest
 * for (const { group, name, run } of issuanceStoreContract({ open: openMyStore })) test(`${group}: ${name}`, run);
 *
 * // node:test
 * for (const { group, name, run } of issuanceStoreContract({ open: openMyStore })) test(`${group}: ${name}`, () => run());
 * ```
 *
 * @throws RenkeiError `OPTION_UNKNOWN` or `OPTION_INVALID`
 */
export function issuanceStoreContract(options: IssuanceStoreContractOptions): readonly ContractCase[] {
  checkOptions('issuanceStoreContract', options, RULES);
  const { open, newPlace, rotatesStoreKey = true, seed = 20260401, steps = 800 } = options;
  const walk = casesOf('altogether', {
    'does what a trivial model does, whatever is asked in whatever order': (store) =>
      walkAtRandom(store, new Seeded(seed), steps, rotatesStoreKey),
  });
  const all = [...EVERY_STORE, ...walk, ...(newPlace === undefined ? [] : lastingCases)];
  const cases = all.filter((one) => rotatesStoreKey || !one.rotatesStoreKey);
  return runnable(cases, { open, newPlace, prepare: (store) => registerInstitutions(store, A, B) });
}

const RULES = {
  open: required(functionRule),
  newPlace: functionRule,
  rotatesStoreKey: booleanRule,
  seed: integerRule(0, 2 ** 32 - 1),
  steps: integerRule(1, 1_000_000),
};

const EVERY_STORE: readonly StoreCase[] = [
  ...beginningCases,
  ...registeringKeysCases,
  ...keyStatesCases,
  ...issuingCases,
  ...issuingToChangedCodesCases,
  ...lookingUpCases,
  ...detailsCases,
  ...holdersCases,
  ...changingCases,
  ...removingCases,
  ...pagingCases,
  ...statisticsCases,
  ...countingCases,
  ...checkingCases,
  ...epochsCases,
  ...beginningRotationsCases,
  ...movingRotationsCases,
  ...notingCases,
  ...partsCases,
  ...successionCases,
  ...movingRowsCases,
  ...refusingCases,
  ...refusingRotationsCases,
  ...optionsCases,
  ...givingUpCases,
  ...closingCases,
  ...runningAtOnceCases,
];
