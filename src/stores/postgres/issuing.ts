import { pickCodes, rowsWithout } from '../../codes/packed-codes.js';
import { RenkeiError } from '../../errors/renkei-error.js';
import type { HeldRows, IssuanceBatch } from '../port.js';
import type { Connections } from './connections.js';
import { DistinctCodes } from './distinct-codes.js';
import { isOvertaken } from './faults.js';
import { heldVersions, institutionId, ownCodes } from './lookups.js';
import { transact, Undone } from './transact.js';
import type { Statement, Transaction } from './transaction.js';

/** Given codes in key order, so that no two transactions wait for each other in a circle. */
const INSERT: Statement = {
  name: 'insert',
  text: `SELECT insert_issuances($1::bytea, $2::smallint, $3::integer, $4::smallint, $5::bigint) AS inserted`,
};

/** Tries that others may overtake; the one after them is alone. */
const SHARED_TRIES = 3;

/**
 * Issues a batch. Most are new as a whole, and then the insertion itself has looked up every row; else it is undone,
 * and the next try inserts what a look-up does not find. Rows are counted and not given back (RETURNING), which would
 * make a server that keeps them on others insert one by one.
 */
export async function issue(
  connections: Connections,
  batch: IssuanceBatch,
  signal: AbortSignal | undefined,
): Promise<HeldRows> {
  for (let tries = 1; ; tries++) {
    const kind = tries <= SHARED_TRIES ? 'issue' : 'alone';
    try {
      return await transact(connections, { kind, during: 'issuing', signal }, (transaction) =>
        tryToIssue(transaction, batch, tries > 1),
      );
    } catch (error) {
      if (!(error instanceof Undone)) throw error;
      // Nobody else was writing: an index and its table disagree.
      if (kind === 'alone')
        throw new RenkeiError('STORE_CORRUPT', 'issuing: rows that are there are not found');
    }
  }
}

async function tryToIssue(
  transaction: Transaction,
  batch: IssuanceBatch,
  lookFirst: boolean,
): Promise<HeldRows> {
  const { institution, keyVersion, generation, issuedAt, storeCodes } = batch;
  const id = await institutionId(transaction, institution);
  const { codes, canonical } = await ownCodes(transaction, storeCodes);
  const distinct = new DistinctCodes(codes);
  const held = lookFirst
    ? await heldVersions(transaction, id, distinct.codes)
    : new Uint8Array(distinct.size);
  const missing = rowsWithout(held.length, { has: (place) => held[place] !== 0 });
  if (missing.length > 0) {
    const inserting = transaction.row<{ inserted: number }>(
      INSERT,
      ...[pickCodes(distinct.codes, missing), generation, id, keyVersion, issuedAt],
    );
    const { inserted } = await inserting.catch((error: unknown) => {
      // A row came that the snapshot does not hold, which a server that keeps the rows for another one works with.
      throw isOvertaken(error) ? new Undone() : error;
    });
    if (inserted !== missing.length) throw new Undone();
  }
  const versions = Uint8Array.from(distinct.places, (place, row) => {
    const version = held[place] as number;
    // Of rows alike the first is inserted, and the others find it.
    return version === 0 && distinct.firstRows[place] !== row ? keyVersion : version;
  });
  return { versions, canonical };
}
