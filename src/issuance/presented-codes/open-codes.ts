import { type Audience, institutionAudience } from '../../codes/key-names.js';
import { codeAt, packCodes, pickCodes, rowsWithout } from '../../codes/packed-codes.js';
import { readPerInstitutionCode } from '../../codes/per-institution-code.js';
import { signalOption } from '../../errors/abort.js';
import type { RenkeiErrorCode } from '../../errors/codes.js';
import { checkOptions } from '../../errors/options.js';
import { RenkeiError } from '../../errors/renkei-error.js';
import { type InstitutionCode, parseInstitutionCode } from '../../subjects/institution-code.js';
import { checkBatchSize } from '../batch-size.js';
import { everyRow } from '../every-row.js';
import { CODES_RULES, type CodesOptions } from '../issuer-options.js';
import type { IssuerParts } from '../issuer-parts.js';

/** The people behind an institution's codes. */
export interface OpenedCodes {
  /** Why a code is refused, by its index. */
  readonly refused: Map<number, RenkeiErrorCode>;
  /** Indexes of the codes that are not refused. The packed codes below have one row for each, in this order. */
  readonly rows: readonly number[];
  readonly storeCodes: Uint8Array;
  /** Codes at each audience asked for. */
  readonly codes: readonly Uint8Array[];
}

interface VersionGroup {
  readonly rows: number[];
  readonly codes: Uint8Array[];
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
 * @throws RenkeiError what vault and store meet
 */
export async function openCodes(
  { vault, store, keys, storeAudience }: IssuerParts,
  texts: readonly string[],
  from: InstitutionCode,
  to: readonly Audience[],
  signal: AbortSignal | undefined,
): Promise<OpenedCodes> {
  const options = signalOption(signal);
  const refused = new Map<number, RenkeiErrorCode>();
  const rows: number[] = [];
  const storeCodes: Uint8Array[] = [];
  const codes = to.map((): Uint8Array[] => []);
  for (const [version, group] of groupByVersion(texts, refused)) {
    const key = institutionAudience(from, version);
    if (!(await keys.has(key, signal))) {
      for (const index of group.rows) refused.set(index, 'CODE_VERSION_UNKNOWN');
      continue;
    }
    await keys.verify(key, signal);
    const unwrapped = await vault.translate(packCodes(group.codes), key, [storeAudience, ...to], options);
    const forged = new Set(unwrapped.refusals.map(({ index }) => index));
    for (const k of forged) refused.set(group.rows[k] as number, 'CODE_FORGED');
    const genuine = rowsWithout(group.rows.length, forged);
    const genuineStoreCodes = pickCodes(unwrapped.codes[0] as Uint8Array, genuine);
    const answer = await store.lookUp(from, genuineStoreCodes, options);
    const { versions, canonical } = everyRow(answer, genuine.length);
    genuine.forEach((k, n) => {
      const index = group.rows[k] as number;
      // A code made from an alias was never handed out: codes are made from the person's own. Of a person who was
      // deleted and issued to again under another key version, the code of before is gone.
      if (versions[n] !== version || canonical.has(n)) {
        refused.set(index, 'CODE_NOT_ISSUED');
        return;
      }
      rows.push(index);
      storeCodes.push(codeAt(genuineStoreCodes, n));
      codes.forEach((made, t) => {
        made.push(codeAt(unwrapped.codes[t + 1] as Uint8Array, k));
      });
    });
  }
  return { refused, rows, storeCodes: packCodes(storeCodes), codes: codes.map(packCodes) };
}

/**
 * Opens an institution's codes for a call that asks about the people and wants no other codes. An empty batch touches
 * nothing.
 *
 * @throws RenkeiError `INSTITUTION_UNKNOWN`, `OPTION_INVALID`, `BATCH_TOO_LARGE`, and what vault and store meet
 */
export async function openPersons(
  call: string,
  parts: IssuerParts,
  texts: readonly string[],
  options: CodesOptions,
): Promise<{ readonly length: number; readonly from: InstitutionCode; readonly opened: OpenedCodes }> {
  checkOptions(call, options, CODES_RULES);
  const from = parseInstitutionCode(options.from);
  const length = countTexts(texts);
  if (length > 0) await parts.keys.active(from, options.signal);
  return { length, from, opened: await openCodes(parts, texts, from, [], options.signal) };
}

function groupByVersion(
  texts: readonly string[],
  refused: Map<number, RenkeiErrorCode>,
): ReadonlyMap<number, VersionGroup> {
  const groups = new Map<number, VersionGroup>();
  // Not forEach, which passes over the holes of an array.
  for (const [index, text] of texts.entries()) {
    const parsed = readPerInstitutionCode(text);
    if (typeof parsed === 'string') {
      refused.set(index, parsed);
      continue;
    }
    const group = groups.get(parsed.version) ?? { rows: [], codes: [] };
    groups.set(parsed.version, group);
    group.rows.push(index);
    group.codes.push(parsed.code);
  }
  return groups;
}
