import { codeAt } from '../../codes/packed-codes.js';
import { checkOptions } from '../../errors/options.js';
import { parseInstitutionCode } from '../../subjects/institution-code.js';
import { everyRow } from '../every-row.js';
import { TRANSLATE_RULES, type TranslateOptions } from '../issuer-options.js';
import type { IssuerParts } from '../issuer-parts.js';
import { ItemCodes } from '../item-codes.js';
import { reading } from '../operation.js';
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
  if (rows === 0) return new TranslationResult(0, ItemCodes.none(0, 0), new Map());
  return reading(parts, signal, async (operation) => {
    const { store, keys } = operation;
    await keys.active(from, signal);
    const active = await keys.active(to, signal);
    const opened = await openCodes(operation, texts, from, [active.name], signal);
    const answer = await store.lookUp(to, opened.storeCodes, keys.callOptions(signal));
    const { versions } = everyRow(answer, opened.rows.length);
    const codes = ItemCodes.none(rows, active.version);
    opened.rows.forEach((index, k) => {
      if (versions[k] !== 0) codes.set(index, codeAt(opened.codes[0] as Uint8Array, k));
    });
    return new TranslationResult(rows, codes, opened.refused);
  });
}
