import type { InstitutionCode } from '../../subjects/institution-code.js';
import type { WriteOutcome } from '../port.js';
import { excludes, isAfterSwitch, isBeforeSwitch } from '../rotation-arguments.js';
import type {
  NewRotation,
  PartClaim,
  RotationMove,
  RotationPart,
  RotationRecord,
  RotationStatus,
  StoreOutlook,
} from '../rotation-port.js';
import type { KeyBook } from './key-book.js';
import type { NoteBook } from './note-book.js';

interface Part {
  report?: string;
  claim?: { readonly worker: string; readonly until: number };
}

interface Entry {
  record: RotationRecord;
  readonly notes: NewRotation['notes'];
  parts: readonly Part[];
}

/** Rotations, the work on them, and what is going on with the keys. */
export class RotationBook {
  readonly #entries: Entry[] = [];
  #epoch = 0;
  #holdUntil = 0;

  /** As `outlook` of the port. */
  outlook(): StoreOutlook {
    const successor = this.leadingTo(isBeforeSwitch);
    return {
      epoch: this.#epoch,
      holdUntil: this.#holdUntil,
      ...(successor === undefined ? {} : { successor: { ...successor } }),
    };
  }

  /** As `hold` of the port. */
  hold(until: number): void {
    this.#holdUntil = until;
  }

  /** The generation and store key that a rotation of such a status leads to. */
  leadingTo(is: (status: RotationStatus) => boolean): RotationRecord['successor'] {
    return this.#entries.find(({ record }) => record.successor !== undefined && is(record.status))?.record
      .successor;
  }

  /** True when the store key that a rotation leads to is the active one, and not all rows are under it. */
  get isSwitched(): boolean {
    return this.leadingTo(isAfterSwitch) !== undefined;
  }

  /** True for rows that a rotation before its switch wants noted: an institution's, or people. */
  wants(institution: InstitutionCode | undefined): boolean {
    return this.#entries.some(
      ({ record, notes }) => isBeforeSwitch(record.status) && isOf(notes, institution),
    );
  }

  /** As `beginRotation` of the port. */
  begin({ notes, ...rotation }: NewRotation): number | undefined {
    if (this.#entries.some(({ record }) => excludes(record, rotation.subject))) return undefined;
    const id = this.#entries.length + 1;
    const record: RotationRecord = {
      ...structuredClone(rotation),
      id,
      status: 'running',
      changedAt: rotation.createdAt,
      notebook: '',
    };
    const parts = Array.from({ length: rotation.parts }, () => ({}));
    this.#entries.push({ record, notes: typeof notes === 'string' ? notes : [...notes], parts });
    return id;
  }

  /** All rotations, in the order of their ids. */
  all(): readonly RotationRecord[] {
    return this.#entries.map(({ record }) => structuredClone(record));
  }

  /**
   * As `moveRotation` of the port.
   *
   * @param hasSuccessors true while successors of people are recorded
   */
  move(move: RotationMove, keys: KeyBook, noted: NoteBook, hasSuccessors: boolean): WriteOutcome {
    const { id, from, to, keys: transitions = [], notebook, at } = move;
    const entry = this.#entries[id - 1];
    if (entry === undefined) return 'conflict';
    const { record } = entry;
    const isWritten = notebook === undefined || notebook === record.notebook;
    if (record.status === to && isWritten && keys.areMoved(transitions)) return 'existed';
    if (record.status !== from) return 'conflict';
    if (from !== to && !this.#mayGo(entry, to, noted, hasSuccessors)) return 'conflict';
    if (!keys.move(transitions, at)) return 'conflict';
    entry.record = {
      ...record,
      status: to,
      changedAt: from === to ? record.changedAt : at,
      notebook: notebook ?? record.notebook,
    };
    if (from !== to) this.#arrive(entry, to, noted);
    return 'inserted';
  }

  /** As `claimPart` of the port. */
  claim({ id, worker, now, leaseMs }: PartClaim): number | undefined {
    const entry = this.#entries[id - 1];
    if (entry?.record.status !== 'running') return undefined;
    const part = entry.parts.findIndex(
      ({ report, claim }) =>
        report === undefined && (claim === undefined || claim.worker === worker || claim.until <= now),
    );
    if (part < 0) return undefined;
    (entry.parts[part] as Part).claim = { worker, until: now + leaseMs };
    return part;
  }

  /** As `finishPart` of the port. */
  finish(id: number, part: number, report: string): WriteOutcome {
    const work = this.#entries[id - 1]?.parts[part];
    if (work === undefined) return 'conflict';
    if (work.report !== undefined) return 'existed';
    work.report = report;
    return 'inserted';
  }

  /** As `parts` of the port. */
  parts(id: number): readonly RotationPart[] {
    const parts = this.#entries[id - 1]?.parts ?? [];
    return parts.map(({ report }, part) => (report === undefined ? { part } : { part, report }));
  }

  #mayGo(
    { record, parts, notes }: Entry,
    to: RotationStatus,
    noted: NoteBook,
    hasSuccessors: boolean,
  ): boolean {
    if (to === 'aborted' || to === 'retired') return record.successor === undefined || !hasSuccessors;
    const isOpen = parts.some(({ report }) => report === undefined);
    if (to === 'verified') return !isOpen;
    return to !== 'switched' || !(isOpen || noted.some((institution) => isOf(notes, institution)));
  }

  #arrive(entry: Entry, to: RotationStatus, noted: NoteBook): void {
    if (to === 'switched' || to === 'retiring') {
      this.#epoch++;
      this.#holdUntil = 0;
    }
    if (to === 'aborted' || to === 'retired') {
      entry.parts = [];
      noted.forget((institution) => isOf(entry.notes, institution) && !this.wants(institution));
    }
  }
}

function isOf(notes: NewRotation['notes'], institution: InstitutionCode | undefined): boolean {
  if (notes === 'everything') return true;
  return institution === undefined ? notes === 'persons' : notes !== 'persons' && notes.includes(institution);
}
