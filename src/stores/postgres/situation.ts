import type { InstitutionCode } from '../../subjects/institution-code.js';
import { isAfterSwitch, isBeforeSwitch } from '../rotation-arguments.js';
import type { NewRotation, RotationStatus, StoreOutlook } from '../rotation-port.js';
import type { FirstRead } from './first-read.js';

/** What is going on with the keys: one row a rotation that is open, and one where none is. */
const SITUATION_ROWS = `SELECT epoch, hold_until AS "holdUntil", id, status, generation,
    store_key_version AS "storeKeyVersion", notes
  FROM rotation_state LEFT JOIN rotation
    ON status IN ('running', 'paused', 'verified', 'switched', 'retiring', 'aborting')`;

/** A row of {@link SITUATION_ROWS}. */
interface SituationRow {
  readonly epoch: number;
  readonly holdUntil: number;
  readonly id: number | null;
  readonly status: RotationStatus | null;
  readonly generation: number | null;
  readonly storeKeyVersion: number | null;
  /** As JSON. */
  readonly notes: string | null;
}

/** A rotation that is not at its end. */
interface OpenRotation {
  readonly id: number;
  readonly status: RotationStatus;
  readonly notes: NewRotation['notes'];
  readonly successor?: { readonly generation: number; readonly storeKeyVersion: number };
}

/** What is going on with the keys while a transaction runs. */
export class Situation {
  /** Counts switches and retirements. */
  readonly epoch: number;
  readonly #holdUntil: number;
  readonly #open: readonly OpenRotation[];

  constructor(rows: readonly SituationRow[]) {
    const [{ epoch, holdUntil }] = rows as [SituationRow];
    this.epoch = epoch;
    this.#holdUntil = holdUntil;
    this.#open = rows.flatMap(({ id, status, notes, generation, storeKeyVersion }): OpenRotation[] => {
      if (id === null || status === null || notes === null) return [];
      const successor =
        generation === null || storeKeyVersion === null ? {} : { successor: { generation, storeKeyVersion } };
      return [{ id, status, notes: JSON.parse(notes) as NewRotation['notes'], ...successor }];
    });
  }

  /** True while a rotation is not at its end. */
  get isOpen(): boolean {
    return this.#open.length > 0;
  }

  /** Status of a rotation; undefined where it is none or at its end. */
  statusOf(id: number): RotationStatus | undefined {
    return this.#open.find((rotation) => rotation.id === id)?.status;
  }

  /** The rotation that gives people other store codes, from its beginning to its end. */
  get succession(): (OpenRotation & Required<Pick<OpenRotation, 'successor'>>) | undefined {
    return this.#open.find(
      (rotation): rotation is OpenRotation & Required<Pick<OpenRotation, 'successor'>> =>
        rotation.successor !== undefined,
    );
  }

  /** True when people have got other store codes, under which not all rows stand yet. */
  get isSucceeded(): boolean {
    return this.succession !== undefined && isAfterSwitch(this.succession.status);
  }

  /** True when people and aliases that are written now are to be noted. */
  get notesPersons(): boolean {
    return this.#noting.some(({ notes }) => notes === 'everything' || notes === 'persons');
  }

  /** True when issuances of an institution that are written now are to be noted. */
  notesIssuancesOf(institution: InstitutionCode): boolean {
    return this.#noting.some(
      ({ notes }) => notes === 'everything' || (notes !== 'persons' && notes.includes(institution)),
    );
  }

  /** What rotations before their switch want noted, all but one. */
  notesOfOthers(id: number): readonly NewRotation['notes'][] {
    return this.#noting.flatMap((rotation) => (rotation.id === id ? [] : [rotation.notes]));
  }

  /** What the callers of the store are told. */
  get outlook(): StoreOutlook {
    const { epoch, succession } = this;
    const leads = succession !== undefined && isBeforeSwitch(succession.status);
    return {
      epoch,
      holdUntil: this.#holdUntil,
      ...(leads ? { successor: succession.successor } : {}),
    };
  }

  get #noting(): readonly OpenRotation[] {
    return this.#open.filter(({ status }) => isBeforeSwitch(status));
  }
}

/** What is going on with the keys, as each transaction of an issuance store reads it. */
export const SITUATION: FirstRead<Situation> = {
  text: SITUATION_ROWS,
  of: (rows) => new Situation(rows as readonly SituationRow[]),
  epochOf: ({ epoch }) => epoch,
};
