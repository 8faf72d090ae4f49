import type { Statement, Transaction } from '../transaction.js';

/**
 * Changes that touch several servers, and no server can commit for another. They are decided first: the rows to be
 * inserted or deleted are noted on the coordinator, and its commit decides. Then they are carried out, by whoever comes
 * next if not by the one who decided, and forgotten in the same transaction: postgres_fdw commits on the other
 * servers before the coordinator commits. Carrying out again changes nothing.
 */
export const DECISION_TABLES = `
  CREATE TABLE decided_person (
    created_at bigint NOT NULL,
    generation smallint NOT NULL,
    store_code bytea NOT NULL PRIMARY KEY,
    canonical bytea
  );

  CREATE TABLE decided_removal (
    institution_id integer,
    store_code bytea NOT NULL
  );

  CREATE FUNCTION settle() RETURNS void LANGUAGE plpgsql AS $$
  DECLARE
    holder integer;
  BEGIN
    INSERT INTO person (created_at, generation, store_code, canonical)
    SELECT created_at, generation, store_code, canonical FROM decided_person ON CONFLICT DO NOTHING;
    FOR holder IN SELECT DISTINCT institution_id FROM decided_removal WHERE institution_id IS NOT NULL LOOP
      DELETE FROM issuance WHERE institution_id = holder
        AND store_code = ANY (ARRAY(SELECT store_code FROM decided_removal WHERE institution_id = holder));
    END LOOP;
    DELETE FROM person
    WHERE store_code = ANY (ARRAY(SELECT store_code FROM decided_removal WHERE institution_id IS NULL));
    DELETE FROM decided_person;
    DELETE FROM decided_removal;
  END $$;
`;

const SETTLE: Statement = { name: 'settle', text: 'SELECT settle()' };

/** Carries out what was decided, in a transaction that is alone. */
export async function settle(transaction: Transaction): Promise<void> {
  await transaction.rows(SETTLE);
}
