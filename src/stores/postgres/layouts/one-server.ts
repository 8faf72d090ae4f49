import { SITUATION } from '../situation.js';
import type { Layout } from './layout.js';

const READING = 'BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY';
const WRITING = 'BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE; SELECT';

/** All tables on one server: a transaction is all that is needed. */
export const ONE_SERVER: Layout = {
  // Plans must not hang on statistics: rows are always looked up by the primary keys, batch after batch, also in a
  // table that was empty a second ago.
  plans: `
    SET enable_seqscan = off; SET enable_hashjoin = off; SET enable_mergejoin = off;
    SET enable_bitmapscan = off; SET enable_sort = off; SET join_collapse_limit = 1; SET work_mem = '16MB';
    SET jit = off; SET plan_cache_mode = force_generic_plan;`,
  begin: {
    read: READING,
    whole: `${READING}; SET LOCAL statement_timeout = 0; SET LOCAL enable_seqscan = on; SET LOCAL enable_sort = on;
      SET LOCAL enable_hashjoin = on; SET LOCAL enable_mergejoin = on; SET LOCAL enable_partitionwise_join = on`,
    schema: `${WRITING} pg_advisory_xact_lock(#, 1)`,
    keys: `${WRITING} pg_advisory_xact_lock(#, 2)`,
    issue: `${WRITING} pg_advisory_xact_lock_shared(#, 3)`,
    alone: `${WRITING} pg_advisory_xact_lock(#, 3), pg_advisory_xact_lock(#, 2)`,
  },
  situation: SITUATION,
  rollback: 'ROLLBACK',
  texts: new Map(),
};
