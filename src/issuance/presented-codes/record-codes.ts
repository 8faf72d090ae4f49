import { type RecordAudience, recordAudience } from '../../codes/key-names.js';
import { codeAt } from '../../codes/packed-codes.js';
import { CODE_LENGTH } from '../../codes/per-institution-code.js';
import { fiscalYear } from '../../codes/record-period.js';
import { checkOptions } from '../../errors/options.js';
import { type Refusal, RenkeiError } from '../../errors/renkei-error.js';
import { parseInstitutionCode } from '../../subjects/institution-code.js';
import { RECORD_CODES_RULES, type RecordCodesOptions } from '../issuer-options.js';
import type { IssuerParts } from '../issuer-parts.js';
import type { KeysInForce } from '../keys-in-force.js';
import { reading } from '../operation.js';
import type { CodeRefusal } from './codes-result.js';
import { countTexts, openCodes } from './open-codes.js';

/** A refused item of a batch of record codes. */
export interface RefusedRecordCode extends Refusal, Pick<CodeRefusal, 'version'> {}

/** 情報提供等記録用符号 of a batch of people. They stay inside the system: there is no external form. */
export interface RecordCodes {
  /** n × 24 bytes; zero bytes for a refused item. */
  readonly codes: Uint8Array;
  /** The refused items, by ascending index. */
  readonly refusals: readonly RefusedRecordCode[];
}

/** The record period of now. */
export function currentPeriod({ now }: Pick<IssuerParts, 'now'>): string {
  return fiscalYear(new Date(now()));
}

/** Makes the record codes of the people behind an institution's codes. */
export async function recordCodes(
  parts: IssuerParts,
  texts: readonly string[],
  options: RecordCodesOptions,
): Promise<RecordCodes> {
  checkOptions('recordCodes', options, RECORD_CODES_RULES);
  const { signal } = options;
  const from = parseInstitutionCode(options.from);
  const key = recordAudience(options.period ?? currentPeriod(parts));
  const rows = countTexts(texts);
  const codes = new Uint8Array(rows * CODE_LENGTH);
  if (rows === 0) return { codes, refusals: [] };
  return reading(parts, signal, async (operation) => {
    const { keys } = operation;
    await keys.active(from, signal);
    await requireOpenPeriod(keys, key, signal);
    const opened = await openCodes(operation, texts, from, [key], signal);
    opened.rows.forEach((index, k) => {
      codes.set(codeAt(opened.codes[0] as Uint8Array, k), index * CODE_LENGTH);
    });
    const refusals = [...opened.refused].map(([index, { error, ...version }]) => ({
      index,
      code: error,
      ...version,
    }));
    return { codes, refusals: refusals.sort((a, b) => a.index - b.index) };
  });
}

/**
 * Record codes are made as long as the period's key is active or accepted still.
 *
 * @throws RenkeiError `RECORD_PERIOD_UNKNOWN` or `RECORD_PERIOD_RETIRED`
 */
export async function requireOpenPeriod(
  keys: KeysInForce,
  key: RecordAudience,
  signal: AbortSignal | undefined,
): Promise<void> {
  const state = (await keys.find(key, signal))?.state;
  if (state === undefined || state === 'pre-active') {
    throw new RenkeiError('RECORD_PERIOD_UNKNOWN', `the key ${key} is not registered`);
  }
  if (state === 'retired' || state === 'destroyed') {
    throw new RenkeiError('RECORD_PERIOD_RETIRED', `the record period of the key ${key} is closed`);
  }
  await keys.verify(key, signal);
}
