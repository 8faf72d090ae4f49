import { GIVEN } from './lookups.js';
import type { Statement } from './transaction.js';

/** Makes people known under codes of their own. */
export const INSERT_PERSONS: Statement = {
  name: 'insert-persons',
  text: `INSERT INTO person (store_code, generation, created_at)
    SELECT code, $2::smallint, $3::bigint FROM ${GIVEN} ON CONFLICT DO NOTHING`,
};
