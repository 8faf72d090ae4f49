import { codeAt } from '../../codes/packed-codes.js';
import { signalOption } from '../../errors/abort.js';
import { checkOptions } from '../../errors/options.js';
import { parseInstitutionCode } from '../../subjects/institution-code.js';
import { everyRow } from '../every-row.js';
import { TRANSLATE_RULES, type TranslateOptions } from '../issuer-options.js';
import type { IssuerParts } from '../issuer-parts.js';
import { ItemCodes } from '../item-codes.js';
import { makeCodes, type WantedCode } from '../make-codes.js';
import { countTexts, openCodes } from './open-codes.js';
import { TranslationResult } from './translation-result.js';

/** Translates codes of one institution into another's for the same people (媒介). */
export async function translateCodes(
  parts: IssuerParts,
  texts: readonly string[],
  options: TranslateOptions,
): Promise<TranslationResult> {
  checkOptions('translate', options, TRANSLATE_RULES);
  const { signal } = options;
  const from = parseInstitutionCode(options.from);
  const to = parseInstitutionCode(options.to);
  const rows = countTexts(texts);
  const codes = ItemCodes.none(rows);
  if (rows === 0) return new TranslationResult(0, codes, new Map());
  await parts.keys.active(from, signal);
  const active = await parts.keys.active(to, signal);
  const opened = await openCodes(parts, texts, from, [active.name], signal);
  const answer = await parts.store.lookUp(to, opened.storeCodes, signalOption(signal));
  const { versions } = everyRow(answer, opened.rows.length);
  const older: WantedCode[] = [];
  opened.rows.forEach((index, k) => {
    const version = versions[k] as number;
    if (version === active.version) codes.set(index, codeAt(opened.codes[0] as Uint8Array, k), version);
    else if (version !== 0) older.push({ index, storeCode: codeAt(opened.storeCodes, k), version });
  });
  await makeCodes(parts, to, older, codes, signal);
  return new TranslationResult(rows, codes, opened.refused);
}
