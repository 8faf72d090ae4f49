import { bytesToHex } from '@noble/hashes/utils.js';
import { isKeptText } from '../bytes/kept-text.js';
import { RenkeiError } from '../errors/renkei-error.js';
import { canonicalJson } from '../signatures/canonical-json.js';
import { leafHash, MerkleTree } from '../signatures/merkle-tree.js';
import { MAX_BATCH_ROWS } from './calls.js';
import type { LogDetails, LogDraft, LogEntry, LogHead } from './log-port.js';

/** Subtrees whose hashes a store keeps are of 2^8, 2^16, … leaves: from them every proof is made with few reads. */
export const HASH_LEVEL_STEP = 8;

/** An entry to be kept. */
export interface NewLogEntry {
  /** Its place in the log. */
  readonly index: number;
  /** Canonical JSON of a {@link LogEntry}; its UTF-8 bytes are the leaf. */
  readonly text: string;
  /** Leaf hash, 32 bytes. */
  readonly hash: Uint8Array;
}

/** A hash of a whole subtree to be kept. */
export interface NewLogHash {
  /** 8, 16, 24, …: it has 2^level leaves. */
  readonly level: number;
  /** Counts the subtrees of its level. */
  readonly index: number;
  /** 32 bytes. */
  readonly hash: Uint8Array;
}

/** What appending comes to; to be kept in one transaction. */
export interface LogExtension {
  /** The end of the log after it. */
  readonly head: LogHead;
  /** New entries, in their order. */
  readonly entries: readonly NewLogEntry[];
  /** New hashes of subtrees. */
  readonly hashes: readonly NewLogHash[];
}

/** The end of a log without entries. */
export const EMPTY_LOG: LogHead = { size: 0, at: 0, last: new Uint8Array(32), subtrees: [] };

const EVENT = /^[a-z0-9-]+(\.[a-z0-9-]+)*$/;
const MOST_EVENT_LETTERS = 64;
const MEMBER = /^[A-Za-z]{1,32}$/;
/** What a record file writes of its rows, in the transaction that changes them. Nobody else does. */
const OF_ROWS: ReadonlySet<string> = new Set([
  'record',
  'records.re-keyed',
  'records.generation',
  'records.erasing',
  'records.erased',
]);
/** Room for the digests of a thousand rows. */
const MOST_TEXT = 131_072;
/** An institution's code of a person has this form, and nothing else that is to be logged. */
const CODE_OF_A_PERSON = /^[a-z2-7]{40}$/;

/**
 * Checks what is to be logged before anything is written.
 *
 * @throws RenkeiError `LOG_ENTRY_INVALID` with the draft's index, or `BATCH_TOO_LARGE`
 */
export function checkDrafts(drafts: readonly LogDraft[]): void {
  if (!Array.isArray(drafts)) throw new RenkeiError('LOG_ENTRY_INVALID', 'log entries come as an array');
  if (drafts.length > MAX_BATCH_ROWS) {
    throw new RenkeiError('BATCH_TOO_LARGE', `a batch has at most ${MAX_BATCH_ROWS} log entries`);
  }
  for (const [index, draft] of drafts.entries()) {
    const fault =
      faultOf(draft) ??
      (OF_ROWS.has(draft.event) ? 'must not speak of rows: the record file does' : undefined);
    if (fault !== undefined) throw new RenkeiError('LOG_ENTRY_INVALID', `a log entry ${fault}`, { index });
  }
}

function faultOf(draft: LogDraft): string | undefined {
  if (typeof draft !== 'object' || draft === null) return 'must be an object';
  const { event, details = {} } = draft;
  if (typeof event !== 'string' || event.length > MOST_EVENT_LETTERS || !EVENT.test(event)) {
    return 'must name its event by words of a-z and 0-9 with dots between them';
  }
  if (typeof details !== 'object' || details === null || Array.isArray(details)) {
    return 'must have an object of details';
  }
  let letters = 0;
  for (const [name, value] of Object.entries(details)) {
    if (!MEMBER.test(name)) return 'must name its details by 1 to 32 letters';
    for (const one of Array.isArray(value) ? value : [value]) {
      if (typeof one === 'number' && !Number.isSafeInteger(one)) return 'takes whole numbers only';
      if (typeof one === 'boolean' && Array.isArray(value)) return 'takes lists of texts and numbers only';
      if (typeof one === 'string') {
        if (!isKeptText(one)) return 'takes well-formed text without U+0000 only';
        if (CODE_OF_A_PERSON.test(one)) return 'must hold no code of a person';
        letters += one.length;
      } else if (typeof one !== 'number' && typeof one !== 'boolean') {
        return 'takes texts, numbers, true, false and lists of texts and numbers only';
      }
    }
  }
  return letters > MOST_TEXT ? `takes ${MOST_TEXT} characters at most` : undefined;
}

/**
 * Appends to a log in computation: each entry names the leaf hash of the one before (hash chain), and its text is a leaf
 * of the Merkle tree.
 *
 * @param drafts checked by {@link checkDrafts}
 * @param at milliseconds since 1970-01-01 UTC; a clock that goes backwards does not take the log with it
 */
export function extendLog(head: LogHead, drafts: readonly LogDraft[], at: number): LogExtension {
  const moment = Math.max(at, head.at);
  const time = new Date(moment).toISOString();
  const tree = new MerkleTree(head.size, head.subtrees);
  const entries: NewLogEntry[] = [];
  const hashes: NewLogHash[] = [];
  let { last } = head;
  for (const { event, details = {} } of drafts) {
    const index = tree.size;
    const text = entryText(time, details, event, index, bytesToHex(last));
    const hash = leafHash(text);
    tree.appendHash(hash, (level, node, nodeHash) => {
      if (level % HASH_LEVEL_STEP === 0) hashes.push({ level, index: node, hash: nodeHash });
    });
    entries.push({ index, text, hash });
    last = hash;
  }
  if (entries.length === 0) return { head, entries, hashes };
  return { head: { size: tree.size, at: moment, last, subtrees: tree.subtrees }, entries, hashes };
}

/** Canonical JSON of an entry; only its details need to be sorted. */
function entryText(at: string, details: LogDetails, event: string, index: number, previous: string): string {
  return `{"at":"${at}","details":${canonicalJson(details)},"event":"${event}","index":${index},"previous":"${previous}"}`;
}

/**
 * Reads an entry's text; undefined when it is not what {@link extendLog} writes, byte for byte.
 */
export function readLogEntry(text: string): LogEntry | undefined {
  try {
    const { at, details, event, index, previous } = JSON.parse(text);
    const moment = Date.parse(at);
    const isRight =
      new Date(moment).toISOString() === at &&
      Number.isSafeInteger(index) &&
      index >= 0 &&
      /^[0-9a-f]{64}$/.test(previous) &&
      faultOf({ event, details }) === undefined &&
      entryText(at, details, event, index, previous) === text;
    return isRight ? { at: moment, details, event, index, previous } : undefined;
  } catch {
    return undefined;
  }
}
