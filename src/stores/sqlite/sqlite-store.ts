import type { Database } from 'better-sqlite3';
import { Redacted } from '../../bytes/redacted.js';
import { Drain } from '../../lifecycle/drain.js';
import type { InstitutionCode } from '../../subjects/institution-code.js';
import { checkPage, checkStoreCall } from '../arguments.js';
import type {
  ChangeBatch,
  HeldRows,
  IssuanceBatch,
  IssuanceDetails,
  IssuancePage,
  IssuanceStatistic,
  IssuanceStore,
  KeyRecord,
  PageRequest,
  PersonPage,
  RecordedKey,
  RemovedPerson,
  StoreCallOptions,
  StoreCounts,
  StoreFinding,
  WriteOutcome,
} from '../port.js';
import type {
  KnownSuccessors,
  NewRotation,
  NotedRow,
  PartClaim,
  RotationMove,
  RotationPart,
  RotationRecord,
  StoreOutlook,
  SuccessorPairs,
} from '../rotation-port.js';
import { checkStore } from './checking.js';
import { storeError, storing } from './faults.js';
import { Issuing } from './issuing.js';
import { KeyRecords } from './key-records.js';
import { Moving } from './moving.js';
import { Notes } from './notes.js';
import { openDatabase } from './open-database.js';
import { numberSlices } from './ordered-codes.js';
import { People } from './people.js';
import { PersonCodes } from './person-codes.js';
import { Reading } from './reading.js';
import { RotationParts } from './rotation-parts.js';
import { Rotations } from './rotations.js';
import { ISSUANCE_SCHEMA } from './schema.js';
import { checkSqliteOptions, type SqliteStoreOptions } from './sqlite-store-options.js';
import { countIssued } from './statistics.js';
import { Succeeding } from './succeeding.js';
import { Succession } from './succession.js';
import { epochOf, Transactions } from './transactions.js';

/**
 * Opens an issuance store in one SQLite file; one of an older schema is brought up to date. Every batch is one
 * transaction, on disk when its promise resolves (write-ahead log, `synchronous = FULL`). SQLite works on the calling
 * thread: a batch of 10,000 rows holds the event loop for some tens of milliseconds, so a server keeps its batches
 * small or its load in another process.
 *
 * @throws RenkeiError `OPTION_UNKNOWN`, `OPTION_INVALID`, `STORE_SCHEMA`, `STORE_CORRUPT` or `STORE_FAULT`
 */
export async function openSqliteStore(options: SqliteStoreOptions): Promise<IssuanceStore> {
  const settings = checkSqliteOptions('openSqliteStore', options);
  return storing('opening the store', () => {
    const database = openDatabase(ISSUANCE_SCHEMA, settings);
    try {
      numberSlices(database);
      return new SqliteStore(database);
    } catch (error) {
      database.close();
      throw error;
    }
  });
}

class SqliteStore extends Redacted implements IssuanceStore {
  readonly #database: Database;
  readonly #drain = new Drain('store', 'STORE_CLOSED');
  readonly #transactions: Transactions;
  readonly #keys: KeyRecords;
  readonly #issuing: Issuing;
  readonly #people: People;
  readonly #reading: Reading;
  readonly #notes: Notes;
  readonly #parts: RotationParts;
  readonly #rotations: Rotations;
  readonly #succeeding: Succeeding;
  readonly #moving: Moving;

  constructor(database: Database) {
    super();
    this.#database = database;
    const transactions = new Transactions(database, epochOf(database));
    const succession = new Succession(database);
    const codes = new PersonCodes(database, succession);
    const keys = new KeyRecords(database, transactions);
    const notes = new Notes(database, transactions);
    const parts = new RotationParts(database, transactions);
    const rotations = new Rotations(database, { transactions, keys, notes, parts, succession });
    const succeeding = new Succeeding(database, transactions, rotations, succession);
    this.#transactions = transactions;
    this.#keys = keys;
    this.#notes = notes;
    this.#parts = parts;
    this.#rotations = rotations;
    this.#succeeding = succeeding;
    this.#issuing = new Issuing(database, { transactions, keys, codes, succeeding, notes });
    this.#people = new People(database, { transactions, codes, succession, succeeding, notes });
    this.#reading = new Reading(database, transactions, keys, codes);
    this.#moving = new Moving(database, transactions, rotations);
  }

  begin(records: readonly KeyRecord[], options: StoreCallOptions = {}): Promise<WriteOutcome> {
    return this.#run('begin', options, () => this.#keys.begin(records, options));
  }

  registerKey(record: KeyRecord, options: StoreCallOptions = {}): Promise<WriteOutcome> {
    return this.#run('registerKey', options, () => this.#keys.register(record, options));
  }

  listKeys(options: StoreCallOptions = {}): Promise<readonly RecordedKey[]> {
    return this.#run('listKeys', options, () => this.#keys.list(options));
  }

  issue(batch: IssuanceBatch, options: StoreCallOptions = {}): Promise<HeldRows> {
    return this.#run('issue', options, () => this.#issuing.issue(batch, options));
  }

  lookUp(
    institution: InstitutionCode,
    storeCodes: Uint8Array,
    options: StoreCallOptions = {},
  ): Promise<HeldRows> {
    return this.#run('lookUp', options, () => this.#issuing.lookUp(institution, storeCodes, options));
  }

