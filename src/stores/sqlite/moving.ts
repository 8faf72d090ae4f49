import type { Database, Statement } from 'better-sqlite3';
import type { StoreCallOptions } from '../port.js';
import { checkLimit } from '../rotation-arguments.js';
import type { Rotations } from './rotations.js';
import { institutionsWithIssuances } from './scanning.js';
import type { Transactions } from './transactions.js';

/** The pairs of the people who are moved in one transaction; empty outside of one. */
const MOVING = `
  CREATE TEMP TABLE moving (
    old_code BLOB NOT NULL PRIMARY KEY,
    new_code BLOB NOT NULL
  ) WITHOUT ROWID;
`;

/** Re-keys rows in place: whole people, in the order of their old codes. */
export class Moving {
  readonly #database: Database;
  readonly #transactions: Transactions;
  readonly #rotations: Rotations;
  readonly #pick: Statement<[number]>;
  readonly #anyAlias: Statement<[], number>;
  readonly #aliases: readonly Statement<[]>[];
  readonly #forget: Statement<[]>;
  readonly #keepNew: Statement<[]>;
  readonly #insertPersons: Statement<[number]>;
  readonly #deletePersons: Statement<[]>;
  readonly #insertIssuances: Statement<[number]>;
  readonly #deleteIssuances: Statement<[number]>;
  readonly #clear: Statement<[]>;

  constructor(database: Database, transactions: Transactions, rotations: Rotations) {
    this.#database = database;
    this.#transactions = transactions;
    this.#rotations = rotations;
    database.exec(MOVING);
    this.#pick = database.prepare(
      'INSERT INTO moving SELECT old_code, new_code FROM succession ORDER BY old_code LIMIT ?',
    );
    this.#anyAlias = database
      .prepare<[], number>(
        'SELECT EXISTS (SELECT 1 FROM person INDEXED BY alias WHERE canonical IS NOT NULL)',
      )
      .pluck();
    this.#aliases = [
      // The people whose aliases were picked,
      `INSERT OR IGNORE INTO moving
         SELECT own.old_code, own.new_code FROM moving
           CROSS JOIN person INDEXED BY alias ON store_code = moving.old_code AND canonical IS NOT NULL
           CROSS JOIN succession AS own ON own.old_code = canonical`,
      // all aliases of these people,
      `INSERT OR IGNORE INTO moving
         SELECT other.old_code, other.new_code FROM moving
           CROSS JOIN person INDEXED BY alias_of ON canonical = moving.old_code
           CROSS JOIN succession AS other ON other.old_code = store_code`,
      // but not those without a successor: nobody can name them any more.
      `DELETE FROM person WHERE store_code IN
         (SELECT store_code FROM moving CROSS JOIN person AS alias INDEXED BY alias_of ON canonical = old_code)
         AND store_code NOT IN (SELECT old_code FROM moving)`,
      `UPDATE person INDEXED BY alias_of
          SET canonical = (SELECT new_code FROM moving WHERE old_code = canonical)
        WHERE canonical IN (SELECT old_code FROM moving)`,
    ].map((statement) => database.prepare(statement));
    this.#forget = database.prepare('DELETE FROM succession WHERE old_code IN (SELECT old_code FROM moving)');
    // Aliases that are under the new key already.
    this.#keepNew = database.prepare('DELETE FROM moving WHERE old_code = new_code');
    this.#insertPersons = database.prepare(
      `INSERT INTO person
         SELECT new_code, ?, created_at, canonical FROM moving CROSS JOIN person ON store_code = old_code
          ORDER BY new_code`,
    );
    this.#deletePersons = database.prepare(
      'DELETE FROM person WHERE store_code IN (SELECT old_code FROM moving)',
    );
    this.#insertIssuances = database.prepare(
      `INSERT INTO issuance
         SELECT institution_id, new_code, key_version, issued_at FROM moving
           CROSS JOIN issuance ON institution_id = ? AND store_code = old_code ORDER BY new_code`,
    );
    this.#deleteIssuances = database.prepare(
      'DELETE FROM issuance WHERE institution_id = ? AND store_code IN (SELECT old_code FROM moving)',
    );
    this.#clear = database.prepare('DELETE FROM moving');
  }

  move(limit: number, options: StoreCallOptions): number {
    checkLimit('moveRows', limit);
    return this.#transactions.write(options, () => {
      const target = this.#rotations.leadingTo((status) => status === 'retiring');
      if (target === undefined) return 0;
      let moved = 0;
      // A successor of nobody moves nothing: 0 is for the end.
      while (moved === 0 && this.#pick.run(limit).changes > 0) moved = this.#movePicked(target.generation);
      return moved;
    });
  }

  #movePicked(generation: number): number {
    if (this.#anyAlias.get() === 1) for (const statement of this.#aliases) statement.run();
    this.#forget.run();
    this.#keepNew.run();
    const moved = this.#insertPersons.run(generation).changes;
    this.#deletePersons.run();
    for (const institution of institutionsWithIssuances(this.#database)) {
      if (this.#insertIssuances.run(institution).changes > 0) this.#deleteIssuances.run(institution);
    }
    this.#clear.run();
    return moved;
  }
}
