import type { Database, Statement } from 'better-sqlite3';
import { parseKeyName } from '../../codes/key-names.js';
import type { InstitutionCode } from '../../subjects/institution-code.js';
import { checkKeyRecord, outcomeOfBeginning, unknownInstitution } from '../arguments.js';
import type { KeyRecord, WriteOutcome } from '../port.js';

/** The keys on record and the institutions known by them. */
export class KeyRecords {
  readonly #database: Database;
  readonly #selectAll: Statement<[], KeyRecord>;
  readonly #institutionId: Statement<[string], number>;

  constructor(database: Database) {
    this.#database = database;
    this.#selectAll = database.prepare(
      'SELECT name, fingerprint, registered_at AS registeredAt FROM key ORDER BY name',
    );
    this.#institutionId = database
      .prepare<[string], number>('SELECT id FROM institution WHERE code = ?')
      .pluck();
  }

  all(): KeyRecord[] {
    return this.#selectAll.all();
  }

  /** @throws RenkeiError `INSTITUTION_UNKNOWN` */
  institutionId(institution: InstitutionCode): number {
    const id = this.#institutionId.get(institution);
    if (id === undefined) throw unknownInstitution(institution);
    return id;
  }

  begin(records: readonly KeyRecord[]): WriteOutcome {
    for (const record of records) checkKeyRecord(record);
    const write = this.#database.transaction((): WriteOutcome => {
      const outcome = outcomeOfBeginning(this.all(), records);
      if (outcome === 'inserted') for (const record of records) this.#insert(record);
      return outcome;
    });
    return write.immediate();
  }

  register(record: KeyRecord): WriteOutcome {
    checkKeyRecord(record);
    const { name, fingerprint } = record;
    const write = this.#database.transaction((): WriteOutcome => {
      const there = this.#database
        .prepare<[string, string], Pick<KeyRecord, 'name' | 'fingerprint'>>(
          'SELECT name, fingerprint FROM key WHERE name = ? OR fingerprint = ?',
        )
        .all(name, fingerprint);
      if (there.length > 0) {
        const same = there.length === 1 && there[0]?.name === name && there[0].fingerprint === fingerprint;
        return same ? 'existed' : 'conflict';
      }
      this.#insert(record);
      const parsed = parseKeyName(name);
      if (parsed.kind === 'institution') {
        this.#database
          .prepare('INSERT INTO institution (code) VALUES (?) ON CONFLICT DO NOTHING')
          .run(parsed.institution);
      }
      return 'inserted';
    });
    return write.immediate();
  }

  #insert({ name, fingerprint, registeredAt }: KeyRecord): void {
    this.#database.prepare('INSERT INTO key VALUES (?, ?, ?)').run(name, fingerprint, registeredAt);
  }
}
