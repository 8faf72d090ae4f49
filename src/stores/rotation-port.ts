import type { InstitutionCode } from '../subjects/institution-code.js';
import type { MAX_BATCH_ROWS, PageRequest, StoreCallOptions, WriteOutcome } from './calls.js';
import type { NewRotation, RotationMove, RotationRecord, SuccessorKeys } from './rotation-record.js';

export type {
  KeyTransition,
  NewRotation,
  RotationKind,
  RotationMove,
  RotationRecord,
  RotationStatus,
  SuccessorKeys,
} from './rotation-record.js';

/** One part of a rotation's work. */
export interface RotationPart {
  /** 0 to parts − 1. */
  readonly part: number;
  /** What the worker said that did it; undefined while it is to be done. */
  readonly report?: string;
}

/** What a worker asks a part with. */
export interface PartClaim {
  /** The rotation. */
  readonly id: number;
  /** Whoever asks; 1 to 64 of A–Z, a–z, 0–9 and hyphen. */
  readonly worker: string;
  /** Milliseconds since 1970-01-01 UTC. */
  readonly now: number;
  /** The claim holds so many milliseconds from `now`, 1 to 86,400,000; then another worker may have the part. */
  readonly leaseMs: number;
}

/** A row that was written while a rotation ran. */
export interface NotedRow {
  /** Names the note; never used again. */
  readonly note: number;
  /** Whose row: an institution, or undefined for a person (or an alias). */
  readonly institution?: InstitutionCode;
  /** 24 bytes: the store code that the row is stored under; of an issuance the person's own. */
  readonly storeCode: Uint8Array;
}

/** Store codes under the old and the new store key, row by row the same people. */
export interface SuccessorPairs {
  /** n × 24 bytes. */
  readonly oldCodes: Uint8Array;
  /** n × 24 bytes. */
  readonly newCodes: Uint8Array;
}

/** What is known of the successors of store codes. */
export interface KnownSuccessors {
  /** n × 24 bytes: the code under the new store key; zero bytes where none is recorded. */
  readonly newCodes: Uint8Array;
  /** Rows without one. */
  readonly missing: readonly number[];
}

/** What is going on with the keys. */
export interface StoreOutlook {
  /** Counts switches and retirements: codes made in one epoch are not stored or looked up in another. Starts at 0. */
  readonly epoch: number;
  /**
   * Whoever is about to make codes to be stored waits until then, in milliseconds since 1970-01-01 UTC: a switch is
   * near. 0: no.
   */
  readonly holdUntil: number;
  /** Generation and store key that a rotation before its switch leads to: give `successors` when issuing. */
  readonly successor?: SuccessorKeys;
}

/**
 * What rotations need of a store.
 *
 * While a rotation of the store key or of the generation is under way, `succeed` records people's codes under the new
 * store key beside those under the old one; rows stay under the old. Every other call of the store takes a code under
 * either key from then on, until the person's rows are moved, and means the same person; codes it answers
 * (`canonical`) are under the store key that is active, which changes with the switch: from `switched` on it is the
 * rotation's. After that, `moveRows` re-keys the rows in place, and the code under the old key is forgotten. Pages of
 * people and of issuances show the code that a row is stored under.
 *
 * A row is noted when it is inserted, once however many rotations want it; a person's row is not, where its successor
 * is recorded when the call ends. What `remove` deletes is forgotten here too: notes and successors.
 *
 * Errors of every method, besides those of {@link IssuanceStore}: `OPTION_INVALID` for a number, a name or a text
 * that is out of its range.
 */
export interface RotationStore {
  /** Epoch and what is going on; cheap, so that it may be asked before every batch. */
  outlook(options?: StoreCallOptions): Promise<StoreOutlook>;

  /**
   * Begins a rotation. From the moment this resolves every row written that it wants noted is noted. Undefined, and
   * no change, when one that is not `destroyed`, `retired` or `aborted` has the same subject, or either has the subject
   * `*`. A record period that is `switched` waits for the end of its retention and hinders nothing but its like.
   * Institutions to be noted need not be known yet.
   *
   * @returns its number, or undefined
   * @throws RenkeiError `INSTITUTION_CODE_INVALID`, `VERSION_INVALID` or `GENERATION_INVALID`; `ROTATION_UNSUPPORTED`
   *   for the kinds `store` and `generation` of a store that does not rotate its own key
   */
  beginRotation(rotation: NewRotation, options?: StoreCallOptions): Promise<number | undefined>;

  /** All rotations, in the order of their ids. */
  rotations(options?: StoreCallOptions): Promise<readonly RotationRecord[]>;

