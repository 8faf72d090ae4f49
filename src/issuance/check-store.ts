import { parseKeyName, type StoreAudience } from '../codes/key-names.js';
import { pickCodes } from '../codes/packed-codes.js';
import { CODE_LENGTH } from '../codes/per-institution-code.js';
import { signalOption } from '../errors/abort.js';
import { checkOptions } from '../errors/options.js';
import type { StoreInvariant } from '../stores/port.js';
import { CHECK_STORE_RULES, type CheckStoreOptions } from './issuer-options.js';
import type { IssuerParts } from './issuer-parts.js';
import type { KeyCheck } from './key-check.js';
import { rotationsIn } from './open-rotations.js';
import { type Operation, reading } from './operation.js';
import { personPages } from './store-pages.js';

/** An invariant of store and vault together that does not hold. */
export interface IssuanceFinding {
  /**
   * What is broken: an invariant of the store; `store-code-genuine`, a store code that is not one of the store's key,
   * nor of its other key while a rotation moves rows; `key-matches-vault`, a key on record that the vault has not or
   * has another of, or a destroyed one that it has still.
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
export function checkStore(
  parts: IssuerParts,
  options: CheckStoreOptions,
): Promise<readonly IssuanceFinding[]> {
  checkOptions('checkStore', options, CHECK_STORE_RULES);
  const { signal } = options;
  return reading(parts, signal, async (operation) => {
    const findings: IssuanceFinding[] = [...(await parts.store.check(signalOption(signal)))];
    for (const check of await parts.registry.check(signal)) {
      if (isAsItShould(check)) continue;
      const detail = `${check.name}: ${check.result}`;
      findings.push({ invariant: 'key-matches-vault', rows: 1, detail });
    }
    const forged = await countForged(operation, options);
    if (forged > 0) findings.push({ invariant: 'store-code-genuine', rows: forged });
    return findings;
  });
}

/** True also of a retired key that is gone: it is destroyed in the vault first, and then on record. */
function isAsItShould({ name, state, result }: KeyCheck): boolean {
  if (result === 'matches' || result === 'gone') return true;
  return state === 'retired' && result === 'KEY_NOT_FOUND' && parseKeyName(name).kind !== 'link';
}

async function countForged(operation: Operation, { signal, onProgress }: CheckStoreOptions): Promise<number> {
  const { vault, store, keys } = operation;
  const others = await otherStoreKeys(operation, signal);
  let forged = 0;
  let storeCodesChecked = 0;
  for await (const { storeCodes } of personPages(store, PAGE_ROWS, keys.callOptions(signal))) {
    let unopened = storeCodes;
    for (const key of [keys.storeKey, ...others]) {
      if (unopened.length === 0) break;
      const opened = await vault.translate(unopened, key, [key], signalOption(signal));
      const refused = opened.refusals.map(({ index }) => index);
      unopened = refused.length === 0 ? NO_CODES : pickCodes(unopened, refused);
    }
    forged += unopened.length / CODE_LENGTH;
    storeCodesChecked += storeCodes.length / CODE_LENGTH;
    onProgress?.({ storeCodesChecked });
  }
  return forged;
}

const NO_CODES = new Uint8Array(0);

/** Store keys besides the active one that rows may stand under: those of a rotation whose rows are yet to be moved. */
async function otherStoreKeys(
  { store, keys }: Operation,
  signal: AbortSignal | undefined,
): Promise<readonly StoreAudience[]> {
  const moving = await rotationsIn(store, ['switched', 'retiring'], keys.callOptions(signal));
  if (!moving.some(({ kind }) => kind === 'store' || kind === 'generation')) return [];
  const others: StoreAudience[] = [];
  for (const { name, state } of keys.records) {
    const key = parseKeyName(name);
    if (key.kind === 'store' && (state === 'accepting' || state === 'retired')) others.push(key.name);
  }
  return others;
}
