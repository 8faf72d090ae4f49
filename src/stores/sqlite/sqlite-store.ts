import type { Database } from 'better-sqlite3';
import { Redacted } from '../../bytes/redacted.js';
import { checkOptions, integerRule, required, textRule } from '../../errors/options.js';
import { Drain } from '../../lifecycle/drain.js';
import type { InstitutionCode } from '../../subjects/institution-code.js';
import { checkStoreCall } from '../arguments.js';
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
  RemovedPerson,
  StoreCallOptions,
  StoreCounts,
  StoreFinding,
  WriteOutcome,
} from '../port.js';
import { Aliases } from './aliases.js';
import { checkStore } from './checking.js';
import { storeError, storing } from './faults.js';
import { Issuing } from './issuing.js';
import { KeyRecords } from './key-records.js';
import { openDatabase } from './open-database.js';
import { People } from './people.js';
import { Reading } from './reading.js';
import { countIssued } from './statistics.js';

/** Options of {@link openSqliteStore}. */
export interface SqliteStoreOptions {
  /**
   * The database file; made when it is not there. Beside it lie its write-ahead log, 64 MiB or more in a large load,
   * and an index of that.
   */
  readonly path: string;
  /** Page cache in MiB, 1 to 65,536. Default 64. */
  readonly cacheMiB?: number;
  /** How long a write waits for another process's, 0 to 600,000 ms. Default 5,000. */
  readonly busyTimeoutMs?: number;
}

/**
 * Opens an issuance store in one SQLite file; one of an older schema is brought up to date. Every batch is one
 * transaction, on disk when its promise resolves (write-ahead log, `synchronous = FULL`). SQLite works on the calling
 * thread: a batch of 10,000 rows holds the event loop for some tens of milliseconds, so a server keeps its batches
 * small or its load in another process.
 *
 * @throws RenkeiError `OPTION_UNKNOWN`, `OPTION_INVALID`, `STORE_SCHEMA`, `STORE_CORRUPT` or `STORE_FAULT`
 */
export async function openSqliteStore(options: SqliteStoreOptions): Promise<IssuanceStore> {
  checkOptions('openSqliteStore', options, {
    path: required(textRule),
    cacheMiB: integerRule(1, 65_536),
    busyTimeoutMs: integerRule(0, 600_000),
  });
  const { path, cacheMiB = 64, busyTimeoutMs = 5_000 } = options;
  return storing('opening the store', () => {
    const database = openDatabase(path, cacheMiB, busyTimeoutMs);
    try {
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
  readonly #keys: KeyRecords;
  readonly #issuing: Issuing;
  readonly #people: People;
  readonly #reading: Reading;

  constructor(database: Database) {
    super();
    this.#database = database;
    const aliases = new Aliases(database);
    this.#keys = new KeyRecords(database);
    this.#issuing = new Issuing(database, this.#keys, aliases);
    this.#people = new People(database, aliases);
    this.#reading = new Reading(database, this.#keys, aliases);
  }

  begin(records: readonly KeyRecord[], options: StoreCallOptions = {}): Promise<WriteOutcome> {
    return this.#run('begin', options, () => this.#keys.begin(records));
  }

  registerKey(record: KeyRecord, options: StoreCallOptions = {}): Promise<WriteOutcome> {
    return this.#run('registerKey', options, () => this.#keys.register(record));
  }

  listKeys(options: StoreCallOptions = {}): Promise<readonly KeyRecord[]> {
    return this.#run('listKeys', options, () => this.#keys.all());
  }

  issue(batch: IssuanceBatch, options: StoreCallOptions = {}): Promise<HeldRows> {
    return this.#run('issue', options, () => this.#issuing.issue(batch));
  }

  lookUp(
    institution: InstitutionCode,
    storeCodes: Uint8Array,
    options: StoreCallOptions = {},
  ): Promise<HeldRows> {
    return this.#run('lookUp', options, () => this.#issuing.lookUp(institution, storeCodes));
  }

  details(
    institution: InstitutionCode,
    storeCodes: Uint8Array,
    options: StoreCallOptions = {},
  ): Promise<readonly (IssuanceDetails | undefined)[]> {
    return this.#run('details', options, () => this.#reading.details(institution, storeCodes));
  }

  holders(
    storeCodes: Uint8Array,
    options: StoreCallOptions = {},
  ): Promise<readonly (readonly InstitutionCode[])[]> {
    return this.#run('holders', options, () => this.#reading.holders(storeCodes));
  }

  change(batch: ChangeBatch, options: StoreCallOptions = {}): Promise<readonly WriteOutcome[]> {
    return this.#run('change', options, () => this.#people.change(batch));
  }

  remove(storeCodes: Uint8Array, options: StoreCallOptions = {}): Promise<readonly RemovedPerson[]> {
    return this.#run('remove', options, () => this.#people.remove(storeCodes));
  }

  persons(page: PageRequest): Promise<PersonPage> {
    return this.#run('persons', {}, () => this.#reading.persons(page));
  }

  issuances(institution: InstitutionCode, page: PageRequest): Promise<IssuancePage> {
    return this.#run('issuances', {}, () => this.#reading.issuances(institution, page));
  }

  statistics(options: StoreCallOptions = {}): Promise<readonly IssuanceStatistic[]> {
    return this.#run('statistics', options, () => countIssued(this.#database, options));
  }

  check(options: StoreCallOptions = {}): Promise<readonly StoreFinding[]> {
    return this.#run('check', options, () => checkStore(this.#database, options));
  }

  count(options: StoreCallOptions = {}): Promise<StoreCounts> {
    return this.#run('count', options, () => this.#reading.count());
  }

  close(): Promise<void> {
    return this.#drain.close(() => storing('closing the store', () => void this.#database.close()));
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #run<T>(call: string, options: StoreCallOptions, action: () => T | Promise<T>): Promise<T> {
    return this.#drain.run(async () => {
      checkStoreCall(call, options);
      try {
        return await action();
      } catch (error) {
        throw storeError(call, error);
      }
    });
  }
}