  /**
   * Moves a rotation and key versions to their next status and states, all or nothing, while nobody else writes.
   *
   * `existed` when status, keys and notebook are so already. `conflict`, and no change, when there is no such
   * rotation; when its status or a key's state is another than `from`; for `verified` and `switched`, when a part is
   * open; for `switched`, when a row that it wants itself is noted; for `retired` and `aborted`, when a successor is
   * recorded and the rotation has `successor` (`moveRows` and `discardSuccessors` see to it). `inserted` else.
   *
   * `switched` and `retiring` begin a new epoch and end a hold. From `switched` and `aborting` on it has no more rows
   * noted. With `retired` and `aborted` its parts are forgotten, and the notes that it wanted and no other rotation
   * before its switch does.
   *
   * @throws RenkeiError `OPTION_INVALID` for a status or a state that cannot follow, or when an audience would have two
   *   active keys
   */
  moveRotation(move: RotationMove, options?: StoreCallOptions): Promise<WriteOutcome>;

  /** Asks everybody to hold back batches until a moment (`outlook`), in place of the one before; 0 ends it. */
  hold(until: number, options?: StoreCallOptions): Promise<void>;

  /**
   * Claims the lowest part that is open and that no other worker holds. The worker that holds it may claim it again,
   * and holds it from `now` on for as long as it says then. Undefined when there is none, or the rotation is not
   * `running`.
   */
  claimPart(claim: PartClaim, options?: StoreCallOptions): Promise<number | undefined>;

  /**
   * Says that a part is done, whatever the status and whoever has claimed it. `existed` when it was done already,
   * whoever did it: the report of then stays. `conflict` when there is no such part, or no more.
   *
   * @param report at most 64 KiB of well-formed text without U+0000; never a code
   */
  finishPart(id: number, part: number, report: string, options?: StoreCallOptions): Promise<WriteOutcome>;

  /** All parts of a rotation in order; none of one that is unknown, or when they are forgotten. */
  parts(id: number, options?: StoreCallOptions): Promise<readonly RotationPart[]>;

  /**
   * Rows that were noted and are not settled, the oldest first: the issuances of one institution, or else all of them,
   * people too.
   *
   * @param limit 1 to 100,000
   */
  noted(
    limit: number,
    institution?: InstitutionCode,
    options?: StoreCallOptions,
  ): Promise<readonly NotedRow[]>;

  /**
   * Forgets notes, at most {@link MAX_BATCH_ROWS}. Notes made since they were read stay; unknown ones are passed over.
   *
   * @throws RenkeiError `BATCH_TOO_LARGE`
   */
  settle(notes: readonly number[], options?: StoreCallOptions): Promise<void>;

  /**
   * Records successors of store codes that rows are stored under: own codes and aliases, each its own. `existed`: the
   * successor is recorded already, or no row is stored under the old code, and nothing is recorded. `conflict`: another
   * successor is recorded, or the successor is another code's or a store code on record; nothing changes for this pair.
   * Pairs are served one after the other. An empty batch is not refused.
   *
   * @throws RenkeiError `BUFFER_LENGTH`, `BATCH_TOO_LARGE`; `OPTION_INVALID` when no rotation before its switch leads
   *   to another store key
   */
  succeed(pairs: SuccessorPairs, options?: StoreCallOptions): Promise<readonly WriteOutcome[]>;

  /**
   * Successors of store codes under the old key, as recorded: an alias has its own, and its person's does not count.
   *
   * @param oldCodes n × 24 bytes
   * @throws RenkeiError `BUFFER_LENGTH` or `BATCH_TOO_LARGE`
   */
  successors(oldCodes: Uint8Array, options?: StoreCallOptions): Promise<KnownSuccessors>;

  /**
   * Persons' own codes that have no successor, in their order, page by page; everybody's where none was ever
   * recorded. Who is among them at the switch is left behind: the store does not look, whoever switches must.
   *
   * @returns n × 24 bytes; a page shorter than its limit is the last
   */
  withoutSuccessor(page: PageRequest): Promise<Uint8Array>;

  /**
   * Gives the successor of an alias to the person's own code where that has none: after a delivered list, which holds
   * only current resident record codes. The alias has none from then on; of several the lowest as bytes gives.
   *
   * @returns how many were given; 0 where no rotation before its switch leads to another store key
   */
  lendSuccessors(options?: StoreCallOptions): Promise<number>;

  /**
   * Re-keys rows in place, in a rotation that is `retiring`: those of up to `limit` people go under their successors,
   * with the new generation, and the pairs are forgotten. Of these people's aliases without a successor, one that
   * came after the switch is under the new store key already and stays; one that was there before is deleted, since
   * nobody can name it any more. The generation does not tell them apart: a rotation of the store key leaves it as it
   * is. A person whose own code has no successor stays as it is. In which order people are taken is the store's to
   * choose. Again goes on where it was. When it answers 0, no code with a successor is in the store. 0 when no
   * rotation is `retiring`.
   *
   * @param limit 1 to 100,000
   * @returns how many store codes were replaced
   */
  moveRows(limit: number, options?: StoreCallOptions): Promise<number>;

  /**
   * Forgets successors of a rotation that is `aborting`.
   *
   * @param limit 1 to 100,000: successors to be forgotten at most
   * @returns how many were forgotten; 0 when none is left, or no rotation with successors is `aborting`
   */
  discardSuccessors(limit: number, options?: StoreCallOptions): Promise<number>;
}
