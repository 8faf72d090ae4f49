import type { Database, Statement } from 'better-sqlite3';
import { row } from '../../bytes/packed.js';
import { CODE_LENGTH } from '../../codes/per-institution-code.js';
import { checkChange, checkStoreCodes } from '../arguments.js';
import type { ChangeBatch, RemovedIssuance, RemovedPerson, WriteOutcome } from '../port.js';
import type { Aliases } from './aliases.js';
import { storedMoment, storedVersion } from './stored-values.js';

interface PersonRow {
  readonly code: Uint8Array;
  readonly generation: number;
  readonly changedAt: number;
  readonly canonical: Uint8Array | null;
}

/** What happens to a person after issuance: the resident record code is changed, the person is deleted. */
export class People {
  readonly #database: Database;
  readonly #aliases: Aliases;
  readonly #isKnown: Statement<[Uint8Array], number>;
  readonly #insert: Statement<[PersonRow]>;
  readonly #issuances: Statement<[Uint8Array], RemovedIssuance>;
  readonly #deleteIssuances: Statement<[Uint8Array]>;
  readonly #deleteAliases: Statement<[Uint8Array]>;
  readonly #deletePerson: Statement<[Uint8Array]>;

  constructor(database: Database, aliases: Aliases) {
    this.#database = database;
    this.#aliases = aliases;
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
    this.#deleteAliases = database.prepare('DELETE FROM person INDEXED BY alias_of WHERE canonical = ?');
    this.#deletePerson = database.prepare('DELETE FROM person WHERE store_code = ?');
  }

  change(batch: ChangeBatch): readonly WriteOutcome[] {
    const pairs = checkChange(batch);
    if (pairs === 0) return [];
    const write = this.#database.transaction(() =>
      Array.from({ length: pairs }, (_, k) =>
        this.#changeOne(batch, row(batch.oldCodes, CODE_LENGTH, k), row(batch.newCodes, CODE_LENGTH, k)),
      ),
    );
    return write.immediate();
  }

  #changeOne({ generation, changedAt }: ChangeBatch, oldCode: Uint8Array, newCode: Uint8Array): WriteOutcome {
    const own = this.#aliases.ownCode(oldCode);
    if (Buffer.compare(this.#aliases.ownCode(newCode), own) === 0) return 'existed';
    if (this.#isKnown.get(newCode) === 1) return 'conflict';
    this.#insert.run({ code: own, generation, changedAt, canonical: null });
    // Straight to the person's own code, so that no alias ever leads to another.
    this.#insert.run({ code: newCode, generation, changedAt, canonical: own });
    return 'inserted';
  }

  remove(storeCodes: Uint8Array): readonly RemovedPerson[] {
    const rows = checkStoreCodes(storeCodes);
    if (rows === 0) return [];
    const write = this.#database.transaction(() =>
      Array.from({ length: rows }, (_, k) => this.#removeOne(row(storeCodes, CODE_LENGTH, k))),
    );
    return write.immediate();
  }

  #removeOne(code: Uint8Array): RemovedPerson {
    const own = this.#aliases.ownCode(code);
    const issuances = this.#issuances.all(own).map(({ institution, keyVersion, issuedAt }) => ({
      institution,
      keyVersion: storedVersion(keyVersion),
      issuedAt: storedMoment(issuedAt),
    }));
    if (issuances.length > 0) this.#deleteIssuances.run(own);
    const storeCodes = this.#deleteAliases.run(own).changes + this.#deletePerson.run(own).changes;
    return { storeCodes, issuances };
  }
}
