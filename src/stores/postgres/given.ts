import { CODE_LENGTH } from '../../codes/per-institution-code.js';

/**
 * Cuts packed codes, the first parameter, into rows inside SQL: one parameter in the binary format instead of many
 * thousand, and one plan whatever their number.
 */
export const GIVEN = `(
  SELECT i, substring($1::bytea FROM i * ${CODE_LENGTH} + 1 FOR ${CODE_LENGTH}) AS code
  FROM generate_series(0, octet_length($1::bytea) / ${CODE_LENGTH} - 1) AS i
) AS given`;

/** One of the given codes. As an array, since the planner may turn a join around. */
export const ANY_GIVEN = `ANY (ARRAY(SELECT code FROM ${GIVEN}))`;

/**
 * Joins the rows of a table to each given code. `OFFSET 0` keeps the planner from turning the join around, which it
 * does with a table that is empty or was so when the statement was prepared: then it reads the whole table.
 */
export function eachIn(table: string, condition: string): string {
  return `CROSS JOIN LATERAL (SELECT * FROM ${table} WHERE ${condition} OFFSET 0) AS ${table}`;
}
