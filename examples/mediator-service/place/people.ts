import type { Issuer } from 'renkei';
import { syntheticResidents } from '../../../test/support/residents.js';
import { INSTITUTION_CODES, INSTITUTIONS } from './institutions.js';

/** 情報提供用個人識別符号 of the synthetic people, in their order, by 機関コード; undefined where somebody has none. */
export type PeopleCodes = ReadonlyMap<string, readonly (string | undefined)[]>;

const PEOPLE = 6;
/** The last one is not known to the pension office: a provider without a code (令26条2項). */
const AT_THE_PENSION_OFFICE = 5;
const SEED = 20_261_201;

/** Registers the institutions and issues codes to some synthetic people; again gives the same codes. */
export async function issueToPeople(issuer: Issuer): Promise<PeopleCodes> {
  const codes = new Map<string, readonly (string | undefined)[]>();
  for (const institution of INSTITUTION_CODES) {
    await issuer.registerInstitution(institution);
    const people = institution === INSTITUTIONS.pension.code ? AT_THE_PENSION_OFFICE : PEOPLE;
    const request = {
      acquisitionNumbers: Array.from({ length: people }, (_, n) => `example-${n}`),
      residents: syntheticResidents(SEED, 0, people),
    };
    const result = await issuer.issueBatch(institution, request, { reissue: true });
    codes.set(
      institution,
      Array.from(result, (item) => (item.status === 'refused' ? undefined : item.code)),
    );
  }
  return codes;
}
