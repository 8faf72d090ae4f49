import { hash } from 'node:crypto';
import { copyOf } from '../bytes/packed.js';
import { Redacted } from '../bytes/redacted.js';
import { RenkeiError } from '../errors/renkei-error.js';
import { checkContent, type RecordContent } from './record-content.js';

/** A row as a store keeps it. */
export interface StoredRecord {
  /** 処理通番, from 1 on. */
  readonly serial: number;
  /** 処理通番の枝番, from 1 on. */
  readonly branch: number;
  /** Record period. */
  readonly period: string;
  /** 情報提供等記録用符号, 24 bytes. */
  readonly recordCode: Uint8Array;
  /** Index of the log entry that holds the row's digest. */
  readonly entry: number;
  /** What {@link recordText} wrote. */
  readonly text: string;
}

/** How a record came to be; only its first branch says it. */
export interface RecordOrigin {
  /** The inquirer's own name of the request. */
  readonly requestId: string;
  /** Generation of the linkage code in the record code that it was made with, 1 to 255. */
  readonly generation: number;
}

/**
 * A row of the record file (情報提供等の記録, 番号法23条). It tells who asked what about a person, and so is redacted in
 * every rendering: what it holds is read member by member.
 */
export class AccessRecord extends Redacted {
  readonly #stored: StoredRecord;
  #read: ReadText | undefined;

  /** @internal */
  constructor(stored: StoredRecord) {
    super();
    this.#stored = stored;
  }

  /** 処理通番. */
  get serial(): number {
    return this.#stored.serial;
  }

  /** 処理通番の枝番. */
  get branch(): number {
    return this.#stored.branch;
  }

  /** Record period, such as `2026`. */
  get period(): string {
    return this.#stored.period;
  }

  /** 情報提供等記録用符号, 24 bytes, a copy. It stays inside the system. */
  get recordCode(): Uint8Array {
    return copyOf(this.#stored.recordCode);
  }

  /** Index of the log entry that holds the row's digest. */
  get entry(): number {
    return this.#stored.entry;
  }

  /** When the row was written, in milliseconds since 1970-01-01 UTC. */
  get recordedAt(): number {
    return this.#text.at;
  }

  /** How the record came to be; undefined of further branches. */
  get origin(): RecordOrigin | undefined {
    return this.#text.origin;
  }

  /** What it says. */
  get content(): RecordContent {
    return this.#text.content;
  }

  /**
   * What stands in the log of the row: SHA-256 over the record code and the text that is stored, 64 lower-case hex
   * digits.
   */
  get digest(): string {
    return recordDigest(this.#stored);
  }

  /** @throws RenkeiError `STORE_CORRUPT` when the text is not what this library writes, or of another row */
  get #text(): ReadText {
    this.#read ??= readText(this.#stored);
    return this.#read;
  }
}

interface ReadText {
  readonly at: number;
  readonly content: RecordContent;
  readonly origin?: RecordOrigin;
}

/**
 * The text that a store keeps of a row: canonical JSON of the content with serial number, branch, period and moment, and
 * of a first branch with its origin.
 *
 * @param at milliseconds since 1970-01-01 UTC
 */
export function recordText(
  { serial, branch, period }: Pick<StoredRecord, 'serial' | 'branch' | 'period'>,
  at: number,
  content: RecordContent,
  origin?: RecordOrigin,
): string {
  const how = origin && { generation: origin.generation, requestId: origin.requestId };
  return JSON.stringify({ at, branch, content: inOrder(content), origin: how, period, serial });
}

/** The members in the order of canonical JSON: to sort them for every row costs more than to write it. */
function inOrder(content: RecordContent): Readonly<Record<keyof RecordContent, unknown>> {
  return {
    affair: content.affair,
    changeReason: content.changeReason,
    department: content.department,
    information: content.information,
    inquirer: content.inquirer,
    inquirerName: content.inquirerName,
    items: content.items,
    nonDisclosure: content.nonDisclosure,
    outcome: content.outcome,
    procedure: content.procedure,
    providedAt: content.providedAt,
    provider: content.provider,
    providerName: content.providerName,
    refusal: content.refusal,
    requestedAt: content.requestedAt,
    validUntil: content.validUntil,
    visibleFrom: content.visibleFrom,
  };
}

/** What stands in the log of a row: see {@link AccessRecord.digest}. */
export function recordDigest({ recordCode, text }: Pick<StoredRecord, 'recordCode' | 'text'>): string {
  return hash('sha256', Buffer.concat([recordCode, Buffer.from(text)]), 'hex');
}

function readText(row: StoredRecord): ReadText {
  try {
    const read = JSON.parse(row.text) as ReadText;
    const { at, content, origin } = read;
    checkContent(content);
    const isOfBranch = Number.isSafeInteger(at) && (row.branch === 1) === (origin !== undefined);
    // Byte for byte what was written of this row.
    if (isOfBranch && recordText(row, at, content, origin) === row.text) return read;
  } catch {
    // Said below, without a word of what the text holds.
  }
  throw new RenkeiError(
    'STORE_CORRUPT',
    `record ${row.serial}, branch ${row.branch}: its text is not that of the row`,
  );
}
