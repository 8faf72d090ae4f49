import type { Audience } from '../../codes/key-names.js';
import { codeAt, packCodes, pickCodes, rowsWithout } from '../../codes/packed-codes.js';
import { readPerInstitutionCode } from '../../codes/per-institution-code.js';
import { signalOption } from '../../errors/abort.js';
import { checkOptions } from '../../errors/options.js';
import { RenkeiError } from '../../errors/renkei-error.js';
import { type InstitutionCode, parseInstitutionCode } from '../../subjects/institution-code.js';
import { checkBatchSize } from '../batch-size.js';
import { everyRow } from '../every-row.js';
import { CODES_RULES, type CodesOptions } from '../issuer-options.js';
import { notOfTheStoreKey } from '../make-codes.js';
import type { Operation } from '../operation.js';
import type { CodeRefusal } from './codes-result.js';
import { type PresentedKey, presentedKey } from './presented-key.js';

/** The people behind an institution's codes. */
export interface OpenedCodes {
  /** Why a code is refused, by its index. */
  readonly refused: Map<number, CodeRefusal>;
  /** Indexes of the codes that are not refused. What follows has one row for each, in this order. */
  readonly rows: readonly number[];
  /** The persons' own store codes under the active store key, packed. */
  readonly storeCodes: Uint8Array;
  /** Codes at each audience asked for, packed. */
  readonly codes: readonly Uint8Array[];
  /** The key that each code was presented under. */
  readonly presented: readonly PresentedKey[];
}

/** Codes presented under one version. */
interface VersionGroup {
  readonly rows: number[];
  readonly codes: Uint8Array[];
}

/** People that codes of one version lead to, and their codes at each audience asked for. */
interface OpenedGroup {
  readonly rows: readonly number[];
  readonly storeCodes: Uint8Array;
  readonly codes: readonly Uint8Array[];
}

/**
 * The number of codes in a batch.
 *
 * @throws RenkeiError `OPTION_INVALID` or `BATCH_TOO_LARGE`
 */
export function countTexts(texts: readonly string[]): number {
  if (!Array.isArray(texts)) {
    throw new RenkeiError('OPTION_INVALID', 'codes must be given as an array of texts');
  }
  checkBatchSize(texts.length, 'codes');
  return texts.length;
}

/**
 * Opens an institution's codes in the order of the law (令26条): parse, look at the version, unwrap (a forged code is
 * refused before any row is looked up), then ask the store whether the code was issued at all.
 *
 * @param texts codes of `from` in external form, counted by {@link countTexts}
 * @param to whose codes of the same people are wanted besides the store's
 * @throws RenkeiError `KEYS_CHANGED`, and what vault and store meet
 */
export async function openCodes(
  operation: Operation,
  texts: readonly string[],
  from: InstitutionCode,
  to: readonly Audience[],
  signal: AbortSignal | undefined,
): Promise<OpenedCodes> {
  const refused = new Map<number, CodeRefusal>();
  const rows: number[] = [];
  const presented: PresentedKey[] = [];
  const groups: OpenedGroup[] = [];
  for (const [version, group] of groupByVersion(texts, refused)) {
    const key = await presentedKey(operation, from, version, signal);
    if ('error' in key) {
      for (const index of group.rows) refused.set(index, key);
      continue;
    }
    const opened = await openGroup(operation, from, key, group, to, refused, signal);
    for (const index of opened.rows) {
      rows.push(index);
      presented.push(key);
    }
    groups.push(opened);
  }
  const storeCodes = joined(groups.map((group) => group.storeCodes));
  const codes = to.map((_, t) => joined(groups.map((group) => group.codes[t] as Uint8Array)));
  return { refused, rows, storeCodes, codes, presented };
}

/** Opens codes of one version; what is refused is put into `refused`. */
async function openGroup(
  { vault, store, keys }: Operation,
  from: InstitutionCode,
  key: PresentedKey,
  group: VersionGroup,
  to: readonly Audience[],
  refused: Map<number, CodeRefusal>,
  signal: AbortSignal | undefined,
): Promise<OpenedGroup> {
  const options = signalOption(signal);
  // Codes for others carry the active generation: from a code of another one they are made by way of the store.
  const direct = key.storeKey === keys.storeKey ? to : [];
  const unwrapped = await vault.translate(
    packCodes(group.codes),
    key.name,
    [key.storeKey, ...direct],
    options,
  );
  const forged = new Set(unwrapped.refusals.map(({ index }) => index));
  for (const k of forged) refused.set(group.rows[k] as number, { error: 'CODE_FORGED' });
  const genuine = rowsWithout(group.rows.length, forged);
  const given = pickCodes(unwrapped.codes[0] as Uint8Array, genuine);
  const answer = everyRow(await store.lookUp(from, given, keys.callOptions(signal)), genuine.length);
  const issued: number[] = [];
  const storeCodes: Uint8Array[] = [];
  genuine.forEach((k, n) => {
    const held = answer.versions[n] as number;
    // Whose first code came later than this version never had one under it: the person was deleted, and issued to
    // again. A code made from an alias was never handed out: codes are made from the person's own.
    if (held === 0 || held > key.version || answer.aliases.has(n)) {
      refused.set(group.rows[k] as number, { error: 'CODE_NOT_ISSUED' });
      return;
    }
    issued.push(k);
    storeCodes.push(answer.canonical.get(n) ?? codeAt(given, n));
  });
  const rows = issued.map((k) => group.rows[k] as number);
  const own = packCodes(storeCodes);
  if (direct.length === to.length) {
    return {
      rows,
      storeCodes: own,
      codes: unwrapped.codes.slice(1).map((codes) => pickCodes(codes, issued)),
    };
  }
  const made = await vault.translate(own, keys.storeKey, to, options);
  if (made.refusals.length > 0) throw notOfTheStoreKey();
  return { rows, storeCodes: own, codes: made.codes };
}

/** Packed codes, one batch behind the other. */
function joined(batches: readonly Uint8Array[]): Uint8Array {
  return batches.length === 1 ? (batches[0] as Uint8Array) : Buffer.concat(batches);
}

/**
 * The institution and the number of codes of a call that asks about people and wants no other codes.
 *
 * @throws RenkeiError `OPTION_UNKNOWN`, `OPTION_INVALID`, `INSTITUTION_CODE_INVALID` or `BATCH_TOO_LARGE`
 */
export function checkCodesCall(
  call: string,
  texts: readonly string[],
  options: CodesOptions,
): { readonly length: number; readonly from: InstitutionCode } {
  checkOptions(call, options, CODES_RULES);
  const from = parseInstitutionCode(options.from);
  return { length: countTexts(texts), from };
}

function groupByVersion(
  texts: readonly string[],
  refused: Map<number, CodeRefusal>,
): ReadonlyMap<number, VersionGroup> {
  const groups = new Map<number, VersionGroup>();
  // Not forEach, which passes over the holes of an array.
  for (const [index, text] of texts.entries()) {
    const parsed = readPerInstitutionCode(text);
    if (typeof parsed === 'string') {
      refused.set(index, { error: parsed });
      continue;
    }
    const group = groups.get(parsed.version) ?? { rows: [], codes: [] };
    groups.set(parsed.version, group);
    group.rows.push(index);
    group.codes.push(parsed.code);
  }
  return groups;
}
