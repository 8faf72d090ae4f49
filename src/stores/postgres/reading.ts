import { CODE_LENGTH } from '../../codes/per-institution-code.js';
import type { InstitutionCode } from '../../subjects/institution-code.js';
import type { IssuanceDetails, IssuancePage, PageRequest, PersonPage } from '../port.js';
import { eachIn, GIVEN } from './given.js';
import { institutionId } from './lookups.js';
import { ownCodes } from './own-codes.js';
import type { Statement, Transaction } from './transaction.js';

/** Rows are given back packed into one value: a page of them one by one takes several times as long. */
export const DETAILS: Statement = {
  name: 'details',
  text: `SELECT coalesce(string_agg(int4send(i) || int2send(key_version) || int2send(generation) || int8send(issued_at),
      ''), '') AS packed
    FROM ${GIVEN} ${eachIn('issuance', 'institution_id = $2::integer AND store_code = code')}
    ${eachIn('person', 'store_code = code')}`,
};
export const HOLDERS: Statement = {
  name: 'holders',
  text: `SELECT i, institution.code AS institution
    FROM ${GIVEN} CROSS JOIN institution
    ${eachIn('issuance', 'institution_id = institution.id AND store_code = given.code')}`,
};
const PERSONS: Statement = {
  name: 'persons',
  text: `SELECT coalesce(string_agg(store_code || int2send(generation) || coalesce(canonical, store_code), ''), '')
      AS packed
    FROM (SELECT store_code, generation, canonical FROM person WHERE store_code > $1::bytea
      ORDER BY store_code LIMIT $2::integer) AS page`,
};
const ISSUANCES: Statement = {
  name: 'issuances',
  text: `SELECT coalesce(string_agg(store_code || int2send(key_version), ''), '') AS packed
    FROM (SELECT store_code, key_version FROM issuance WHERE institution_id = $3::integer AND store_code > $1::bytea
      ORDER BY store_code LIMIT $2::integer) AS page`,
};

interface Packed {
  readonly packed: Uint8Array;
}

/** What the rows of an institution say. */
export async function details(
  transaction: Transaction,
  institution: InstitutionCode,
  storeCodes: Uint8Array,
): Promise<(IssuanceDetails | undefined)[]> {
  const id = await institutionId(transaction, institution);
  const { codes } = await ownCodes(transaction, storeCodes);
  const rows = viewOf((await transaction.row<Packed>(DETAILS, codes, id)).packed);
  const found = Array.from<IssuanceDetails | undefined>({ length: codes.length / CODE_LENGTH });
  for (let offset = 0; offset < rows.byteLength; offset += 16) {
    found[rows.getInt32(offset)] = {
      keyVersion: rows.getInt16(offset + 4),
      generation: rows.getInt16(offset + 6),
      issuedAt: Number(rows.getBigInt64(offset + 8)),
    };
  }
  return found;
}

/** Which institutions hold a code. */
export async function holders(
  transaction: Transaction,
  storeCodes: Uint8Array,
): Promise<InstitutionCode[][]> {
  const { codes } = await ownCodes(transaction, storeCodes);
  const found = Array.from({ length: codes.length / CODE_LENGTH }, (): InstitutionCode[] => []);
  const rows = await transaction.rows<{ i: number; institution: InstitutionCode }>(HOLDERS, codes);
  for (const { i, institution } of rows) found[i]?.push(institution);
  for (const institutions of found) institutions.sort();
  return found;
}

/** A page of people. */
export async function persons(transaction: Transaction, page: PageRequest): Promise<PersonPage> {
  const { packed } = await transaction.row<Packed>(PERSONS, page.after ?? START, page.limit);
  const width = 2 * CODE_LENGTH + 2;
  const rows = packed.length / width;
  const storeCodes = new Uint8Array(rows * CODE_LENGTH);
  const generations = new Uint8Array(rows);
  const canonical = new Map<number, Uint8Array>();
  for (let k = 0; k < rows; k++) {
    const own = packed.subarray((k + 1) * width - CODE_LENGTH, (k + 1) * width);
    let differs = false;
    for (let i = 0; i < CODE_LENGTH; i++) {
      const byte = packed[k * width + i] as number;
      storeCodes[k * CODE_LENGTH + i] = byte;
      if (byte !== own[i]) differs = true;
    }
    generations[k] = packed[k * width + CODE_LENGTH + 1] as number;
    if (differs) canonical.set(k, Uint8Array.from(own));
  }
  return { storeCodes, generations, canonical };
}

/** A page of issuances. */
export async function issuances(
  transaction: Transaction,
  institution: InstitutionCode,
  page: PageRequest,
): Promise<IssuancePage> {
  const id = await institutionId(transaction, institution);
  const { packed } = await transaction.row<Packed>(ISSUANCES, page.after ?? START, page.limit, id);
  const width = CODE_LENGTH + 2;
  const rows = packed.length / width;
  const storeCodes = new Uint8Array(rows * CODE_LENGTH);
  const keyVersions = new Uint8Array(rows);
  for (let k = 0; k < rows; k++) {
    for (let i = 0; i < CODE_LENGTH; i++) storeCodes[k * CODE_LENGTH + i] = packed[k * width + i] as number;
    keyVersions[k] = packed[k * width + CODE_LENGTH + 1] as number;
  }
  return { storeCodes, keyVersions };
}

/** Every code comes after this. */
const START = new Uint8Array(0);

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
