import { rowCount } from '../bytes/packed.js';
import { CODE_LENGTH } from '../codes/per-institution-code.js';
import { RenkeiError } from '../errors/renkei-error.js';
import type { InstitutionCode } from '../subjects/institution-code.js';
import { MAX_BATCH_ROWS } from './port.js';

/** The checks every store makes alike. */

/** Number of rows in a batch of store codes. */
export function checkStoreCodes(storeCodes: Uint8Array): number {
  const rows = rowCount(storeCodes, CODE_LENGTH, 'storeCodes');
  if (rows > MAX_BATCH_ROWS) {
    throw new RenkeiError('BATCH_TOO_LARGE', `a batch has at most ${MAX_BATCH_ROWS} rows, this one ${rows}`);
  }
  return rows;
}

/** The error for an institution no key is registered for. */
export function unknownInstitution(institution: InstitutionCode): RenkeiError {
  return new RenkeiError('INSTITUTION_UNKNOWN', `institution ${institution} is not registered in this store`);
}
