import { Redacted } from '../../bytes/redacted.js';
import { canonicalJson } from '../../signatures/canonical-json.js';
import { integer, type MemberChecks, wrongMember } from '../../signatures/members.js';
import type { AccessRecord } from '../../stores/access-record.js';
import { checkContent, type RecordContent } from '../../stores/record-content.js';
import { extractionInvalid } from './faults.js';

/** What an extracted row says. There is no record code in it, nor anything else by which a person is found. */
export interface ExtractedContent {
  /** 処理通番. */
  readonly serial: number;
  /** 処理通番の枝番. */
  readonly branch: number;
  /** Record period. */
  readonly period: string;
  /** When the row was written, in milliseconds since 1970-01-01 UTC. */
  readonly recordedAt: number;
  /** Index of the log entry that holds the row's digest. */
  readonly entry: number;
  /** What the record says. */
  readonly content: RecordContent;
}

/** A row of an extraction. Redacted in every rendering: {@link ExtractedRecord.row} is read. */
export class ExtractedRecord extends Redacted {
  readonly #row: ExtractedContent;

  /** @internal */
  constructor(row: ExtractedContent) {
    super();
    this.#row = row;
  }

  /** What it says. */
  get row(): ExtractedContent {
    return this.#row;
  }
}

const number = integer(0, Number.MAX_SAFE_INTEGER);
const ROW: MemberChecks = {
  serial: number,
  branch: number,
  period: (value) => typeof value === 'string',
  recordedAt: integer(Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER),
  entry: number,
  content: isContent,
};

function isContent(value: unknown): boolean {
  try {
    checkContent(value as RecordContent);
    return true;
  } catch {
    return false;
  }
}

/** A row as a line of the file, without its line feed. */
export function writeRow({ serial, branch, period, recordedAt, entry, content }: AccessRecord): string {
  return canonicalJson({ serial, branch, period, recordedAt, entry, content });
}

/** Reads a line of the file. */
export function readRow(line: string): ExtractedRecord {
  let row: unknown;
  try {
    row = JSON.parse(line);
  } catch {
    throw extractionInvalid('a line is no JSON');
  }
  if (typeof row !== 'object' || row === null || wrongMember(row, ROW) !== undefined) {
    throw extractionInvalid('a line is no record');
  }
  return new ExtractedRecord(row as ExtractedContent);
}
