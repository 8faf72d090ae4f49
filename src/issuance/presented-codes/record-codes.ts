import { type RecordAudience, recordAudience } from '../../codes/key-names.js';
import { codeAt } from '../../codes/packed-codes.js';
import { CODE_LENGTH } from '../../codes/per-institution-code.js';
import { fiscalYear } from '../../codes/record-period.js';
import { checkOptions } from '../../errors/options.js';
import { type Refusal, RenkeiError } from '../../errors/renkei-error.js';
import { type InstitutionCode, parseInstitutionCode } from '../../subjects/institution-code.js';
import {
  PERIOD_CODES_RULES,
  type PeriodCodesOptions,
  RECORD_CODES_RULES,
  type RecordCodesOptions,
} from '../issuer-options.js';
import type { IssuerParts } from '../issuer-parts.js';
import type { KeysInForce } from '../keys-in-force.js';
import { type Operation, reading } from '../operation.js';
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

/** 情報提供等記録用符号 of a batch of people in several periods, all made with the keys of one moment. */
export interface PeriodCodes {
  /** n × 24 bytes for each period whose key is in force, as in {@link RecordCodes}. */
  readonly codes: ReadonlyMap<string, Uint8Array>;
  /** Generation of the linkage codes that they carry. */
  readonly generation: number;
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
  if (rows === 0) return { codes: new Uint8Array(0), refusals: [] };
  return reading(parts, signal, async (operation) => {
    await operation.keys.active(from, signal);
    await requireOpenPeriod(operation.keys, key, signal);
    const { codes, refusals } = await codesAt(operation, texts, from, [key], signal);
    return { codes: codes[0] as Uint8Array, refusals };
  });
}

/** Makes the record codes of people in several periods at once; those whose key is retired are left out. */
export async function periodCodes(
  parts: IssuerParts,
  texts: readonly string[],
  options: PeriodCodesOptions,
): Promise<PeriodCodes> {
  checkOptions('periodCodes', options, PERIOD_CODES_RULES);
  const { signal, periods } = options;
  const from = parseInstitutionCode(options.from);
  const audiences = periods.map(recordAudience);
  countTexts(texts);
  return reading(parts, signal, async (operation) => {
    const { keys } = operation;
    await keys.active(from, signal);
    const open: string[] = [];
    for (const [k, key] of audiences.entries()) {
      if (await isOpenPeriod(keys, key, signal)) open.push(periods[k] as string);
    }
    const { codes, refusals } = await codesAt(operation, texts, from, open.map(recordAudience), signal);
    const byPeriod = new Map(open.map((period, k) => [period, codes[k] as Uint8Array]));
    return { codes: byPeriod, generation: keys.generation, refusals };
  });
}

async function codesAt(
  operation: Operation,
  texts: readonly string[],
  from: InstitutionCode,
  to: readonly RecordAudience[],
  signal: AbortSignal | undefined,
): Promise<{ readonly codes: readonly Uint8Array[]; readonly refusals: readonly RefusedRecordCode[] }> {
  const opened = await openCodes(operation, texts, from, to, signal);
  const codes = opened.codes.map((ofOpened) => {
    const rows = new Uint8Array(texts.length * CODE_LENGTH);
    opened.rows.forEach((index, k) => {
      rows.set(codeAt(ofOpened, k), index * CODE_LENGTH);
    });
    return rows;
  });
  const refusals = [...opened.refused].map(([index, { error, ...version }]) => ({
    index,
    code: error,
    ...version,
  }));
  return { codes, refusals: refusals.sort((a, b) => a.index - b.index) };
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
  if (await isOpenPeriod(keys, key, signal)) return;
  throw new RenkeiError('RECORD_PERIOD_RETIRED', `the record period of the key ${key} is closed`);
}

/** The same as an answer for a period that is registered. */
async function isOpenPeriod(
  keys: KeysInForce,
  key: RecordAudience,
  signal: AbortSignal | undefined,
): Promise<boolean> {
  const state = (await keys.find(key, signal))?.state;
  if (state === undefined || state === 'pre-active') {
    throw new RenkeiError('RECORD_PERIOD_UNKNOWN', `the key ${key} is not registered`);
  }
  if (state === 'retired' || state === 'destroyed') return false;
  await keys.verify(key, signal);
  return true;
}
