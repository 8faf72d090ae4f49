import type { Layout } from '../layouts/layout.js';
import { ONE_SERVER } from '../layouts/one-server.js';
import { SITUATION } from '../situation.js';
import { settle } from './decisions.js';
import { spreadTexts } from './statements.js';

/**
 * A server that rows lie on works within one snapshot a transaction (postgres_fdw asks for REPEATABLE READ), taken when
 * it is first asked for something. What lies on the coordinator is read anew by every statement, so that nothing of
 * it is older than what the servers say.
 */
const READING = 'BEGIN ISOLATION LEVEL READ COMMITTED READ ONLY';
const WRITING = 'BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE';
/** The locks of a transaction, held by its connection while it commits and goes on. */
const goOn = (locks: (scope: string) => string, unlocks: string) =>
  `SELECT ${locks('')}; SET LOCAL statement_timeout = 0; COMMIT; ${WRITING}; SELECT ${locks('_xact')}; SELECT ${unlocks}`;
const PENDING =
  'SELECT EXISTS (SELECT FROM decided_person) OR EXISTS (SELECT FROM decided_removal) AS pending';

/** The large tables on other servers, on each one partition of them. */
export function spreadLayout(servers: number): Layout {
  const numbers = [...Array(servers).keys()];
  return {
    // Given codes meet rows that come from other servers, which can only be hashed. Plans are made once and name no
    // values, so that none of those gets into a statement or a log on another server.
    plans: `SET enable_nestloop = off; SET enable_mergejoin = off; SET work_mem = '64MB'; SET jit = off;
      SET plan_cache_mode = force_generic_plan;`,
    begin: {
      ...ONE_SERVER.begin,
      read: `${READING}; SELECT pg_advisory_xact_lock_shared(#, 3); ${PENDING}`,
      // What reads for long must not keep others waiting: only until every server has its snapshot.
      whole: `${READING}; SET LOCAL statement_timeout = 0; SET LOCAL enable_nestloop = on;
        SELECT pg_advisory_lock_shared(#, 3); ${PENDING};
        ${numbers.map((k) => `SELECT * FROM whole_${k};`).join(' ')} SELECT pg_advisory_unlock_shared(#, 3)`,
      issue: `${WRITING}; SELECT pg_advisory_xact_lock_shared(#, 3); ${PENDING}`,
      alone: `${WRITING}; SELECT pg_advisory_xact_lock(#, 3), pg_advisory_xact_lock(#, 2); ${PENDING}`,
    },
    situation: SITUATION,
    goOn: {
      issue: goOn((scope) => `pg_advisory${scope}_lock_shared(#, 3)`, 'pg_advisory_unlock_shared(#, 3)'),
      alone: goOn(
        (scope) => `pg_advisory${scope}_lock(#, 3), pg_advisory${scope}_lock(#, 2)`,
        'pg_advisory_unlock(#, 2), pg_advisory_unlock(#, 3)',
      ),
    },
    rollback: 'ROLLBACK; SELECT pg_advisory_unlock_all()',
    texts: spreadTexts(numbers),
    settle,
  };
}
