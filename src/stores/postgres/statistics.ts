import { dayInJapan } from '../../codes/japan-time.js';
import type { InstitutionCode } from '../../subjects/institution-code.js';
import type { IssuanceStatistic, StoreCounts } from '../port.js';
import type { Statement, Transaction } from './transaction.js';

const DAY_MS = 86_400_000;
/** Japan's midnight, in milliseconds after that of UTC. */
const MIDNIGHT_MS = 15 * 3_600_000;

/** Milliseconds at which the day in Japan began on which a row was issued. */
export const DAY_START = `issued_at - ((issued_at - ${MIDNIGHT_MS}) % ${DAY_MS} + ${DAY_MS}) % ${DAY_MS}`;

export const STATISTICS: Statement = {
  name: 'statistics',
  text: `SELECT institution.code AS institution, key_version AS "keyVersion", start, issued
    FROM (
      SELECT institution_id, key_version, ${DAY_START} AS start, count(*) AS issued
      FROM issuance GROUP BY 1, 2, 3
    ) AS day JOIN institution ON institution.id = institution_id
    ORDER BY institution.code, key_version, start`,
};
export const COUNT: Statement = {
  name: 'count',
  text: `SELECT (SELECT count(*) FROM key) AS keys, persons, aliases, (SELECT count(*) FROM issuance) AS issuances
    FROM (SELECT count(*) - count(canonical) AS persons, count(canonical) AS aliases FROM person) AS known`,
};

/** Counts what was issued per institution, version and day in Japan. */
export async function statistics(transaction: Transaction): Promise<IssuanceStatistic[]> {
  interface Row {
    readonly institution: InstitutionCode;
    readonly keyVersion: number;
    /** The moment the day began. */
    readonly start: number;
    readonly issued: number;
  }
  const rows = await transaction.rows<Row>(STATISTICS);
  return rows.map(({ start, ...row }) => ({ ...row, day: dayInJapan(start) }));
}

/** Counts the rows. */
export function count(transaction: Transaction): Promise<StoreCounts> {
  return transaction.row<StoreCounts>(COUNT);
}
