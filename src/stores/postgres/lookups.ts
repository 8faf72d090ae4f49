import { CODE_LENGTH } from '../../codes/per-institution-code.js';
import type { InstitutionCode } from '../../subjects/institution-code.js';
import { unknownInstitution } from '../arguments.js';
import type { HeldRows } from '../port.js';
import { eachIn, GIVEN } from './given.js';
import { ownCodes } from './own-codes.js';
import type { Statement, Transaction } from './transaction.js';

const FIND_INSTITUTION: Statement = {
  name: 'find-institution',
  text: 'SELECT id FROM institution WHERE code = $1',
};
/**
 * Four bytes a row that is there: its number and, in the last byte, the version. Rows one by one take four times as
 * long.
 */
export const FIND_VERSIONS: Statement = {
  name: 'find-versions',
  text: `SELECT coalesce(string_agg(int4send((i << 8) + key_version), ''), '') AS packed
    FROM ${GIVEN} ${eachIn('issuance', 'institution_id = $2::integer AND store_code = code')}`,
};

/** Four bytes a row whose code is on record. */
export const FIND_KNOWN: Statement = {
  name: 'find-known',
  text: `SELECT coalesce(string_agg(int4send(i), ''), '') AS packed FROM ${GIVEN} ${eachIn('person', 'store_code = code')}`,
};

/** The number by which rows name an institution. */
export async function institutionId(transaction: Transaction, institution: InstitutionCode): Promise<number> {
  const [found] = await transaction.rows<{ id: number }>(FIND_INSTITUTION, institution);
  if (found === undefined) throw unknownInstitution(institution);
  return found.id;
}

/** One byte a code, which is a person's own: the version under which the institution holds one, else 0. */
export async function heldVersions(
  transaction: Transaction,
  id: number,
  codes: Uint8Array,
): Promise<Uint8Array> {
  const { packed } = await transaction.row<{ packed: Uint8Array }>(FIND_VERSIONS, codes, id);
  const rows = new DataView(packed.buffer, packed.byteOffset, packed.byteLength);
  const versions = new Uint8Array(codes.length / CODE_LENGTH);
  for (let offset = 0; offset < rows.byteLength; offset += 4) {
    const row = rows.getUint32(offset);
    versions[row >>> 8] = row & 0xff;
  }
  return versions;
}

/** Rows whose code is on record, a person's own or an alias. */
export async function knownRows(transaction: Transaction, codes: Uint8Array): Promise<Set<number>> {
  const { packed } = await transaction.row<{ packed: Uint8Array }>(FIND_KNOWN, codes);
  const rows = new DataView(packed.buffer, packed.byteOffset, packed.byteLength);
  return new Set(Array.from({ length: packed.length / 4 }, (_, k) => rows.getUint32(k * 4)));
}

/** What an institution holds of codes. */
export async function lookUp(
  transaction: Transaction,
  institution: InstitutionCode,
  storeCodes: Uint8Array,
): Promise<HeldRows> {
  const id = await institutionId(transaction, institution);
  const { codes, canonical, aliases } = await ownCodes(transaction, storeCodes);
  return { versions: await heldVersions(transaction, id, codes), canonical, aliases };
}
