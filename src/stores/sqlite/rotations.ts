import type { Database, Statement } from 'better-sqlite3';
import type { StoreCallOptions, WriteOutcome } from '../port.js';
import { checkHold, checkMove, checkNewRotation, excludes, isBeforeSwitch } from '../rotation-arguments.js';
import type {
  NewRotation,
  RotationMove,
  RotationRecord,
  RotationStatus,
  StoreOutlook,
} from '../rotation-port.js';
import type { KeyRecords } from './key-records.js';
import type { Notes } from './notes.js';
import type { RotationParts } from './rotation-parts.js';
import type { Succession } from './succession.js';
import type { Transactions } from './transactions.js';

/** A rotation as its row holds it; it leads to no other store key where two are null. */
type RotationRow = Omit<RotationRecord, 'successor'> & {
  readonly generation: number | null;
  readonly storeKeyVersion: number | null;
};
/** What a rotation is judged by, without what is large. */
type Standing = Pick<RotationRow, 'id' | 'kind' | 'subject' | 'status' | 'generation' | 'storeKeyVersion'>;

interface RotationsParts {
  readonly transactions: Transactions;
  readonly keys: KeyRecords;
  readonly notes: Notes;
  readonly parts: RotationParts;
  readonly succession: Succession;
}

/** Rotations and what is going on with the keys. */
export class Rotations {
  readonly #parts: RotationsParts;
  readonly #outlook: Statement<[], { readonly epoch: number; readonly holdUntil: number }>;
  readonly #standings: Statement<[], Standing>;
  readonly #all: Statement<[], RotationRow>;
  readonly #one: Statement<[number], Pick<RotationRow, 'status' | 'notebook'>>;
  readonly #insert: Statement<[RotationRow]>;
  readonly #update: Statement<[Pick<RotationMove, 'id' | 'to' | 'at' | 'from'> & { notebook: string }]>;
  readonly #hold: Statement<[number]>;
  readonly #nextEpoch: Statement<[]>;

  constructor(database: Database, parts: RotationsParts) {
    this.#parts = parts;
    this.#outlook = database.prepare('SELECT epoch, hold_until AS holdUntil FROM outlook');
    this.#standings = database.prepare(
      'SELECT id, kind, subject, status, generation, store_key_version AS storeKeyVersion FROM rotation ORDER BY id',
    );
    this.#all = database.prepare(
      `SELECT id, kind, subject, status, generation, store_key_version AS storeKeyVersion, parts, plan, notebook,
              created_at AS createdAt, changed_at AS changedAt FROM rotation ORDER BY id`,
    );
    this.#one = database.prepare('SELECT status, notebook FROM rotation WHERE id = ?');
    this.#insert = database.prepare(
      `INSERT INTO rotation VALUES (@id, @kind, @subject, @status, @generation, @storeKeyVersion, @parts, @createdAt,
         @changedAt, @plan, @notebook)`,
    );
    this.#update = database.prepare(
      `UPDATE rotation SET status = @to, notebook = @notebook, changed_at = iif(@from = @to, changed_at, @at)
        WHERE id = @id`,
    );
    this.#hold = database.prepare('UPDATE outlook SET hold_until = ?');
    this.#nextEpoch = database.prepare('UPDATE outlook SET epoch = epoch + 1, hold_until = 0');
  }

  outlook(options: StoreCallOptions): StoreOutlook {
    return this.#parts.transactions.read(options, () => {
      const outlook = this.#outlook.get() as { readonly epoch: number; readonly holdUntil: number };
      const successor = this.leadingTo(isBeforeSwitch);
      return { ...outlook, ...(successor === undefined ? {} : { successor }) };
    });
  }

  /** The generation and store key that a rotation of such a status leads to; belongs inside a transaction. */
  leadingTo(is: (status: RotationStatus) => boolean): RotationRecord['successor'] {
    for (const { status, generation, storeKeyVersion } of this.#standings.all()) {
      if (generation !== null && storeKeyVersion !== null && is(status))
        return { generation, storeKeyVersion };
    }
    return undefined;
  }

  all(options: StoreCallOptions): readonly RotationRecord[] {
    const rows = this.#parts.transactions.read(options, () => this.#all.all());
    return rows.map(({ generation, storeKeyVersion, ...rotation }) =>
      generation === null || storeKeyVersion === null
        ? rotation
        : { ...rotation, successor: { generation, storeKeyVersion } },
    );
  }

  begin(rotation: NewRotation, options: StoreCallOptions): number | undefined {
    checkNewRotation(rotation);
    return this.#parts.transactions.write(options, () => {
      const standings = this.#standings.all();
      if (standings.some((one) => excludes(one, rotation.subject))) return undefined;
      const { kind, subject, notes, successor, parts, plan, createdAt } = rotation;
      const id = standings.length + 1;
      this.#insert.run({
        ...{
          id,
          kind,
          subject,
          parts,
          plan,
          createdAt,
          changedAt: createdAt,
          status: 'running',
          notebook: '',
        },
        generation: successor?.generation ?? null,
        storeKeyVersion: successor?.storeKeyVersion ?? null,
      });
      this.#parts.parts.open(id, parts);
      this.#parts.notes.want(id, notes);
      return id;
    });
  }

  move(move: RotationMove, options: StoreCallOptions): WriteOutcome {
    checkMove(move);
    const { id, from, to, keys: transitions = [], at } = move;
    const { transactions, keys } = this.#parts;
    return transactions.write(options, () => {
      const rotation = this.#one.get(id);
      if (rotation === undefined) return 'conflict';
      const notebook = move.notebook ?? rotation.notebook;
      const isThere = rotation.status === to && rotation.notebook === notebook;
      if (isThere && keys.areInTheirStates(transitions)) return 'existed';
      if (rotation.status !== from || (from !== to && !this.#mayGo(id, to))) return 'conflict';
      if (!keys.change(transitions, at)) return 'conflict';
      this.#update.run({ id, from, to, at, notebook });
      if (from !== to) this.#arrive(id, to);
      return 'inserted';
    });
  }

  #mayGo(id: number, to: RotationStatus): boolean {
    const { parts, notes, succession } = this.#parts;
    if (to === 'aborted' || to === 'retired') return !succession.any();
    if (to === 'verified') return !parts.isAnyOpen(id);
    return to !== 'switched' || !(parts.isAnyOpen(id) || notes.isAnyOf(id));
  }

  #arrive(id: number, to: RotationStatus): void {
    const { parts, notes } = this.#parts;
    if (to === 'switched' || to === 'retiring') this.#nextEpoch.run();
    if (to === 'switched' || to === 'aborting') notes.unwant(id);
    if (to === 'aborted' || to === 'retired') {
      parts.forget(id);
      notes.forgetUnwanted();
    }
  }

  hold(until: number, options: StoreCallOptions): void {
    checkHold(until);
    this.#parts.transactions.write(options, () => this.#hold.run(until));
  }
}
