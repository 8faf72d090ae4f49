import { BREACHES } from '../invariants.js';
import { LARGE_TABLES, partitions } from '../tables.js';

/** Invariants of which every server can tell by itself: a person and the issuances are on one. */
export const IN_PLACE = ['store-code-length', 'alias-has-no-issuance', 'issuance-has-person'] as const;

/** Which part of which store a server holds. */
export interface Part {
  /** A UUID. */
  readonly store: string;
  /** From 0. */
  readonly number: number;
  /** Servers in all. */
  readonly servers: number;
}

/**
 * The same tables as on one server, with one partition only, so that a server refuses the rows of another one by
 * itself. `breaches` counts them where the rows are; `whole` lets a transaction that reads whole tables do so in the
 * way that is best for that.
 */
export const tablesOf = ({ number, servers }: Part) => `${LARGE_TABLES}${partitions(servers, [number])}
  CREATE TABLE part (store uuid NOT NULL, number integer NOT NULL, servers integer NOT NULL);

  CREATE VIEW server_state AS SELECT store, number, servers, current_setting('fsync') AS fsync,
    current_setting('full_page_writes') AS full_page_writes,
    current_setting('synchronous_commit') AS synchronous_commit FROM part;

  CREATE VIEW breaches AS ${IN_PLACE.map(
    (invariant) => `SELECT '${invariant}' AS invariant, rows FROM (${BREACHES[invariant].text}) AS broken`,
  ).join(' UNION ALL ')};

  CREATE VIEW whole AS SELECT concat(${['seqscan', 'hashjoin', 'mergejoin', 'sort', 'bitmapscan']
    .map((way) => `set_config('enable_${way}', 'on', true)`)
    .join(', ')}) AS settings;
`;
