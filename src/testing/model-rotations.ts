import { RenkeiError } from '../errors/renkei-error.js';
import type { RecordedKey, StoreCallOptions, WriteOutcome } from '../stores/port.js';
import type {
  NewRotation,
  PartClaim,
  RotationMove,
  RotationPart,
  RotationRecord,
  RotationStatus,
  StoreOutlook,
} from '../stores/rotation-port.js';
import type { InstitutionCode } from '../subjects/institution-code.js';

/** A row that was noted. */
export interface Note {
  readonly note: number;
  readonly code: string;
  readonly institution: InstitutionCode | undefined;
}

interface Rotation {
  record: RotationRecord;
  readonly notes: NewRotation['notes'];
  parts: { report?: string; worker?: string; until?: number }[];
}

interface Moved {
  readonly outcome: WriteOutcome;
  readonly keys: readonly RecordedKey[];
  readonly notes: readonly Note[];
}

const BEFORE_SWITCH: readonly RotationStatus[] = ['running', 'paused', 'verified'];
const OVER: readonly RotationStatus[] = ['retired', 'destroyed', 'aborted'];

/** What the model knows of rotations. */
export class ModelRotations {
  readonly list: Rotation[] = [];
  holdUntil = 0;
  #epoch = 0;

  /** Refuses a call of another epoch. */
  compare({ epoch }: StoreCallOptions): void {
    if (epoch !== undefined && epoch !== this.#epoch) throw new RenkeiError('KEYS_CHANGED', 'another epoch');
  }

  outlook(): StoreOutlook {
    const successor = this.successorIn(...BEFORE_SWITCH);
    const outlook = { epoch: this.#epoch, holdUntil: this.holdUntil };
    return successor === undefined ? outlook : { ...outlook, successor };
  }

  /** What a rotation in one of these statuses leads to. */
  successorIn(...statuses: readonly RotationStatus[]): RotationRecord['successor'] {
    const rotations = this.list.filter(({ record }) => statuses.includes(record.status));
    return rotations.map(({ record }) => record.successor).find((successor) => successor !== undefined);
  }

  isSwitched(): boolean {
    return this.successorIn('switched', 'retiring') !== undefined;
  }

  /** True for rows that a rotation wants noted: of an institution, or of people. */
  wants(institution: InstitutionCode | undefined, but?: Rotation): boolean {
    return this.list.some(
      (one) => one !== but && BEFORE_SWITCH.includes(one.record.status) && isWanted(one.notes, institution),
    );
  }

  begin({ notes, ...rotation }: NewRotation): number | undefined {
    const open = this.list.filter(({ record }) => !OVER.includes(record.status));
    const subjects = open.map(({ record }) => record.subject);
    if (subjects.includes('*') || subjects.includes(rotation.subject)) return undefined;
    const isWaiting = ({ kind, status }: RotationRecord) => kind === 'record-period' && status === 'switched';
    if (rotation.subject === '*' && !open.every(({ record }) => isWaiting(record))) return undefined;
    const id = this.list.length + 1;
    const record = {
      ...rotation,
      id,
      status: 'running',
      changedAt: rotation.createdAt,
      notebook: '',
    } as const;
    this.list.push({ record, notes, parts: Array.from({ length: rotation.parts }, () => ({})) });
    return id;
  }

  move(move: RotationMove, keys: readonly RecordedKey[], notes: readonly Note[], pairs: number): Moved {
    const { id, from, to, keys: transitions = [], notebook, at } = move;
    const unmoved = { keys, notes };
    const rotation = this.list.find(({ record }) => record.id === id);
    if (rotation === undefined) return { outcome: 'conflict', ...unmoved };
    const { record, parts } = rotation;
    const inStates = (which: 'from' | 'to') =>
      transitions.every((one) => keys.find((key) => key.name === one.name)?.state === one[which]);
    if (record.status === to && (notebook ?? record.notebook) === record.notebook && inStates('to')) {
      return { outcome: 'existed', ...unmoved };
    }
    const isOpen = parts.some(({ report }) => report === undefined);
    const own = (note: Note) => isWanted(rotation.notes, note.institution);
    const hindered =
      ((to === 'verified' || to === 'switched') && from !== to && isOpen) ||
      (to === 'switched' && from !== to && notes.some(own)) ||
      ((to === 'retired' || to === 'aborted') && from !== to && pairs > 0);
    if (record.status !== from || hindered || !inStates('from')) return { outcome: 'conflict', ...unmoved };
    const moved = keys.map((key) => {
      const state = transitions.find(({ name }) => name === key.name)?.to ?? key.state;
      return state === key.state ? key : { ...key, state, since: { ...key.since, [state]: at } };
    });
    const active = moved.filter(({ state }) => state === 'active').map(({ name }) => name);
    const families = active.map((name) => (name.startsWith('record/') ? name : name.replace(/\d+$/, '')));
    if (new Set(families).size < families.length) {
      throw new RenkeiError('OPTION_INVALID', 'two active keys of one audience');
    }
    rotation.record = {
      ...record,
      status: to,
      changedAt: from === to ? record.changedAt : at,
      notebook: notebook ?? record.notebook,
    };
    if (from === to) return { outcome: 'inserted', ...unmoved };
    if (to === 'switched' || to === 'retiring') {
      this.#epoch++;
      this.holdUntil = 0;
    }
    if (to !== 'retired' && to !== 'aborted') return { outcome: 'inserted', keys: moved, notes };
    rotation.parts = [];
    const left = notes.filter((note) => !own(note) || this.wants(note.institution, rotation));
    return { outcome: 'inserted', keys: moved, notes: left };
  }

  claim({ id, worker, now, leaseMs }: PartClaim): number | undefined {
    const rotation = this.list.find(({ record }) => record.id === id && record.status === 'running');
    for (const [k, part] of rotation?.parts.entries() ?? []) {
      if (part.report !== undefined) continue;
      if (part.worker !== undefined && part.worker !== worker && now < (part.until ?? 0)) continue;
      part.worker = worker;
      part.until = now + leaseMs;
      return k;
    }
    return undefined;
  }

  finish(id: number, part: number, report: string): WriteOutcome {
    const one = this.list.find(({ record }) => record.id === id)?.parts[part];
    if (one === undefined) return 'conflict';
    if (one.report !== undefined) return 'existed';
    one.report = report;
    return 'inserted';
  }

  partsOf(id: number): readonly RotationPart[] {
    const parts = this.list.find(({ record }) => record.id === id)?.parts ?? [];
    return parts.map(({ report }, part) => (report === undefined ? { part } : { part, report }));
  }
}

function isWanted(notes: NewRotation['notes'], institution: InstitutionCode | undefined): boolean {
  if (typeof notes !== 'string') return institution !== undefined && notes.includes(institution);
  return notes === 'everything' || institution === undefined;
}
