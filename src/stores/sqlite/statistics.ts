import type { Database } from 'better-sqlite3';
import { dayInJapan, JAPAN_AHEAD_MS } from '../../codes/japan-time.js';
import type { InstitutionCode } from '../../subjects/institution-code.js';
import type { IssuanceStatistic, StoreCallOptions } from '../port.js';
import { type ScanPiece, scanPieces } from './scanning.js';
import { storedCode, storedMoment, storedVersion } from './stored-values.js';
import type { Transactions } from './transactions.js';

const DAY_MS = 86_400_000;

interface DayRow {
  readonly version: unknown;
  /** Days since 1970-01-01, in Japan. */
  readonly day: number;
  readonly rows: number;
  readonly last: Uint8Array;
}

/** Counts what was issued per institution, version and day in Japan (符号生成に関する統計). */
export async function countIssued(
  database: Database,
  transactions: Transactions,
  options: StoreCallOptions,
): Promise<readonly IssuanceStatistic[]> {
  const select = database.prepare<[], { readonly id: number; readonly code: InstitutionCode }>(
    'SELECT id, code FROM institution ORDER BY code',
  );
  const institutions = transactions.read(options, () => select.all());
  const statistics: IssuanceStatistic[] = [];
  for (const { id, code } of institutions) {
    statistics.push(...(await countIssuedTo(database, transactions, { id, code }, options)));
  }
  return statistics;
}

async function countIssuedTo(
  database: Database,
  transactions: Transactions,
  { id, code: institution }: { readonly id: number; readonly code: InstitutionCode },
  options: StoreCallOptions,
): Promise<readonly IssuanceStatistic[]> {
  // Days are whole, also before 1970: SQLite divides towards zero.
  const select = database.prepare<[ScanPiece & { readonly id: number }], DayRow>(
    `SELECT version, day, count(*) AS rows, max(code) AS last FROM
       (SELECT store_code AS code, key_version AS version,
               (moment - (moment % ${DAY_MS} + ${DAY_MS}) % ${DAY_MS}) / ${DAY_MS} AS day FROM
          (SELECT store_code, key_version, issued_at + ${JAPAN_AHEAD_MS} AS moment FROM issuance
            WHERE institution_id = @id AND store_code > @after ORDER BY store_code LIMIT @limit))
      GROUP BY version, day`,
  );
  const issued = new Map<number, Map<number, number>>();
  await scanPieces(transactions, options, (piece) => {
    let rows = 0;
    let last: Uint8Array | null = null;
    for (const group of select.all({ ...piece, id })) {
      const version = storedVersion(group.version);
      const days = issued.get(version) ?? new Map<number, number>();
      days.set(group.day, (days.get(group.day) ?? 0) + group.rows);
      issued.set(version, days);
      rows += group.rows;
      const code = storedCode(group.last);
      if (last === null || Buffer.compare(code, last) > 0) last = code;
    }
    return { rows, last };
  });
  return [...issued]
    .sort(([a], [b]) => a - b)
    .flatMap(([keyVersion, days]) =>
      [...days]
        .sort(([a], [b]) => a - b)
        .map(([day, count]) => ({
          institution,
          keyVersion,
          day: dayInJapan(storedMoment(day * DAY_MS - JAPAN_AHEAD_MS)),
          issued: count,
        })),
    );
}
