import { CODE_LENGTH } from '../../../codes/per-institution-code.js';
import { ANY_GIVEN, GIVEN } from '../given.js';
import { BREACHES, GENERATIONS, VERSIONS } from '../invariants.js';
import {
  ALIASES_OF,
  DELETE_ALIASES,
  DELETE_ISSUANCES,
  DELETE_PERSONS,
  FIND_PERSONS,
  INSERT_ALIASES,
  INSERT_PERSONS,
  ISSUANCES_OF,
} from '../life-of-person.js';
import { FIND_KNOWN, FIND_VERSIONS } from '../lookups.js';
import { ANY_ALIAS, FIND_ALIASES } from '../own-codes.js';
import { DETAILS, HOLDERS } from '../reading.js';
import { COUNT, DAY_START, STATISTICS } from '../statistics.js';
import type { Statement } from '../transaction.js';
import { IN_PLACE } from './row-tables.js';

const INSTITUTION_IDS = 'ARRAY(SELECT id FROM institution)';

/**
 * Texts of the statements that read or write the large tables where these lie on other servers. A condition with the
 * given codes as one array goes to those as it stands, and they send the rows that are wanted; for a join with the
 * given codes they would send whole tables. Writing is deciding
 * here: the rows are noted on the coordinator, whose commit decides, and carried out after that.
 */
export function spreadTexts(numbers: readonly number[]): ReadonlyMap<Statement, string> {
  /** The same on every server, each by itself. */
  const everywhere = (text: (k: number) => string) => numbers.map(text).join(' UNION ALL ');
  const breachesOf = (invariant: string) =>
    `SELECT sum(rows)::bigint AS rows FROM (${everywhere(
      (k) => `SELECT rows FROM breaches_${k} WHERE invariant = '${invariant}'`,
    )}) AS server`;
  const holdings = `FROM issuance JOIN ${GIVEN} ON store_code = given.code
    JOIN institution ON institution.id = institution_id
    WHERE store_code = ${ANY_GIVEN} AND institution_id = ANY (${INSTITUTION_IDS})`;
  return new Map<Statement, string>([
    [
      ANY_ALIAS,
      `SELECT coalesce(${numbers
        .map((k) => `(SELECT true FROM person_${k} WHERE canonical IS NOT NULL LIMIT 1)`)
        .join(', ')}, false) AS found`,
    ],
    [
      FIND_ALIASES,
      `SELECT i, canonical FROM ${GIVEN} JOIN person ON store_code = code
        WHERE store_code = ${ANY_GIVEN} AND canonical IS NOT NULL`,
    ],
    [
      FIND_VERSIONS,
      `SELECT coalesce(string_agg(int4send((i << 8) + key_version), ''), '') AS packed
        FROM ${GIVEN} JOIN issuance ON store_code = code
        WHERE institution_id = $2::integer AND store_code = ${ANY_GIVEN}`,
    ],
    [
      DETAILS,
      `SELECT coalesce(string_agg(int4send(i) || int2send(key_version) || int2send(generation)
          || int8send(issued_at), ''), '') AS packed
        FROM ${GIVEN} JOIN issuance ON issuance.store_code = code JOIN person ON person.store_code = code
        WHERE institution_id = $2::integer AND issuance.store_code = ${ANY_GIVEN}
          AND person.store_code = ${ANY_GIVEN}`,
    ],
    [HOLDERS, `SELECT i, institution.code AS institution ${holdings}`],
    [
      ISSUANCES_OF,
      `SELECT i, institution.id, institution.code AS institution, key_version AS "keyVersion",
        issued_at AS "issuedAt" ${holdings}`,
    ],
    [
      FIND_KNOWN,
      `SELECT coalesce(string_agg(int4send(i), ''), '') AS packed
        FROM ${GIVEN} JOIN person ON store_code = code WHERE store_code = ${ANY_GIVEN}`,
    ],
    [
      FIND_PERSONS,
      `SELECT i, canonical FROM ${GIVEN} JOIN person ON store_code = code WHERE store_code = ${ANY_GIVEN}`,
    ],
    [
      ALIASES_OF,
      `SELECT i, count(*) AS aliases FROM ${GIVEN} JOIN person ON canonical = code
        WHERE canonical = ${ANY_GIVEN} GROUP BY i`,
    ],
    [
      INSERT_PERSONS,
      `INSERT INTO decided_person (store_code, generation, created_at)
        SELECT code, $2::smallint, $3::bigint FROM ${GIVEN}`,
    ],
    [
      INSERT_ALIASES,
      `INSERT INTO decided_person (store_code, canonical, generation, created_at)
        SELECT code, substring($4::bytea FROM i * ${CODE_LENGTH} + 1 FOR ${CODE_LENGTH}), $2::smallint, $3::bigint
        FROM ${GIVEN}`,
    ],
    [
      DELETE_ISSUANCES,
      `INSERT INTO decided_removal (institution_id, store_code) SELECT $2::integer, code FROM ${GIVEN}`,
    ],
    [
      DELETE_ALIASES,
      `INSERT INTO decided_removal (store_code) SELECT store_code FROM person WHERE canonical = ${ANY_GIVEN}`,
    ],
    [
      DELETE_PERSONS,
      `INSERT INTO decided_removal (store_code) SELECT store_code FROM person WHERE store_code = ${ANY_GIVEN}`,
    ],
    [
      STATISTICS,
      `SELECT institution.code AS institution, key_version AS "keyVersion", start, sum(rows)::bigint AS issued
        FROM (${everywhere(
          (k) => `SELECT institution_id, key_version, ${DAY_START} AS start, count(*) AS rows
            FROM issuance_${k} GROUP BY 1, 2, 3`,
        )}) AS day JOIN institution ON institution.id = institution_id
        GROUP BY institution.code, key_version, start ORDER BY institution.code, key_version, start`,
    ],
    [
      COUNT,
      `SELECT (SELECT count(*) FROM key) AS keys, sum(known - changed)::bigint AS persons,
          sum(changed)::bigint AS aliases, sum(issued)::bigint AS issuances
        FROM (${everywhere(
          (k) => `SELECT count(*) AS known, count(canonical) AS changed, 0 AS issued FROM person_${k}
            UNION ALL SELECT 0, 0, count(*) FROM issuance_${k}`,
        )}) AS server`,
    ],
    [
      GENERATIONS,
      everywhere((k) => `SELECT generation, count(*) AS rows FROM person_${k} GROUP BY generation`),
    ],
    [
      VERSIONS,
      `SELECT code, key_version AS version, rows FROM (${everywhere(
        (k) => `SELECT institution_id, key_version, count(*) AS rows FROM issuance_${k} GROUP BY 1, 2`,
      )}) AS issued LEFT JOIN institution ON id = institution_id`,
    ],
    // Nothing succeeds there: rotations that would need it are refused.
    [BREACHES['succession-leads-from-person'], 'SELECT count(*) AS rows FROM succession'],
    ...IN_PLACE.map((invariant) => [BREACHES[invariant], breachesOf(invariant)] as const),
    [
      // An alias and its person are on different servers: the aliases, which are few, are sent for.
      BREACHES['alias-leads-to-person'],
      `SELECT count(*) AS rows FROM person AS alias LEFT JOIN (
          SELECT store_code FROM person WHERE canonical IS NULL
            AND store_code = ANY (ARRAY(SELECT canonical FROM person WHERE canonical IS NOT NULL))
        ) AS own ON own.store_code = alias.canonical
        WHERE alias.canonical IS NOT NULL AND own.store_code IS NULL`,
    ],
  ]);
}
