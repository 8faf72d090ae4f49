import type { Database, Statement } from 'better-sqlite3';
import { row } from '../../bytes/packed.js';
import { pickCodes } from '../../codes/packed-codes.js';
import { CODE_LENGTH } from '../../codes/per-institution-code.js';
import { RenkeiError } from '../../errors/renkei-error.js';
import { checkPairs, checkStoreCodes } from '../arguments.js';
import { codeTexts } from '../code-texts.js';
import { inOrder, isInKeyOrder, keyOrder } from '../key-order.js';
import type { PageRequest, StoreCallOptions, Successors, WriteOutcome } from '../port.js';
import { checkLimit, isBeforeSwitch } from '../rotation-arguments.js';
import type { KnownSuccessors, SuccessorPairs } from '../rotation-port.js';
import { SLICES, type Slices } from './ordered-codes.js';
import type { Rotations } from './rotations.js';
import { type ScannedPiece, type ScanPiece, scanPieces } from './scanning.js';
import { storedCode } from './stored-values.js';
import { replaced, type Succession } from './succession.js';
import type { Transactions } from './transactions.js';

type Pairs = Slices & { readonly newCodes: Uint8Array };

/** Pairs in the order of the old codes; those of people the store knows, or will know when the batch is written. */
const insertPairs = (known: string) => `
  INSERT INTO succession
    SELECT code, substr(@newCodes, i * ${CODE_LENGTH} + 1, ${CODE_LENGTH}) AS successor FROM (${SLICES})
     WHERE ${known} AND NOT EXISTS (SELECT 1 FROM person WHERE store_code = successor)
    ON CONFLICT DO NOTHING`;

/** People's codes under the store key of a running rotation: recorded, asked for, lent, discarded. */
export class Succeeding {
  readonly #transactions: Transactions;
  readonly #rotations: Rotations;
  readonly #succession: Succession;
  readonly #insertKnown: Statement<[Pairs]>;
  readonly #insertIssued: Statement<[Pairs]>;
  readonly #isKnown: Statement<[Uint8Array], number>;
  readonly #isRecorded: Statement<[Uint8Array, Uint8Array], number>;
  readonly #without: Statement<[ScanPiece], readonly [code: unknown, isWithout: number]>;
  readonly #lend: Statement<[]>;
  readonly #discard: Statement<[number]>;

