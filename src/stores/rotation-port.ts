import type { KeyName } from '../codes/key-names.js';
import type { InstitutionCode } from '../subjects/institution-code.js';
import type { KeyState, MAX_BATCH_ROWS, PageRequest, StoreCallOptions, WriteOutcome } from './calls.js';

/** What is re-keyed: one institution's codes, the store's row keys, a generation of linkage codes, or a record period. */
export type RotationKind = 'institution' | 'store' | 'generation' | 'record-period';

/**
 * Where a rotation is. `running` and `paused`: pairs are being made. `verified`: all are made and checked. `switched`: the
 * new keys are active, the old ones accepting. `retiring`: the old ones are refused, rows are moved to the new store key.
 * `retired`: done but for the old keys, which are still there. `destroyed`: they are gone. `aborting`: what was made is
 * being discarded. `aborted`: as if it had never been.
 */
export type RotationStatus =
  | 'running'
  | 'paused'
  | 'verified'
  | 'switched'
  | 'retiring'
  | 'retired'
  | 'destroyed'
  | 'aborting'
  | 'aborted';

/** The keys that a rotation leads to. */
export interface SuccessorKeys {
  /** Generation of the linkage codes. */
  readonly generation: number;
  /** Version of the store key. */
  readonly storeKeyVersion: number;
}

/** A rotation to be begun. */
export interface NewRotation {
  /** What is re-keyed. */
  readonly kind: RotationKind;
  /**
   * What two rotations must not have in common: an institution code or another name of 1 to 64 of A–Z, a–z, 0–9, slash and
   * hyphen, or `*` for what excludes every other.
   */
  readonly subject: string;
  /**
   * Whose new rows are to be noted while it runs: institutions, and `persons` for people and their aliases. `everything`
   * stands for people and all institutions, those that are yet to be registered too.
   */
  readonly notes: readonly InstitutionCode[] | 'everything' | 'persons';
  /** The generation and store key it leads to: of the kinds `store` and `generation`, whose subject is `*`. */
  readonly successor?: SuccessorKeys;
  /** The work, by part: each is claimed by one worker at a time. 0 to 100,000. */
  readonly parts: number;
  /**
   * What the rotation wants to keep of its own: at most 1 MiB of well-formed text without U+0000; never a code. When it is
   * JSON with the new keys in `to`, each with its `name`, codes under these are understood before the switch.
   */
  readonly plan: string;
  /** Milliseconds since 1970-01-01 UTC. */
  readonly createdAt: number;
}

/** A rotation on record. */
export interface RotationRecord extends Omit<NewRotation, 'notes'> {
  /** 1, 2, 3 … in the order in which they were begun. */
  readonly id: number;
  /** Where it is. */
  readonly status: RotationStatus;
  /** When it came to this status; a move that writes the notebook only leaves it as it is. */
  readonly changedAt: number;
  /** What it has kept last: receipts and the like; empty at first, at most 16 MiB of such text; never a code. */
  readonly notebook: string;
}

/** A key version that goes from one state to another. */
export interface KeyTransition {
  /** The key. */
  readonly name: KeyName;
  /** The state it must be in. */
  readonly from: KeyState;
  /** The state it comes into: pre-active → active, accepting, destroyed; active → accepting; accepting → retired; retired → destroyed. */
  readonly to: KeyState;
}

/** A rotation that goes from one status to another. */
export interface RotationMove {
  /** Which one. */
  readonly id: number;
  /** The status it must have. */
  readonly from: RotationStatus;
  /** The status it comes to; the same as `from` to write the notebook only. */
  readonly to: RotationStatus;
  /** Key versions that change with it, all or none; none where the status stays. */
  readonly keys?: readonly KeyTransition[];
  /** What is kept from now on in place of the notebook before. */
  readonly notebook?: string;
  /** Milliseconds since 1970-01-01 UTC. */
  readonly at: number;
}

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
  /** Whoever is about to make codes to be stored waits until then, in milliseconds since 1970-01-01 UTC: a switch is near. 0: no. */
  readonly holdUntil: number;
  /** Generation and store key that a rotation before its switch leads to: give `successors` when issuing. */
  readonly successor?: SuccessorKeys;
}

/**
 * What rotations need of a store.
 *
 * While a rotation of the store key or of the generation is under way, `succeed` records people's codes under the new
 * store key beside those under the old one; rows stay under the old. Every other call of the store takes a code under
 * either key from then on, until the person's rows are moved, and means the same person; codes it answers (`canonical`) are
 * under the store key that is active, which changes with the switch: from `switched` on it is the rotation's. After that,
 * `moveRows` re-keys the rows in place, and the code under the old key is forgotten. Pages of people and of issuances
 * show the code that a row is stored under.
 *
 * A new row is noted once for each write, however many rotations want it; a person's row is not where its successor is
 * recorded when the call ends. What `remove` deletes is forgotten here too: notes and successors.
 */
