import { CODE_LENGTH } from '../codes/per-institution-code.js';
import { signalOption } from '../errors/abort.js';
import { checkOptions } from '../errors/options.js';
import type { StoreInvariant } from '../stores/port.js';
import { CHECK_STORE_RULES, type CheckStoreOptions } from './issuer-options.js';
import type { IssuerParts } from './issuer-parts.js';
import { personPages } from './store-pages.js';

/** An invariant of store and vault together that does not hold. */
export interface IssuanceFinding {
  /**
   * What is broken: an invariant of the store; `store-code-genuine`, a store code that is not one of the store's key;
   * `key-matches-vault`, a key on record that the vault has not or has another of.
   */
  readonly invariant: StoreInvariant | 'store-code-genuine' | 'key-matches-vault';
  /** How many rows break it. */
  readonly rows: number;
  /** More in words; never a code of a person. */
  readonly detail?: string;
}

/** Store codes that the vault opens at a time. */
const PAGE_ROWS = 10_000;

/** Holds the store against its own invariants and against the vault. */
export async function checkStore(
  { store, vault, keys, storeAudience }: IssuerParts,
  options: CheckStoreOptions,
): Promise<readonly IssuanceFinding[]> {
  checkOptions('checkStore', options, CHECK_STORE_RULES);
  const { signal, onProgress } = options;
  const findings: IssuanceFinding[] = [...(await store.check(signalOption(signal)))];
  for (const { name, result } of await keys.check(signal)) {
    if (result === 'matches') continue;
    findings.push({ invariant: 'key-matches-vault', rows: 1, detail: `${name}: ${result}` });
  }
  let forged = 0;
  let storeCodesChecked = 0;
  for await (const { storeCodes } of personPages(store, PAGE_ROWS, signal)) {
    const opened = await vault.translate(storeCodes, storeAudience, [storeAudience], signalOption(signal));
    forged += opened.refusals.length;
    storeCodesChecked += storeCodes.length / CODE_LENGTH;
    onProgress?.({ storeCodesChecked });
  }
  if (forged > 0) findings.push({ invariant: 'store-code-genuine', rows: forged });
  return findings;
}
