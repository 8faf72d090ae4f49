import type { Database, Statement } from 'better-sqlite3';
import type { InstitutionCode } from '../../subjects/institution-code.js';
import type { StoreCallOptions } from '../port.js';
import { checkLimit, checkNotes } from '../rotation-arguments.js';
import type { NewRotation, NotedRow } from '../rotation-port.js';
import { SLICES, type Slices } from './ordered-codes.js';
import { storedCode } from './stored-values.js';
import type { Transactions } from './transactions.js';

/** Stands in `noting` for people and aliases, and for everybody; no institution code has an asterisk. */
const PERSONS = '*persons';
const EVERYTHING = '*everything';

/** True of a note and of a row of `noting` that wants it. */
const WANTED = `(whose = '${EVERYTHING}' OR (whose = '${PERSONS}' AND institution_id IS NULL)
  OR whose = (SELECT code FROM institution WHERE id = institution_id))`;

interface NoteRow {
  readonly note: number;
  readonly institution: InstitutionCode | null;
  readonly code: unknown;
}

interface Wanted {
  readonly limit: number;
  readonly institution: InstitutionCode | null;
}

/**
 * Rows that were written while rotations wanted them noted. All but the calls of the port belong inside a
 * transaction.
 */
export class Notes {
  readonly #transactions: Transactions;
  readonly #isWanted: Statement<[string], number>;
  readonly #want: Statement<[string, number]>;
  readonly #unwant: Statement<[number]>;
  readonly #anyOf: Statement<[number], number>;
  readonly #forget: Statement<[]>;
  readonly #newIssuances: Statement<[Slices & { readonly institution: number }]>;
  readonly #newPersons: Statement<[Slices]>;
  readonly #person: Statement<[Uint8Array]>;
  readonly #forgetCode: Statement<[Uint8Array]>;
  readonly #all: Statement<[Wanted], NoteRow>;
  readonly #ofInstitution: Statement<[Wanted], NoteRow>;
  readonly #settle: Statement<[string]>;

  constructor(database: Database, transactions: Transactions) {
    this.#transactions = transactions;
    this.#isWanted = database
      .prepare<[string], number>(`SELECT EXISTS (SELECT 1 FROM noting WHERE whose IN (?, '${EVERYTHING}'))`)
      .pluck();
    this.#want = database.prepare('INSERT INTO noting VALUES (?, ?) ON CONFLICT DO NOTHING');
    this.#unwant = database.prepare('DELETE FROM noting WHERE rotation_id = ?');
    this.#anyOf = database
      .prepare<[number], number>(
        `SELECT EXISTS (SELECT 1 FROM noting CROSS JOIN noted WHERE rotation_id = ? AND ${WANTED})`,
      )
      .pluck();
    this.#forget = database.prepare(
      `DELETE FROM noted WHERE NOT EXISTS (SELECT 1 FROM noting WHERE ${WANTED})`,
    );
    this.#newIssuances = database.prepare(
      `INSERT INTO noted (institution_id, store_code)
         SELECT DISTINCT @institution, code FROM (${SLICES}) WHERE NOT EXISTS
           (SELECT 1 FROM issuance WHERE institution_id = @institution AND store_code = code)`,
    );
    this.#newPersons = database.prepare(
      `INSERT INTO noted (store_code)
         SELECT DISTINCT code FROM (${SLICES})
          WHERE NOT EXISTS (SELECT 1 FROM person WHERE store_code = code)
            AND NOT EXISTS (SELECT 1 FROM succession WHERE old_code = code)`,
    );
    this.#person = database.prepare('INSERT INTO noted (store_code) VALUES (?)');
    this.#forgetCode = database.prepare('DELETE FROM noted WHERE store_code = ?');
    const select = (where: string) => `
      SELECT seq AS note, code AS institution, store_code AS code
        FROM noted LEFT JOIN institution ON id = institution_id ${where} ORDER BY seq LIMIT @limit`;
    this.#all = database.prepare(select('WHERE @institution IS NULL'));
    this.#ofInstitution = database.prepare(
      select('WHERE institution_id = (SELECT id FROM institution WHERE code = @institution)'),
    );
    this.#settle = database.prepare('DELETE FROM noted WHERE seq IN (SELECT value FROM json_each(?))');
  }

  /** From now on new rows are noted. */
  want(rotation: number, notes: NewRotation['notes']): void {
    const all = notes === 'persons' ? [PERSONS] : notes === 'everything' ? [EVERYTHING] : notes;
    for (const whose of all) this.#want.run(whose, rotation);
  }

  /** A rotation wants no more rows noted. */
  unwant(rotation: number): void {
    this.#unwant.run(rotation);
  }

  /** True while a row that this rotation wants noted is not settled. */
  isAnyOf(rotation: number): boolean {
    return this.#anyOf.get(rotation) === 1;
  }

  /** Forgets what no rotation wants. */
  forgetUnwanted(): void {
    this.#forget.run();
  }

  /** Are new issuances of an institution noted? */
  wantsIssuances(institution: InstitutionCode): boolean {
    return this.#isWanted.get(institution) === 1;
  }

  /** Are new people noted? */
  wantsPersons(): boolean {
    return this.#isWanted.get(PERSONS) === 1;
  }

  /** Notes the issuances of a batch that are not there yet: before they are inserted. */
  noteNewIssuances(institution: number, slices: Slices): void {
    this.#newIssuances.run({ ...slices, institution });
  }

  /** Notes the people of a batch that are not there yet and have no successor: before they are inserted. */
  noteNewPersons(slices: Slices): void {
    this.#newPersons.run(slices);
  }

  notePerson(code: Uint8Array): void {
    this.#person.run(code);
  }

  /** Forgets all notes of a store code. */
  forget(code: Uint8Array): void {
    this.#forgetCode.run(code);
  }

  noted(
    limit: number,
    institution: InstitutionCode | undefined,
    options: StoreCallOptions,
  ): readonly NotedRow[] {
    checkLimit('noted', limit);
    const select = institution === undefined ? this.#all : this.#ofInstitution;
    const rows = this.#transactions.read(options, () =>
      select.all({ limit, institution: institution ?? null }),
    );
    return rows.map(({ note, institution: whose, code }) => ({
      note,
      ...(whose === null ? {} : { institution: whose }),
      storeCode: storedCode(code),
    }));
  }

  settle(notes: readonly number[], options: StoreCallOptions): void {
    checkNotes(notes);
    this.#transactions.write(options, () => this.#settle.run(JSON.stringify(notes)));
  }
}