export interface RotationStore {
  /** Epoch and what is going on; cheap, so that it may be asked before every batch. */
  outlook(options?: StoreCallOptions): Promise<StoreOutlook>;

  /**
   * Begins a rotation. From the moment this resolves every row written that it wants noted is noted. `conflict`, as
   * undefined, when one that is not `destroyed`, `retired` or `aborted` has the same subject, or either has the subject
   * `*`. A record period that is `switched` waits for the end of its retention and hinders nothing but its like.
   * Institutions to be noted need not be known yet.
   *
   * @throws RenkeiError `OPTION_INVALID`
   */
  beginRotation(rotation: NewRotation, options?: StoreCallOptions): Promise<number | undefined>;

  /** All rotations, in the order of their ids. */
  rotations(options?: StoreCallOptions): Promise<readonly RotationRecord[]>;

  /**
   * Moves a rotation and key versions to their next status and states, all or nothing, while nobody else writes.
   * To `verified` or `switched` only when no part is open (`conflict` else), to `switched` only when no row is noted besides. `switched` and
   * `retiring` begin a new epoch and end a hold. With `switched`, `aborting` and `aborted` no more rows are noted;
   * with `aborted` or `retired` parts are forgotten, and notes that no other rotation before its switch wants. To these
   * two, where it has `successor`, only when none is recorded any more (`conflict` else): `moveRows` and `discardSuccessors` see to it.
   * `existed` when status, keys and notebook are so already. `conflict`, and no change, when there is no such
   * rotation, or the status or a key's state is another than `from`; `inserted` else. The notes that keep it from
   * `switched` are those that it wants itself.
   *
   * @throws RenkeiError `OPTION_INVALID` for a transition that is none, or that leaves an audience with two active keys
   */
  moveRotation(move: RotationMove, options?: StoreCallOptions): Promise<WriteOutcome>;

  /** Asks everybody to hold back batches until a moment (`outlook`); 0 ends it. */
  hold(until: number, options?: StoreCallOptions): Promise<void>;

  /**
   * Claims a part that is open and that no other worker holds: the lowest. The worker that holds it may claim it again.
   * Undefined when there is none, or the rotation is not `running`.
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
   * Rows that were noted and are not settled, the oldest first: of one institution, or else all of them.
   *
   * @param limit 1 to 100,000
   */
  noted(
    limit: number,
    institution?: InstitutionCode,
    options?: StoreCallOptions,
  ): Promise<readonly NotedRow[]>;

  /** Forgets notes, at most {@link MAX_BATCH_ROWS}. Notes made since they were read stay; unknown ones are passed over. */
  settle(notes: readonly number[], options?: StoreCallOptions): Promise<void>;

  /**
   * Records successors of store codes that rows are stored under (own codes and aliases); of others, or no longer, nothing
   * is recorded. `existed`: so recorded already, or unknown. `conflict`: another successor is recorded, or the successor is
   * another code's or a store code on record; nothing changes for this pair. Pairs are served one after the other.
   *
   * @throws RenkeiError `BUFFER_LENGTH`, `BATCH_TOO_LARGE`; `OPTION_INVALID` when no rotation before its switch leads to
   *   another store key
   */
  succeed(pairs: SuccessorPairs, options?: StoreCallOptions): Promise<readonly WriteOutcome[]>;

  /** Successors of store codes under the old key, as recorded: an alias has its own. */
  successors(oldCodes: Uint8Array, options?: StoreCallOptions): Promise<KnownSuccessors>;

  /** Persons' own codes that have no successor, page by page: those that keep a rotation from being switched. */
  withoutSuccessor(page: PageRequest): Promise<Uint8Array>;

  /**
   * Gives the successor of an alias to the person's own code where that has none: after a delivered list, which holds
   * only current resident record codes. The alias has none from then on; of several the lowest gives. Only while a
   * rotation before its switch leads to another store key.
   *
   * @returns how many were given
   */
  lendSuccessors(options?: StoreCallOptions): Promise<number>;

  /**
   * Re-keys rows in place, in a rotation that is `retiring`: those of up to `limit` people go under their successors,
   * with the new generation, and the pairs are forgotten. Of these people's aliases without a successor, one that came
   * after the switch is under the new store key already and stays; one that was there before is deleted, since nobody
   * can name it any more. The generation does not tell them apart: a rotation of the store key leaves it as it is. A
   * person whose own code has no successor stays as it is. In which order people are taken is the store's to choose. Again goes
   * on where it was. When it answers 0, no code with a successor is in the store. 0 when no rotation is `retiring`.
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
