import { isKeptText } from '../bytes/kept-text.js';
import { institutionAudience, linkKey, parseKeyName, storeAudience } from '../codes/key-names.js';
import { integerRule, type OptionRule } from '../errors/options.js';
import { RenkeiError } from '../errors/renkei-error.js';
import { checkMoment } from './arguments.js';
import { type KeyState, MAX_BATCH_ROWS } from './port.js';
import type {
  NewRotation,
  PartClaim,
  RotationKind,
  RotationMove,
  RotationRecord,
  RotationStatus,
} from './rotation-port.js';

/** The checks of a rotation's calls, which every store makes alike. */

const MOST_PARTS = 100_000;
const MOST_PLAN_BYTES = 2 ** 20;
const MOST_NOTEBOOK_BYTES = 2 ** 24;
const MOST_REPORT_BYTES = 2 ** 16;
const LONGEST_LEASE_MS = 86_400_000;

const KINDS: readonly RotationKind[] = ['institution', 'store', 'generation', 'record-period'];

/** Where a rotation may go from where. Everywhere it may stay, to write its notebook. */
const MOVES: Readonly<Record<RotationStatus, readonly RotationStatus[]>> = {
  running: ['paused', 'verified', 'aborting'],
  paused: ['running', 'aborting'],
  verified: ['running', 'switched', 'aborting'],
  switched: ['retiring'],
  retiring: ['retired'],
  retired: ['destroyed'],
  destroyed: [],
  aborting: ['aborted'],
  aborted: [],
};

const TRANSITIONS: Readonly<Record<KeyState, readonly KeyState[]>> = {
  'pre-active': ['active', 'accepting', 'destroyed'],
  active: ['accepting'],
  accepting: ['retired'],
  retired: ['destroyed'],
  destroyed: [],
};

/** True before the switch and before an end: new rows are noted. */
export function isBeforeSwitch(status: RotationStatus): boolean {
  return status === 'running' || status === 'paused' || status === 'verified';
}

/** True between switch and end: the store key that the rotation leads to is the active one. */
export function isAfterSwitch(status: RotationStatus): boolean {
  return status === 'switched' || status === 'retiring';
}

/**
 * True when a rotation on record keeps a new one with this subject from being begun. A closed record period waits for
 * years until its retention ends, and keeps nobody else waiting.
 */
export function excludes(
  { kind, status, subject: its }: Pick<RotationRecord, 'kind' | 'status' | 'subject'>,
  subject: string,
): boolean {
  if (['retired', 'destroyed', 'aborted'].includes(status)) return false;
  if (its === subject || its === '*') return true;
  return subject === '*' && !(kind === 'record-period' && status === 'switched');
}

/** Checks a rotation that is to be begun. */
export function checkNewRotation(rotation: NewRotation): void {
  const { kind, subject, notes, successor, parts, plan, createdAt } = rotation;
  const invalid = (what: string) => new RenkeiError('OPTION_INVALID', `beginRotation: ${what}`);
  if (!KINDS.includes(kind)) throw invalid(`"kind" must be one of ${KINDS.join(', ')}`);
  if (typeof subject !== 'string' || !/^(\*|[A-Za-z0-9/-]{1,64})$/.test(subject)) {
    throw invalid('"subject" must be * or 1 to 64 of A-Z, a-z, 0-9, slash and hyphen');
  }
  if (Array.isArray(notes)) for (const institution of notes) institutionAudience(institution, 1);
  else if (notes !== 'everything' && notes !== 'persons') {
    throw invalid('"notes" must be a list of institutions, "everything" or "persons"');
  }
  if ((successor !== undefined) !== (kind === 'store' || kind === 'generation')) {
    throw invalid('"successor" belongs to a rotation of the store key or of the generation');
  }
  if (successor !== undefined) {
    linkKey(successor.generation);
    storeAudience(successor.storeKeyVersion);
    if (subject !== '*') throw invalid('"subject" must be * where the store key changes');
  }
  checkInteger('beginRotation', 'parts', parts, integerRule(0, MOST_PARTS));
  checkText('beginRotation', 'plan', plan, MOST_PLAN_BYTES);
  checkMoment('createdAt', createdAt);
}

