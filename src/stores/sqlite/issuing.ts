import type { Database, Statement } from 'better-sqlite3';
import { CODE_LENGTH } from '../../codes/per-institution-code.js';
import type { InstitutionCode } from '../../subjects/institution-code.js';
import { checkIssuance, checkStoreCodes } from '../arguments.js';
import type { HeldRows, IssuanceBatch, StoreCallOptions } from '../port.js';
import type { KeyRecords } from './key-records.js';
import type { Notes } from './notes.js';
import { type OrderedCodes, orderCodes, SLICES, type Slices } from './ordered-codes.js';
import type { PersonCodes } from './person-codes.js';
import { storedVersion } from './stored-values.js';
import type { Succeeding } from './succeeding.js';
import type { Transactions } from './transactions.js';

type HeldParameters = Slices & { readonly institution: number };
type HeldRow = readonly [place: number, version: unknown];

const NO_ROWS: HeldRows = { versions: new Uint8Array(0), canonical: new Map(), aliases: new Set() };

/** What issuing works with. */
interface IssuingParts {
  readonly transactions: Transactions;
  readonly keys: KeyRecords;
  readonly codes: PersonCodes;
  readonly succeeding: Succeeding;
  readonly notes: Notes;
}

/** The duplicate check: records what was issued, and looks up what is on record. */
export class Issuing {
  readonly #transactions: Transactions;
  readonly #keys: KeyRecords;
  readonly #codes: PersonCodes;
  readonly #succeeding: Succeeding;
  readonly #notes: Notes;
  readonly #held: Statement<[HeldParameters], HeldRow>;
  readonly #insertPersons: Statement<[Slices & { readonly generation: number; readonly now: number }]>;
  readonly #insertIssuances: Statement<[HeldParameters & { readonly version: number; readonly now: number }]>;

  constructor(database: Database, { transactions, keys, codes, succeeding, notes }: IssuingParts) {
    this.#transactions = transactions;
    this.#keys = keys;
    this.#codes = codes;
    this.#succeeding = succeeding;
    this.#notes = notes;
    this.#held = database
      .prepare<[HeldParameters], HeldRow>(
        `SELECT i, key_version FROM (${SLICES}) CROSS JOIN issuance
          WHERE institution_id = @institution AND store_code = code`,
      )
      .raw();
    this.#insertPersons = database.prepare(
      `INSERT INTO person SELECT code, @generation, @now, NULL FROM (${SLICES}) WHERE true ON CONFLICT DO NOTHING`,
    );
    this.#insertIssuances = database.prepare(
      `INSERT INTO issuance SELECT @institution, code, @version, @now FROM (${SLICES}) WHERE true
         ON CONFLICT DO NOTHING`,
    );
  }

  issue(batch: IssuanceBatch, options: StoreCallOptions): HeldRows {
    if (checkIssuance(batch) === 0) return this.#transactions.read(options, () => NO_ROWS);
    // Before the lock is taken: nobody need wait for it.
    const given = orderCodes(batch.storeCodes);
    // The write lock is taken before the first look-up: nobody can come between it and the insertion.
    const write = (insert: (own: OrderedCodes) => Uint8Array) =>
      this.#transactions.write(options, (): HeldRows => {
        const { codes, canonical, aliases } = this.#codes.ofAll(batch.storeCodes);
        this.#succeeding.takeIssued(batch.storeCodes, batch.successors);
        return {
          versions: insert(codes === batch.storeCodes ? given : orderCodes(codes)),
          canonical,
          aliases,
        };
      });
    try {
      // Most batches are new as a whole, or there as a whole: then one pass over the rows is enough.
      return write((own) => this.#insertAllOrNone(batch, own));
    } catch (error) {
      if (!(error instanceof PartlyNew)) throw error;
      return write((own) => this.#insertMissing(batch, own));
    }
  }

  lookUp(institution: InstitutionCode, storeCodes: Uint8Array, options: StoreCallOptions): HeldRows {
    if (checkStoreCodes(storeCodes) === 0) return this.#transactions.read(options, () => NO_ROWS);
    return this.#transactions.read(options, (): HeldRows => {
      const { codes, canonical, aliases } = this.#codes.ofAll(storeCodes);
      const versions = this.#heldVersions(this.#keys.institutionId(institution), orderCodes(codes));
      return { versions, canonical, aliases };
    });
  }

  /** Inserts a batch of which no row is there yet, or finds that all are; else the transaction is undone. */
  #insertAllOrNone(batch: IssuanceBatch, own: OrderedCodes): Uint8Array {
    const inserted = this.#insert(batch, own);
    if (inserted === own.slices.rows) return new Uint8Array(inserted);
    if (inserted > 0) throw new PartlyNew();
    return this.#heldVersions(this.#keys.institutionId(batch.institution), own);
  }

  /** Notes which rows are there and inserts the others. */
  #insertMissing(batch: IssuanceBatch, own: OrderedCodes): Uint8Array {
    const held = this.#heldVersions(this.#keys.institutionId(batch.institution), own);
    this.#insert(batch, own);
    markRepeated(own, held, batch.keyVersion);
    return held;
  }

  #heldVersions(institution: number, { slices, givenAt }: OrderedCodes): Uint8Array {
    const held = new Uint8Array(slices.rows);
    for (const [place, version] of this.#held.all({ ...slices, institution })) {
      held[givenAt(place)] = storedVersion(version);
    }
    return held;
  }

  /** Inserts what is not there, persons and issuances; gives the number of issuances inserted. */
  #insert(batch: IssuanceBatch, { slices }: OrderedCodes): number {
    const { keyVersion: version, generation, issuedAt: now } = batch;
    const institution = this.#keys.institutionId(batch.institution);
    if (this.#notes.wantsPersons()) this.#notes.noteNewPersons(slices);
    if (this.#notes.wantsIssuances(batch.institution)) this.#notes.noteNewIssuances(institution, slices);
    const { changes } = this.#insertIssuances.run({ ...slices, institution, version, now });
    if (changes > 0) this.#insertPersons.run({ ...slices, generation, now });
    return changes;
  }
}

/** Thrown inside a transaction to roll it back. */
class PartlyNew extends Error {}

/** Of rows of one person in one batch the first was inserted; the others found it there. */
function markRepeated({ slices, givenAt }: OrderedCodes, held: Uint8Array, version: number): void {
  const codes = Buffer.from(slices.codes.buffer, slices.codes.byteOffset, slices.codes.byteLength);
  for (let k = 1; k < slices.rows; k++) {
    const start = k * CODE_LENGTH;
    const same = codes.compare(codes, start - CODE_LENGTH, start, start, start + CODE_LENGTH) === 0;
    if (same && held[givenAt(k)] === 0) held[givenAt(k)] = version;
  }
}
