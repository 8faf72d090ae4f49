import { recordAudience } from '../../codes/key-names.js';
import { codeAt } from '../../codes/packed-codes.js';
import { checkOptions } from '../../errors/options.js';
import { RenkeiError } from '../../errors/renkei-error.js';
import { type InstitutionCode, parseInstitutionCode } from '../../subjects/institution-code.js';
import { everyRow } from '../every-row.js';
import { MEDIATE_RULES, type MediateOptions } from '../issuer-options.js';
import type { IssuerParts } from '../issuer-parts.js';
import { ItemCodes } from '../item-codes.js';
import type { ActiveKey } from '../key-snapshot.js';
import type { KeysInForce } from '../keys-in-force.js';
import { reading } from '../operation.js';
import { MediatedCodes } from './mediated-codes.js';
import { countTexts, openCodes } from './open-codes.js';
import { currentPeriod, requireOpenPeriod } from './record-codes.js';

/** Opens an inquirer's codes once, for their record codes and for the provider's codes of the same people (令26条). */
export async function mediateCodes(
  parts: IssuerParts,
  texts: readonly string[],
  options: MediateOptions,
): Promise<MediatedCodes> {
  checkOptions('mediate', options, MEDIATE_RULES);
  const { signal } = options;
  const from = parseInstitutionCode(options.from);
  const to = options.to === undefined ? undefined : parseInstitutionCode(options.to);
  const recordKey = recordAudience(options.period ?? currentPeriod(parts));
  const length = countTexts(texts);
  return reading(parts, signal, async (operation) => {
    const { store, keys } = operation;
    await keys.active(from, signal);
    await requireOpenPeriod(keys, recordKey, signal);
    const active = to === undefined ? undefined : await activeKey(keys, to, signal);
    const audiences = active === undefined ? [recordKey] : [recordKey, active.name];
    const opened = await openCodes(operation, texts, from, audiences, signal);
    const [recordCodes, providerCodes] = opened.codes as [Uint8Array, Uint8Array | undefined];
    const codes = ItemCodes.none(length, active?.version ?? 0);
    if (to !== undefined && providerCodes !== undefined) {
      const answer = await store.lookUp(to, opened.storeCodes, keys.callOptions(signal));
      const { versions } = everyRow(answer, opened.rows.length);
      opened.rows.forEach((index, k) => {
        if (versions[k] !== 0) codes.set(index, codeAt(providerCodes, k));
      });
    }
    return new MediatedCodes(keys.generation, recordCodes, opened.rows, codes, opened.refused);
  });
}

/** The key of a provider's codes; none of one that is not registered and so holds no code of anybody. */
async function activeKey(
  keys: KeysInForce,
  provider: InstitutionCode,
  signal: AbortSignal | undefined,
): Promise<ActiveKey | undefined> {
  try {
    return await keys.active(provider, signal);
  } catch (error) {
    if (error instanceof RenkeiError && error.code === 'INSTITUTION_UNKNOWN') return undefined;
    throw error;
  }
}
