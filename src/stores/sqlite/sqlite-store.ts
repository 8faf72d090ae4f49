import type { Database, Statement } from 'better-sqlite3';
import { Redacted } from '../../bytes/redacted.js';
import { parseKeyName } from '../../codes/key-names.js';
import { CODE_LENGTH } from '../../codes/per-institution-code.js';
import { checkOptions, integerRule, required, textRule } from '../../errors/options.js';
import { Drain } from '../../lifecycle/drain.js';
import type { InstitutionCode } from '../../subjects/institution-code.js';
import {
  checkIssuance,
  checkKeyRecord,
  checkStoreCodes,
  outcomeOfBeginning,
  unknownInstitution,
} from '../arguments.js';
import { codeTexts } from '../code-texts.js';
import type { IssuanceBatch, IssuanceStore, KeyRecord, StoreCounts, WriteOutcome } from '../port.js';
import { storing } from './faults.js';
import { inKeyOrder } from './key-order.js';
import { openDatabase } from './open-database.js';

/** Options of {@link openSqliteStore}. */
export interface SqliteStoreOptions {
  /**
   * The database file; made when it is not there. Beside it lie its write-ahead log, 128 MiB or more in a large load,
   * and an index of that.
   */
  readonly path: string;
  /** Page cache in MiB, 1 to 65,536. Default 64. */
  readonly cacheMiB?: number;
  /** How long a write waits for another process's, 0 to 600,000 ms. Default 5,000. */
  readonly busyTimeoutMs?: number;
}

/**
 * Opens an issuance store in one SQLite file. Every batch is one transaction, on disk when its promise resolves
 * (write-ahead log, `synchronous = FULL`). SQLite works on the calling thread: a batch of 10,000 rows holds the
 * event loop for some tens of milliseconds, so a server keeps its batches small or its load in another process.
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

/** Cuts the packed codes `@codes` into rows inside SQL, by the numbers in `slice`: binding them one by one costs five times as much. */
const SLICES = `SELECT i, substr(@codes, i * ${CODE_LENGTH} + 1, ${CODE_LENGTH}) AS code FROM slice WHERE i < @rows`;

interface Slices {
  readonly codes: Uint8Array;
  readonly rows: number;
}

type HeldParameters = Slices & { readonly institution: number };
type HeldRow = readonly [index: number, version: number];

class SqliteStore extends Redacted implements IssuanceStore {
  readonly #database: Database;
  readonly #drain = new Drain('store', 'STORE_CLOSED');
  readonly #selectKeys: Statement<[], KeyRecord>;
  readonly #institutionId: Statement<[string], number>;
  readonly #held: Statement<[HeldParameters], HeldRow>;
  readonly #insertPersons: Statement<[Slices & { readonly generation: number; readonly now: number }]>;
  readonly #insertIssuances: Statement<
    [Slices & { readonly institution: number; readonly version: number; readonly now: number }]
  >;

