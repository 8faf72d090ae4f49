import type { Branded } from '../bytes/branded.js';
import { RenkeiError } from '../errors/renkei-error.js';

/**
 * 機関コード: the code of an institution (情報照会者等). 1 to 32 of A–Z, a–z, 0–9; those seen in public interface
 * layouts have 16 digits. Only {@link parseInstitutionCode} makes one.
 */
export type InstitutionCode = Branded<'InstitutionCode'>;

/**
 * @param text 1 to 32 of A–Z, a–z, 0–9
 * @throws RenkeiError `INSTITUTION_CODE_INVALID`
 */
export function parseInstitutionCode(text: string): InstitutionCode {
  if (typeof text !== 'string' || !/^[A-Za-z0-9]{1,32}$/.test(text)) {
    throw new RenkeiError('INSTITUTION_CODE_INVALID', 'an institution code is 1 to 32 of A-Z, a-z, 0-9');
  }
  return text as InstitutionCode;
}
