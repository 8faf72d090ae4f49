import { copyOf } from '../bytes/packed.js';
import { wipe } from '../bytes/wipe.js';
import { type Audience, type KeyName, parseKeyName, type StoreAudience } from '../codes/key-names.js';
import { pickCodes, rowsWithout } from '../codes/packed-codes.js';
import { CODE_LENGTH } from '../codes/per-institution-code.js';
import { signalOption } from '../errors/abort.js';
import { RenkeiError } from '../errors/renkei-error.js';
import type { IssuanceStore, KeyState } from '../stores/port.js';
import type { Vault } from '../vault/port.js';
import type { RotationContext } from './context.js';

/** Codes that a key is tried with. */
const TRIED_CODES = 100;
/** States of store keys that rows may be under: while a rotation runs, the old one too. */
const OF_ROWS: readonly KeyState[] = ['active', 'accepting', 'retired'];

/** Codes that a vault serves only with a certain key. */
export interface Trial {
  /** n × 24 bytes, each of which was served when the trial was made; to be wiped. */
  readonly codes: Uint8Array;
  readonly from: Audience;
  readonly to: Audience;
}

/**
 * Makes codes under a key of what the store holds, and has them opened: what is refused later worked just before. A
 * record period's codes do not open: what is tried there is making them. Without rows, or without the key, there are
 * none.
 *
 * @throws RenkeiError a vault or store error
 */
export async function makeTrial(
  { vault, store }: Pick<RotationContext, 'vault' | 'store'>,
  key: KeyName,
  signal: AbortSignal | undefined,
): Promise<Trial> {
  const rows = await rowsFor(store, key, signal);
  const storeKeys = (await store.listKeys())
    .filter(
      ({ name, state }) => parseKeyName(name).kind === 'store' && name !== key && OF_ROWS.includes(state),
    )
    .sort((a, b) => OF_ROWS.indexOf(a.state) - OF_ROWS.indexOf(b.state))
    .map(({ name }) => name as StoreAudience);
  const [active] = storeKeys as [StoreAudience, ...StoreAudience[]];
  // Without this one every call would be refused, and prove nothing.
  await vault.fingerprint(active, signalOption(signal));
  const isRecord = parseKeyName(key).kind === 'record';
  const audience = key as Audience;
  for (const storeKey of storeKeys) {
    const under = await attempt(vault, rows, storeKey, audience, signal);
    if (isRecord) {
      if (under.given.length > 0) return { codes: under.given, from: storeKey, to: audience };
      continue;
    }
    const opened = await attempt(vault, under.made, audience, storeKey, signal);
    if (opened.given !== under.made) wipe(under.made);
    if (opened.given.length > 0) return { codes: opened.given, from: audience, to: storeKey };
  }
  const [from, to] = isRecord ? [active, audience] : [audience, active];
  return { codes: new Uint8Array(0), from, to };
}

/** A copy of the store codes of some whose codes the key concerns. */
async function rowsFor(
  store: IssuanceStore,
  key: KeyName,
  signal: AbortSignal | undefined,
): Promise<Uint8Array> {
  const page = { limit: TRIED_CODES, ...signalOption(signal) };
  const name = parseKeyName(key);
  const { storeCodes } =
    name.kind === 'institution' ? await store.issuances(name.institution, page) : await store.persons(page);
  return copyOf(storeCodes);
}

/** Codes that are served, and what is made of them; none without the key. */
async function attempt(
  vault: Vault,
  codes: Uint8Array,
  from: Audience,
  to: Audience,
  signal: AbortSignal | undefined,
): Promise<{ readonly given: Uint8Array; readonly made: Uint8Array }> {
  try {
    const { codes: made, refusals } = await vault.translate(codes, from, [to], signalOption(signal));
    const kept = rowsWithout(codes.length / CODE_LENGTH, new Set(refusals.map(({ index }) => index)));
    return { given: pickCodes(codes, kept), made: pickCodes(made[0] as Uint8Array, kept) };
  } catch (error) {
    if (!(error instanceof RenkeiError) || error.code !== 'KEY_NOT_FOUND') throw error;
    return { given: new Uint8Array(0), made: new Uint8Array(0) };
  }
}