  constructor(database: Database) {
    super();
    this.#database = database;
    this.#selectKeys = database.prepare(
      'SELECT name, fingerprint, registered_at AS registeredAt FROM key ORDER BY name',
    );
    this.#institutionId = database
      .prepare<[string], number>('SELECT id FROM institution WHERE code = ?')
      .pluck();
    this.#held = database
      .prepare<[HeldParameters], HeldRow>(
        `SELECT i, key_version FROM (${SLICES}) CROSS JOIN issuance
          WHERE institution_id = @institution AND store_code = code`,
      )
      .raw();
    // Both are given codes in key order.
    this.#insertPersons = database.prepare(
      `INSERT INTO person SELECT code, @generation, @now FROM (${SLICES}) WHERE true ON CONFLICT DO NOTHING`,
    );
    this.#insertIssuances = database.prepare(
      `INSERT INTO issuance SELECT @institution, code, @version, @now FROM (${SLICES}) WHERE true
         ON CONFLICT DO NOTHING`,
    );
  }

  begin(records: readonly KeyRecord[]): Promise<WriteOutcome> {
    return this.#run('beginning', () => {
      for (const record of records) checkKeyRecord(record);
      const write = this.#database.transaction((): WriteOutcome => {
        const outcome = outcomeOfBeginning(this.#selectKeys.all(), records);
        if (outcome === 'inserted') for (const record of records) this.#insertKey(record);
        return outcome;
      });
      return write.immediate();
    });
  }

  registerKey(record: KeyRecord): Promise<WriteOutcome> {
    return this.#run('registering a key', () => {
      checkKeyRecord(record);
      const write = this.#database.transaction((): WriteOutcome => {
        const { name, fingerprint } = record;
        const there = this.#database
          .prepare<[string, string], Pick<KeyRecord, 'name' | 'fingerprint'>>(
            'SELECT name, fingerprint FROM key WHERE name = ? OR fingerprint = ?',
          )
          .all(name, fingerprint);
        if (there.length > 0) {
          const same = there.length === 1 && there[0]?.name === name && there[0].fingerprint === fingerprint;
          return same ? 'existed' : 'conflict';
        }
        this.#insertKey(record);
        const parsed = parseKeyName(name);
        if (parsed.kind === 'institution') {
          this.#database
            .prepare('INSERT INTO institution (code) VALUES (?) ON CONFLICT DO NOTHING')
            .run(parsed.institution);
        }
        return 'inserted';
      });
      return write.immediate();
    });
  }

  listKeys(): Promise<readonly KeyRecord[]> {
    return this.#run('listing keys', () => this.#selectKeys.all());
  }

  issue(batch: IssuanceBatch): Promise<Uint8Array> {
    return this.#run('issuing', () => {
      const held = new Uint8Array(checkIssuance(batch));
      if (held.length === 0) return held;
      const sorted = inKeyOrder(batch.storeCodes);
      // Most batches are new as a whole, and then the insertion itself has looked up every row.
      if (!this.#insertNew(batch, sorted)) this.#lookUpAndInsert(batch, sorted, held);
      return held;
    });
  }

  heldVersions(institution: InstitutionCode, storeCodes: Uint8Array): Promise<Uint8Array> {
    return this.#run('looking up', () => {
      const rows = checkStoreCodes(storeCodes);
      const held = new Uint8Array(rows);
      if (rows === 0) return held;
      const parameters = { codes: storeCodes, rows, institution: this.#idOf(institution) };
      for (const [index, version] of this.#held.all(parameters)) held[index] = version;
      return held;
    });
  }

  count(): Promise<StoreCounts> {
    return this.#run('counting', () => {
      const count = (table: string) =>
        this.#database.prepare(`SELECT count(*) FROM ${table}`).pluck().get() as number;
      return { keys: count('key'), persons: count('person'), issuances: count('issuance') };
    });
  }

  close(): Promise<void> {
    return this.#drain.close(() => storing('closing the store', () => void this.#database.close()));
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #run<T>(during: string, action: () => T): Promise<T> {
    return this.#drain.run(() => storing(during, action));
  }

  /** Inserts a batch of which no row is there yet; else changes nothing and says false. */
  #insertNew(batch: IssuanceBatch, sorted: Uint8Array): boolean {
    const write = this.#database.transaction(() => {
      if (this.#insert(batch, sorted) !== batch.storeCodes.length / CODE_LENGTH) throw new NotAllNew();
    });
    try {
      write.immediate();
      return true;
    } catch (error) {
      if (error instanceof NotAllNew) return false;
      throw error;
    }
  }

  /** Notes which rows are there and inserts the others. */
  #lookUpAndInsert(batch: IssuanceBatch, sorted: Uint8Array, held: Uint8Array): void {
    const { institution, keyVersion, storeCodes: codes } = batch;
    const rows = held.length;
    const write = this.#database.transaction(() => {
      const there = this.#held.all({ codes, rows, institution: this.#idOf(institution) });
      for (const [index, heldVersion] of there) held[index] = heldVersion;
      if (there.length === rows) return;
      if (this.#insert(batch, sorted) !== rows - there.length) markRepeated(codes, held, keyVersion);
    });
    // The write lock is taken before the look-up: nobody can come between the two.
    write.immediate();
  }

  /** Inserts what is not there, persons and issuances; gives the number of issuances inserted. */
  #insert(batch: IssuanceBatch, sorted: Uint8Array): number {
    const { institution, keyVersion: version, generation, issuedAt: now } = batch;
    const slices = { codes: sorted, rows: sorted.length / CODE_LENGTH };
    const id = this.#idOf(institution);
    const { changes } = this.#insertIssuances.run({ ...slices, institution: id, version, now });
    if (changes > 0) this.#insertPersons.run({ ...slices, generation, now });
    return changes;
  }

  #insertKey({ name, fingerprint, registeredAt }: KeyRecord): void {
    this.#database.prepare('INSERT INTO key VALUES (?, ?, ?)').run(name, fingerprint, registeredAt);
  }

  #idOf(institution: InstitutionCode): number {
    const id = this.#institutionId.get(institution);
    if (id === undefined) throw unknownInstitution(institution);
    return id;
  }
}

/** Thrown inside a transaction to roll it back. */
class NotAllNew extends Error {}

/** Of equal rows in one batch the first was inserted; the others found it there. */
function markRepeated(codes: Uint8Array, held: Uint8Array, version: number): void {
  const seen = new Set<string>();
  for (const [k, code] of codeTexts(codes).entries()) {
    if (held[k] !== 0) continue;
    if (seen.has(code)) held[k] = version;
    seen.add(code);
  }
}