  details(
    institution: InstitutionCode,
    storeCodes: Uint8Array,
    options: StoreCallOptions = {},
  ): Promise<readonly (IssuanceDetails | undefined)[]> {
    return this.#run('details', options, () => this.#reading.details(institution, storeCodes, options));
  }

  holders(
    storeCodes: Uint8Array,
    options: StoreCallOptions = {},
  ): Promise<readonly (readonly InstitutionCode[])[]> {
    return this.#run('holders', options, () => this.#reading.holders(storeCodes, options));
  }

  change(batch: ChangeBatch, options: StoreCallOptions = {}): Promise<readonly WriteOutcome[]> {
    return this.#run('change', options, () => this.#people.change(batch, options));
  }

  remove(storeCodes: Uint8Array, options: StoreCallOptions = {}): Promise<readonly RemovedPerson[]> {
    return this.#run('remove', options, () => this.#people.remove(storeCodes, options));
  }

  persons(page: PageRequest): Promise<PersonPage> {
    return this.#page('persons', page, () => this.#reading.persons(page));
  }

  issuances(institution: InstitutionCode, page: PageRequest): Promise<IssuancePage> {
    return this.#page('issuances', page, () => this.#reading.issuances(institution, page));
  }

  statistics(options: StoreCallOptions = {}): Promise<readonly IssuanceStatistic[]> {
    return this.#run('statistics', options, () => countIssued(this.#database, this.#transactions, options));
  }

  check(options: StoreCallOptions = {}): Promise<readonly StoreFinding[]> {
    return this.#run('check', options, () => checkStore(this.#database, this.#transactions, options));
  }

  count(options: StoreCallOptions = {}): Promise<StoreCounts> {
    return this.#run('count', options, () => this.#reading.count(options));
  }

  outlook(options: StoreCallOptions = {}): Promise<StoreOutlook> {
    return this.#run('outlook', options, () => this.#rotations.outlook(options));
  }

  beginRotation(rotation: NewRotation, options: StoreCallOptions = {}): Promise<number | undefined> {
    return this.#run('beginRotation', options, () => this.#rotations.begin(rotation, options));
  }

  rotations(options: StoreCallOptions = {}): Promise<readonly RotationRecord[]> {
    return this.#run('rotations', options, () => this.#rotations.all(options));
  }

  moveRotation(move: RotationMove, options: StoreCallOptions = {}): Promise<WriteOutcome> {
    return this.#run('moveRotation', options, () => this.#rotations.move(move, options));
  }

  hold(until: number, options: StoreCallOptions = {}): Promise<void> {
    return this.#run('hold', options, () => this.#rotations.hold(until, options));
  }

  claimPart(claim: PartClaim, options: StoreCallOptions = {}): Promise<number | undefined> {
    return this.#run('claimPart', options, () => this.#parts.claim(claim, options));
  }

  finishPart(
    id: number,
    part: number,
    report: string,
    options: StoreCallOptions = {},
  ): Promise<WriteOutcome> {
    return this.#run('finishPart', options, () => this.#parts.finish(id, part, report, options));
  }

  parts(id: number, options: StoreCallOptions = {}): Promise<readonly RotationPart[]> {
    return this.#run('parts', options, () => this.#parts.list(id, options));
  }

  noted(
    limit: number,
    institution?: InstitutionCode,
    options: StoreCallOptions = {},
  ): Promise<readonly NotedRow[]> {
    return this.#run('noted', options, () => this.#notes.noted(limit, institution, options));
  }

  settle(notes: readonly number[], options: StoreCallOptions = {}): Promise<void> {
    return this.#run('settle', options, () => this.#notes.settle(notes, options));
  }

  succeed(pairs: SuccessorPairs, options: StoreCallOptions = {}): Promise<readonly WriteOutcome[]> {
    return this.#run('succeed', options, () => this.#succeeding.succeed(pairs, options));
  }

  successors(oldCodes: Uint8Array, options: StoreCallOptions = {}): Promise<KnownSuccessors> {
    return this.#run('successors', options, () => this.#succeeding.successors(oldCodes, options));
  }

  withoutSuccessor(page: PageRequest): Promise<Uint8Array> {
    return this.#page('withoutSuccessor', page, () => this.#succeeding.withoutSuccessor(page));
  }

  lendSuccessors(options: StoreCallOptions = {}): Promise<number> {
    return this.#run('lendSuccessors', options, () => this.#succeeding.lend(options));
  }

  moveRows(limit: number, options: StoreCallOptions = {}): Promise<number> {
    return this.#run('moveRows', options, () => this.#moving.move(limit, options));
  }

  discardSuccessors(limit: number, options: StoreCallOptions = {}): Promise<number> {
    return this.#run('discardSuccessors', options, () => this.#succeeding.discard(limit, options));
  }

  close(): Promise<void> {
    return this.#drain.close(() => storing('closing the store', () => void this.#database.close()));
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #run<T>(call: string, options: StoreCallOptions, action: () => T | Promise<T>): Promise<T> {
    return this.#storing(call, () => checkStoreCall(call, options), action);
  }

  #page<T>(call: string, page: PageRequest, action: () => T | Promise<T>): Promise<T> {
    return this.#storing(call, () => checkPage(page), action);
  }

  #storing<T>(call: string, check: () => void, action: () => T | Promise<T>): Promise<T> {
    return this.#drain.run(async () => {
      check();
      try {
        return await action();
      } catch (error) {
        throw storeError(call, error);
      }
    });
  }
}