/** Checks that a move is one that a rotation and its keys may make. */
export function checkMove({ id, from, to, keys = [], notebook, at }: RotationMove): void {
  const invalid = (what: string) => new RenkeiError('OPTION_INVALID', `moveRotation: ${what}`);
  checkRotationId('moveRotation', id);
  if (!Object.hasOwn(MOVES, from) || !Object.hasOwn(MOVES, to)) {
    throw invalid(`a status is one of ${Object.keys(MOVES).join(', ')}`);
  }
  if (from !== to && !MOVES[from].includes(to)) throw invalid(`no rotation goes from ${from} to ${to}`);
  if (from === to && keys.length > 0) throw invalid('keys change with the status only');
  const names = new Set<string>();
  for (const { name, from: before, to: after } of keys) {
    parseKeyName(name);
    if (names.has(name)) throw invalid(`key ${name} is given twice`);
    names.add(name);
    if (!Object.hasOwn(TRANSITIONS, before) || !TRANSITIONS[before].includes(after)) {
      throw invalid(`key ${name} is given a change of state that no key makes`);
    }
  }
  if (notebook !== undefined) checkText('moveRotation', 'notebook', notebook, MOST_NOTEBOOK_BYTES);
  checkMoment('at', at);
}

/** Checks who wants a part. */
export function checkClaim({ id, worker, now, leaseMs }: PartClaim): void {
  checkRotationId('claimPart', id);
  if (typeof worker !== 'string' || !/^[A-Za-z0-9-]{1,64}$/.test(worker)) {
    throw new RenkeiError(
      'OPTION_INVALID',
      'claimPart: "worker" must be 1 to 64 of A-Z, a-z, 0-9 and hyphen',
    );
  }
  checkMoment('now', now);
  checkInteger('claimPart', 'leaseMs', leaseMs, integerRule(1, LONGEST_LEASE_MS));
}

/** Checks what a worker says of a part. */
export function checkReport(id: number, part: number, report: string): void {
  checkRotationId('finishPart', id);
  checkInteger('finishPart', 'part', part, integerRule(0, MOST_PARTS - 1));
  checkText('finishPart', 'report', report, MOST_REPORT_BYTES);
}

/** Checks which rotation is meant. */
export function checkRotationId(call: string, id: number): void {
  checkInteger(call, 'id', id, WHOLE);
}

/** Checks how many rows are wanted: 1 to 100,000. */
export function checkLimit(call: string, limit: number): void {
  checkInteger(call, 'limit', limit, integerRule(1, MAX_BATCH_ROWS));
}

/** Checks the notes to be forgotten. */
export function checkNotes(notes: readonly number[]): void {
  if (!Array.isArray(notes)) throw new RenkeiError('OPTION_INVALID', 'settle: "notes" must be a list');
  if (notes.length > MAX_BATCH_ROWS) {
    throw new RenkeiError(
      'BATCH_TOO_LARGE',
      `a batch has at most ${MAX_BATCH_ROWS} notes, this one ${notes.length}`,
    );
  }
  for (const note of notes) checkInteger('settle', 'notes', note, WHOLE);
}

/** Checks until when batches are to be held back; 0 ends it. */
export function checkHold(until: number): void {
  checkInteger('hold', 'until', until, {
    ...integerRule(0, Number.MAX_SAFE_INTEGER),
    expects: 'a moment or 0',
  });
  checkMoment('until', until);
}

const WHOLE = { ...integerRule(1, Number.MAX_SAFE_INTEGER), expects: 'a whole number from 1 on' };

function checkInteger(call: string, what: string, value: number, rule: OptionRule): void {
  if (rule.check(value)) return;
  throw new RenkeiError('OPTION_INVALID', `${call}: "${what}" must be ${rule.expects}`);
}

function checkText(call: string, what: string, text: string, mostBytes: number): void {
  if (isKeptText(text) && Buffer.byteLength(text) <= mostBytes) return;
  throw new RenkeiError(
    'OPTION_INVALID',
    `${call}: "${what}" must be well-formed text of at most ${mostBytes} bytes`,
  );
}
