import type { Database, Statement } from 'better-sqlite3';
import { row } from '../../bytes/packed.js';
import { CODE_LENGTH } from '../../codes/per-institution-code.js';
import { checkChange, checkStoreCodes } from '../arguments.js';
import type { ChangeBatch, RemovedIssuance, RemovedPerson, StoreCallOptions, WriteOutcome } from '../port.js';
import type { Notes } from './notes.js';
import type { PersonCodes } from './person-codes.js';
import { storedCode, storedMoment, storedVersion } from './stored-values.js';
import type { Succeeding } from './succeeding.js';
import type { Succession } from './succession.js';
import type { Transactions } from './transactions.js';

interface PersonRow {
  readonly code: Uint8Array;
  readonly generation: number;
  readonly changedAt: number;
  readonly canonical: Uint8Array | null;
}

/** What the life of people is kept with. */
interface PeopleParts {
  readonly transactions: Transactions;
  readonly codes: PersonCodes;
  readonly succession: Succession;
  readonly succeeding: Succeeding;
  readonly notes: Notes;
}

/** What happens to a person after issuance: the resident record code is changed, the person is deleted. */
export class People {
  readonly #transactions: Transactions;
  readonly #codes: PersonCodes;
  readonly #succession: Succession;
  readonly #succeeding: Succeeding;
  readonly #notes: Notes;
  readonly #isKnown: Statement<[Uint8Array], number>;
  readonly #insert: Statement<[PersonRow]>;
  readonly #issuances: Statement<[Uint8Array], RemovedIssuance>;
  readonly #deleteIssuances: Statement<[Uint8Array]>;
  readonly #aliases: Statement<[Uint8Array], unknown>;
  readonly #deletePerson: Statement<[Uint8Array]>;

  constructor(database: Database, { transactions, codes, succession, succeeding, notes }: PeopleParts) {
    this.#transactions = transactions;
    this.#codes = codes;
    this.#succession = succession;
    this.#succeeding = succeeding;
    this.#notes = notes;
    this.#isKnown = database
      .prepare<[Uint8Array], number>('SELECT EXISTS (SELECT 1 FROM person WHERE store_code = ?)')
      .pluck();
    this.#insert = database.prepare(
      'INSERT INTO person VALUES (@code, @generation, @changedAt, @canonical) ON CONFLICT DO NOTHING',
    );
    this.#issuances = database.prepare(
      `SELECT code AS institution, key_version AS keyVersion, issued_at AS issuedAt
         FROM institution CROSS JOIN issuance ON institution_id = id AND store_code = ? ORDER BY code`,
    );
    this.#deleteIssuances = database.prepare(
      'DELETE FROM issuance WHERE institution_id IN (SELECT id FROM institution) AND store_code = ?',
    );
    this.#aliases = database
      .prepare<[Uint8Array], unknown>('SELECT store_code FROM person INDEXED BY alias_of WHERE canonical = ?')
      .pluck();
    this.#deletePerson = database.prepare('DELETE FROM person WHERE store_code = ?');
  }

  change(batch: ChangeBatch, options: StoreCallOptions): readonly WriteOutcome[] {
    const pairs = checkChange(batch);
    if (pairs === 0) return this.#transactions.read(options, () => []);
    return this.#transactions.write(options, () => {
      const added: Uint8Array[] = [];
      const outcomes = Array.from({ length: pairs }, (_, k) =>
        this.#changeOne(
          batch,
          row(batch.oldCodes, CODE_LENGTH, k),
          row(batch.newCodes, CODE_LENGTH, k),
          added,
        ),
      );
      const successors = this.#succeeding.wanted(batch.successors);
      for (let k = 0; successors !== undefined && k < pairs; k++) {
        if (outcomes[k] === 'conflict') continue;
        this.#succeeding.succeedOne(row(batch.newCodes, CODE_LENGTH, k), row(successors, CODE_LENGTH, k));
      }
      if (this.#notes.wantsPersons()) {
        for (const code of added) if (!this.#succession.hasSuccessor(code)) this.#notes.notePerson(code);
      }
      return outcomes;
    });
  }

  #changeOne(
    { generation, changedAt }: ChangeBatch,
    oldCode: Uint8Array,
    newCode: Uint8Array,
    added: Uint8Array[],
  ): WriteOutcome {
    const own = this.#codes.ofOne(oldCode);
    if (Buffer.compare(this.#codes.ofOne(newCode), own) === 0) return 'existed';
    if (this.#isKnown.get(this.#succession.storedUnder(newCode)) === 1) return 'conflict';
    if (this.#insert.run({ code: own, generation, changedAt, canonical: null }).changes > 0) added.push(own);
    // Straight to the person's own code, so that no alias ever leads to another.
    this.#insert.run({ code: newCode, generation, changedAt, canonical: own });
    added.push(newCode);
    // Written under the new key: it stays when the person is moved.
    if (this.#succession.isSwitched() && this.#succession.hasSuccessor(own)) {
      this.#succession.record(newCode, newCode);
    }
    return 'inserted';
  }

  remove(storeCodes: Uint8Array, options: StoreCallOptions): readonly RemovedPerson[] {
    const rows = checkStoreCodes(storeCodes);
    if (rows === 0) return this.#transactions.read(options, () => []);
    return this.#transactions.write(options, () =>
      Array.from({ length: rows }, (_, k) => this.#removeOne(row(storeCodes, CODE_LENGTH, k))),
    );
  }

  #removeOne(code: Uint8Array): RemovedPerson {
    const own = this.#codes.ofOne(code);
    const issuances = this.#issuances.all(own).map(({ institution, keyVersion, issuedAt }) => ({
      institution,
      keyVersion: storedVersion(keyVersion),
      issuedAt: storedMoment(issuedAt),
    }));
    if (issuances.length > 0) this.#deleteIssuances.run(own);
    let storeCodes = 0;
    for (const one of [...this.#aliases.all(own).map(storedCode), own]) {
      storeCodes += this.#deletePerson.run(one).changes;
      this.#succession.forget(one);
      this.#notes.forget(one);
    }
    return { storeCodes, issuances };
  }
}
