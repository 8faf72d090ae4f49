import type { Database, Statement } from 'better-sqlite3';
import { parseKeyName } from '../../codes/key-names.js';
import type { InstitutionCode } from '../../subjects/institution-code.js';
import { checkKeyRecord, outcomeOfBeginning, unknownInstitution } from '../arguments.js';
import { afterTransitions, areInTheirStates, stateAtRegistration, statesAtBeginning } from '../key-states.js';
import type { KeyRecord, KeyState, RecordedKey, StoreCallOptions, WriteOutcome } from '../port.js';
import type { KeyTransition } from '../rotation-port.js';
import type { Transactions } from './transactions.js';

type Since = Partial<Record<KeyState, number>>;
interface KeyRow {
  readonly name: KeyRecord['name'];
  readonly fingerprint: string;
  readonly registeredAt: number;
  readonly generation: number | null;
  readonly state: KeyState;
  /** The dates of all states as JSON; null for one it has never been in. */
  readonly since: string;
}

/** The keys on record and the institutions known by them. */
export class KeyRecords {
  readonly #transactions: Transactions;
  readonly #selectAll: Statement<[], KeyRow>;
  readonly #institutionId: Statement<[string], number>;
  readonly #insertInstitution: Statement<[string]>;
  readonly #write: Statement<[KeyRow]>;

  constructor(database: Database, transactions: Transactions) {
    this.#transactions = transactions;
    this.#selectAll = database.prepare(
      `SELECT name, fingerprint, registered_at AS registeredAt, generation, state,
              json_object('pre-active', pre_active_at, 'active', active_at, 'accepting', accepting_at,
                          'retired', retired_at, 'destroyed', destroyed_at) AS since
         FROM key ORDER BY name`,
    );
    this.#institutionId = database
      .prepare<[string], number>('SELECT id FROM institution WHERE code = ?')
      .pluck();
    this.#insertInstitution = database.prepare(
      'INSERT INTO institution (code) VALUES (?) ON CONFLICT DO NOTHING',
    );
    this.#write = database.prepare(
      `INSERT INTO key VALUES (@name, @fingerprint, @registeredAt, @generation, @state, @since ->> 'pre-active',
         @since ->> 'active', @since ->> 'accepting', @since ->> 'retired', @since ->> 'destroyed')
         ON CONFLICT (name) DO UPDATE SET state = excluded.state, pre_active_at = excluded.pre_active_at,
           active_at = excluded.active_at, accepting_at = excluded.accepting_at,
           retired_at = excluded.retired_at, destroyed_at = excluded.destroyed_at`,
    );
  }

  /** All keys; belongs inside a transaction. */
  all(): RecordedKey[] {
    return this.#selectAll.all().map(({ since, generation, ...key }) => ({
      ...key,
      ...(generation === null ? {} : { generation }),
      since: datesOf(since),
    }));
  }

  list(options: StoreCallOptions): readonly RecordedKey[] {
    return this.#transactions.read(options, () => this.all());
  }

  /** @throws RenkeiError `INSTITUTION_UNKNOWN` */
  institutionId(institution: InstitutionCode): number {
    const id = this.#institutionId.get(institution);
    if (id === undefined) throw unknownInstitution(institution);
    return id;
  }

  begin(records: readonly KeyRecord[], options: StoreCallOptions): WriteOutcome {
    for (const record of records) checkKeyRecord(record);
    return this.#transactions.write(options, () => {
      const outcome = outcomeOfBeginning(this.all(), records);
      if (outcome === 'inserted') for (const key of statesAtBeginning(records)) this.#put(key);
      return outcome;
    });
  }

  register(record: KeyRecord, options: StoreCallOptions): WriteOutcome {
    checkKeyRecord(record);
    const { name, fingerprint } = record;
    return this.#transactions.write(options, () => {
      const recorded = this.all();
      const there = recorded.filter((key) => key.name === name || key.fingerprint === fingerprint);
      if (there.length > 0) {
        const same = there.length === 1 && there[0]?.name === name && there[0].fingerprint === fingerprint;
        return same ? 'existed' : 'conflict';
      }
      this.#put(stateAtRegistration(recorded, record));
      const parsed = parseKeyName(name);
      if (parsed.kind === 'institution') this.#insertInstitution.run(parsed.institution);
      return 'inserted';
    });
  }

  /** True when every key is in the state that it goes to; belongs inside a transaction. */
  areInTheirStates(transitions: readonly KeyTransition[]): boolean {
    return areInTheirStates(this.all(), transitions);
  }

  /**
   * Changes states of keys; false, and no change, when one is in another state than the one it goes from. Belongs
   * inside a transaction.
   *
   * @throws RenkeiError `OPTION_INVALID` when an audience would have two active keys
   */
  change(transitions: readonly KeyTransition[], at: number): boolean {
    const changed = afterTransitions(this.all(), transitions, at);
    if (changed === undefined) return false;
    const names = new Set(transitions.map(({ name }) => name));
    for (const key of changed) if (names.has(key.name)) this.#put(key);
    return true;
  }

  #put({ generation, since, ...key }: RecordedKey): void {
    this.#write.run({ ...key, generation: generation ?? null, since: JSON.stringify(since) });
  }
}

function datesOf(json: string): Since {
  const dates = Object.entries(JSON.parse(json) as Record<KeyState, number | null>);
  return Object.fromEntries(dates.filter(([, at]) => at !== null));
}