  constructor(database: Database, transactions: Transactions, rotations: Rotations, succession: Succession) {
    this.#transactions = transactions;
    this.#rotations = rotations;
    this.#succession = succession;
    this.#insertKnown = database.prepare(
      insertPairs('EXISTS (SELECT 1 FROM person WHERE store_code = code)'),
    );
    this.#insertIssued = database.prepare(
      insertPairs('NOT EXISTS (SELECT 1 FROM succession WHERE new_code = code)'),
    );
    this.#isKnown = database
      .prepare<[Uint8Array], number>('SELECT EXISTS (SELECT 1 FROM person WHERE store_code = ?)')
      .pluck();
    this.#isRecorded = database
      .prepare<[Uint8Array, Uint8Array], number>(
        'SELECT EXISTS (SELECT 1 FROM succession WHERE old_code = ? AND new_code = ?)',
      )
      .pluck();
    this.#without = database
      .prepare<[ScanPiece], readonly [unknown, number]>(
        `SELECT store_code,
                canonical IS NULL AND NOT EXISTS (SELECT 1 FROM succession WHERE old_code = store_code)
           FROM person WHERE store_code > @after ORDER BY store_code LIMIT @limit`,
      )
      .raw();
    this.#lend = database.prepare(
      `UPDATE succession SET old_code = own FROM
         (SELECT canonical AS own, min(store_code) AS lender
            FROM person INDEXED BY alias CROSS JOIN succession ON old_code = store_code
           WHERE canonical IS NOT NULL AND NOT EXISTS (SELECT 1 FROM succession WHERE old_code = canonical)
           GROUP BY canonical)
        WHERE old_code = lender`,
    );
    this.#discard = database.prepare(
      `DELETE FROM succession WHERE old_code IN
         (SELECT old_code FROM succession ORDER BY old_code LIMIT ?)`,
    );
  }

  succeed(pairs: SuccessorPairs, options: StoreCallOptions): readonly WriteOutcome[] {
    const rows = checkPairs(pairs);
    if (rows === 0) return this.#transactions.read(options, () => []);
    const ordered = inKeyOrder(pairs);
    return this.#transactions.write(options, () => {
      if (this.#rotations.leadingTo(isBeforeSwitch) === undefined) {
        throw new RenkeiError('OPTION_INVALID', 'succeed: no rotation leads to another store key');
      }
      // Most batches are new as a whole: then one statement is enough.
      if (this.#transactions.attempt(() => this.#insertKnown.run(ordered).changes === rows)) {
        return new Array<WriteOutcome>(rows).fill('inserted');
      }
      return Array.from({ length: rows }, (_, k) =>
        this.succeedOne(row(pairs.oldCodes, CODE_LENGTH, k), row(pairs.newCodes, CODE_LENGTH, k)),
      );
    });
  }

  /** Records one successor; belongs inside a transaction. */
  succeedOne(oldCode: Uint8Array, newCode: Uint8Array): WriteOutcome {
    if (this.#isKnown.get(oldCode) === 0) return 'existed';
    if (this.#isKnown.get(newCode) === 1) return 'conflict';
    if (this.#succession.record(oldCode, newCode)) return 'inserted';
    return this.#isRecorded.get(oldCode, newCode) === 1 ? 'existed' : 'conflict';
  }

  /**
   * The successors that came with a batch, when they are under the key that a rotation leads to. Inside a
   * transaction.
   */
  wanted(successors: Successors | undefined): Uint8Array | undefined {
    if (successors === undefined) return undefined;
    const target = this.#rotations.leadingTo(isBeforeSwitch);
    return target?.storeKeyVersion === successors.storeKeyVersion ? successors.codes : undefined;
  }

  /**
   * Records the successors that came with issuances, before these are inserted: every code is then a known one, or one
   * that is about to be, and so no successor. Inside a transaction.
   */
  takeIssued(oldCodes: Uint8Array, successors: Successors | undefined): void {
    const newCodes = this.wanted(successors);
    if (newCodes === undefined) return;
    const given = new Set(codeTexts(oldCodes));
    const kept = codeTexts(newCodes).flatMap((code, k) => (given.has(code) ? [] : [k]));
    if (kept.length === 0) return;
    const pairs = { oldCodes: pickCodes(oldCodes, kept), newCodes: pickCodes(newCodes, kept) };
    this.#insertIssued.run(inKeyOrder(pairs));
  }

  successors(oldCodes: Uint8Array, options: StoreCallOptions): KnownSuccessors {
    const rows = checkStoreCodes(oldCodes);
    const found = this.#transactions.read(options, () => this.#succession.successors(oldCodes));
    const missing = Array.from({ length: rows }, (_, k) => k).filter((k) => !found.has(k));
    return { newCodes: replaced(new Uint8Array(oldCodes.length), found), missing };
  }

  /** Reads on until the page is full: most people have a successor. */
  async withoutSuccessor({ after, limit, ...options }: PageRequest): Promise<Uint8Array> {
    const codes: Uint8Array[] = [];
    await scanPieces(this.#transactions, options, (piece): ScannedPiece => {
      const start = piece.after.length === 0 && after !== undefined ? after : piece.after;
      const rows = this.#without.all({ ...piece, after: start });
      for (const [code, isWithout] of rows) {
        if (isWithout === 1 && codes.length < limit) codes.push(storedCode(code));
      }
      const last = codes.length < limit ? rows.at(-1)?.[0] : undefined;
      return { rows: rows.length, last: last === undefined ? null : storedCode(last) };
    });
    return Uint8Array.from(Buffer.concat(codes));
  }

  lend(options: StoreCallOptions): number {
    return this.#transactions.write(options, () =>
      this.#rotations.leadingTo(isBeforeSwitch) === undefined ? 0 : this.#lend.run().changes,
    );
  }

  discard(limit: number, options: StoreCallOptions): number {
    checkLimit('discardSuccessors', limit);
    return this.#transactions.write(options, () => {
      const target = this.#rotations.leadingTo((status) => status === 'aborting');
      return target === undefined ? 0 : this.#discard.run(limit).changes;
    });
  }
}

function inKeyOrder({ oldCodes, newCodes }: SuccessorPairs): Pairs {
  const rows = oldCodes.length / CODE_LENGTH;
  if (isInKeyOrder(oldCodes)) return { codes: oldCodes, newCodes, rows };
  const order = keyOrder(oldCodes);
  return { codes: inOrder(oldCodes, order), newCodes: inOrder(newCodes, order), rows };
}
