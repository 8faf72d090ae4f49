import { pickCodes, rowsWithout } from '../../codes/packed-codes.js';
import { CODE_LENGTH } from '../../codes/per-institution-code.js';
import { RenkeiError } from '../../errors/renkei-error.js';
import type { HeldRows, IssuanceBatch, StoreCallOptions } from '../port.js';
import type { Connections } from './connections.js';
import { DistinctCodes } from './distinct-codes.js';
import { isOvertaken } from './faults.js';
import { heldVersions, institutionId, knownRows } from './lookups.js';
import { noteEarly, noteIssuances, notePersons, takeSuccessors } from './noting.js';
import { ownCodes } from './own-codes.js';
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
  { signal, epoch }: StoreCallOptions,
): Promise<HeldRows> {
  const notes: number[] = [];
  for (let tries = 1; ; tries++) {
    const kind = tries <= SHARED_TRIES ? 'issue' : 'alone';
    try {
      return await transact(connections, { kind, during: 'issuing', signal, epoch }, (transaction) =>
        tryToIssue(transaction, batch, tries > 1, notes),
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
  lookAnyway: boolean,
  notes: number[],
): Promise<HeldRows> {
  const { institution, keyVersion, generation, issuedAt, storeCodes } = batch;
  const id = await institutionId(transaction, institution);
  const { codes, canonical, aliases } = await ownCodes(transaction, storeCodes);
  const distinct = new DistinctCodes(codes);
  const { isSpread, situation } = transaction;
  const isNoted = situation.notesPersons || situation.notesIssuancesOf(institution);
  const lookFirst = lookAnyway || (isSpread && isNoted);
  const held = lookFirst
    ? await heldVersions(transaction, id, distinct.codes)
    : new Uint8Array(distinct.size);
  const missing = rowsWithout(held.length, { has: (place) => held[place] !== 0 });
  const inserting = pickCodes(distinct.codes, missing);
  const unknown = await unknownPersons(transaction, inserting);
  if (isSpread) {
    const rows = { institution: { code: institution, id }, issuances: inserting, persons: unknown };
    await noteEarly(transaction, { ...rows, notes });
  }
  if (missing.length > 0) {
    const insertion = transaction.row<{ inserted: number }>(
      INSERT,
      ...[inserting, generation, id, keyVersion, issuedAt],
    );
    const { inserted } = await insertion.catch((error: unknown) => {
      // A row came that the snapshot does not hold, which a server that keeps the rows for another one works with.
      throw isOvertaken(error) ? new Undone() : error;
    });
    if (inserted !== missing.length) throw new Undone();
  }
  if (!isSpread) {
    await takeSuccessors(transaction, storeCodes, batch.successors);
    await notePersons(transaction, unknown);
    await noteIssuances(transaction, { code: institution, id }, inserting);
  }
  const versions = Uint8Array.from(distinct.places, (place, row) => {
    const version = held[place] as number;
    // Of rows alike the first is inserted, and the others find it.
    return version === 0 && distinct.firstRows[place] !== row ? keyVersion : version;
  });
  return { versions, canonical, aliases };
}

/**
 * People who become known with a batch, where that matters. Two transactions that insert the same person may both
 * hold it for new, and both are to say so then: either may be the one that is undone. None that inserts a person
 * finds it known.
 */
async function unknownPersons(transaction: Transaction, codes: Uint8Array): Promise<Uint8Array> {
  if (!transaction.situation.notesPersons) return new Uint8Array(0);
  return pickCodes(codes, rowsWithout(codes.length / CODE_LENGTH, await knownRows(transaction, codes)));
}
