import type { Database, Statement } from 'better-sqlite3';
import type { StoreCallOptions, WriteOutcome } from '../port.js';
import { checkClaim, checkReport, checkRotationId } from '../rotation-arguments.js';
import type { PartClaim, RotationPart } from '../rotation-port.js';
import type { Transactions } from './transactions.js';

interface PartRow {
  readonly part: number;
  readonly report: string | null;
}

/** The work of rotations, by part: `slice` holds the numbers of as many parts as there may be. */
export class RotationParts {
  readonly #transactions: Transactions;
  readonly #insert: Statement<[{ readonly id: number; readonly parts: number }]>;
  readonly #delete: Statement<[number]>;
  readonly #anyOpen: Statement<[number], number>;
  readonly #claim: Statement<[Omit<PartClaim, 'leaseMs'> & { readonly until: number }], number>;
  readonly #one: Statement<[number, number], PartRow>;
  readonly #finish: Statement<[string, number, number]>;
  readonly #all: Statement<[number], PartRow>;

  constructor(database: Database, transactions: Transactions) {
    this.#transactions = transactions;
    this.#insert = database.prepare(
      'INSERT INTO rotation_part (rotation_id, part) SELECT @id, i FROM slice WHERE i < @parts',
    );
    this.#delete = database.prepare('DELETE FROM rotation_part WHERE rotation_id = ?');
    this.#anyOpen = database
      .prepare<[number], number>(
        'SELECT EXISTS (SELECT 1 FROM rotation_part WHERE rotation_id = ? AND report IS NULL)',
      )
      .pluck();
    this.#claim = database
      .prepare<[Omit<PartClaim, 'leaseMs'> & { readonly until: number }], number>(
        `UPDATE rotation_part SET worker = @worker, held_until = @until
          WHERE rotation_id = @id AND part =
            (SELECT part FROM rotation_part INDEXED BY part_open
              WHERE rotation_id = @id AND report IS NULL
                AND (worker IS NULL OR worker = @worker OR held_until <= @now)
                AND EXISTS (SELECT 1 FROM rotation WHERE id = @id AND status = 'running')
              ORDER BY part LIMIT 1)
          RETURNING part`,
      )
      .pluck();
    this.#one = database.prepare('SELECT part, report FROM rotation_part WHERE rotation_id = ? AND part = ?');
    this.#finish = database.prepare('UPDATE rotation_part SET report = ? WHERE rotation_id = ? AND part = ?');
    this.#all = database.prepare(
      'SELECT part, report FROM rotation_part WHERE rotation_id = ? ORDER BY part',
    );
  }

  /** Opens the parts of a new rotation; belongs inside a transaction, as the next two do. */
  open(id: number, parts: number): void {
    this.#insert.run({ id, parts });
  }

  /** Forgets the parts of a rotation. */
  forget(id: number): void {
    this.#delete.run(id);
  }

  /** True while a part is to be done. */
  isAnyOpen(id: number): boolean {
    return this.#anyOpen.get(id) === 1;
  }

  claim(claim: PartClaim, options: StoreCallOptions): number | undefined {
    checkClaim(claim);
    const { id, worker, now, leaseMs } = claim;
    const parameters = { id, worker, now, until: now + leaseMs };
    // All, since a statement that returns rows has ended only when it has returned the last.
    return this.#transactions.write(options, () => this.#claim.all(parameters))[0];
  }

  finish(id: number, part: number, report: string, options: StoreCallOptions): WriteOutcome {
    checkReport(id, part, report);
    return this.#transactions.write(options, () => {
      const there = this.#one.get(id, part);
      if (there === undefined) return 'conflict';
      if (there.report !== null) return 'existed';
      this.#finish.run(report, id, part);
      return 'inserted';
    });
  }

  list(id: number, options: StoreCallOptions): readonly RotationPart[] {
    checkRotationId('parts', id);
    const rows = this.#transactions.read(options, () => this.#all.all(id));
    return rows.map(({ part, report }) => (report === null ? { part } : { part, report }));
  }
}
