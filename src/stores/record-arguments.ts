import { isKeptText } from '../bytes/kept-text.js';
import { rowCount } from '../bytes/packed.js';
import { linkKey, recordAudience } from '../codes/key-names.js';
import { CODE_LENGTH } from '../codes/per-institution-code.js';
import { throwIfAborted } from '../errors/abort.js';
import {
  checkOptions,
  integerRule,
  type OptionRule,
  objectRule,
  required,
  signalRule,
} from '../errors/options.js';
import { RenkeiError } from '../errors/renkei-error.js';
import { type InstitutionCode, parseInstitutionCode } from '../subjects/institution-code.js';
import { MAX_BATCH_ROWS } from './calls.js';
import { checkDrafts } from './log-entries.js';
import type { LogCallOptions, LogHashPage, LogPage, StoredCheckpoint } from './log-port.js';
import { checkContent, momentRule } from './record-content.js';
import type {
  NewBranch,
  NewRecord,
  PersonRecordsPage,
  RecordBatch,
  RecordCodePairs,
  RecordErasure,
  RecordsPage,
} from './record-port.js';

/** The checks every record file makes alike. */

/** Room for the signatures of many witnesses. */
const MOST_NOTE = 65_536;
const MOST_PERSON_SERIALS = 10_000;
/** Nothing that may be a resident record code, an Individual Number or an institution's code of a person: it stands in a column. */
const REQUEST_ID = /^(?![0-9]{11,12}$)(?![a-z2-7]{40}$)[A-Za-z0-9_-]{1,64}$/;

const serialRule = integerRule(1, Number.MAX_SAFE_INTEGER);
const limitRule = required(integerRule(1, MAX_BATCH_ROWS));
const codeRule: OptionRule = {
  expects: `${CODE_LENGTH} bytes`,
  check: (value) => value instanceof Uint8Array && value.length === CODE_LENGTH,
};

/** What is checked by what it is, not by the kind of value. */
const givenRule = required({ expects: 'given', check: () => true });
const NEW_RECORD_RULES: Readonly<Record<string, OptionRule>> = {
  requestId: givenRule,
  period: givenRule,
  generation: givenRule,
  recordCode: required(codeRule),
  content: givenRule,
};
const NEW_BRANCH_RULES: Readonly<Record<string, OptionRule>> = {
  serial: required(serialRule),
  branch: required(integerRule(2, Number.MAX_SAFE_INTEGER)),
  content: givenRule,
  draft: { expects: 'a log entry', check: () => true },
};

const REQUEST_RULES = { inquirer: givenRule, requestId: givenRule };
const RECORD_PAIRS_RULES = {
  period: givenRule,
  oldCodes: givenRule,
  newCodes: givenRule,
  generation: givenRule,
  at: required(momentRule),
};
const CHECKPOINT_RULES = {
  size: required(integerRule(0, Number.MAX_SAFE_INTEGER)),
  note: required({
    expects: `a text of 1 to ${MOST_NOTE} characters, well-formed and without U+0000`,
    check: (value) => isKeptText(value) && value.length >= 1 && value.length <= MOST_NOTE,
  }),
};

/** Checks an inquirer's own name of a request. */
export function checkRequestId(requestId: string): void {
  if (typeof requestId === 'string' && REQUEST_ID.test(requestId)) return;
  throw new RenkeiError(
    'OPTION_INVALID',
    'a request id is 1 to 64 of A-Z, a-z, 0-9, hyphen and underscore, and no code of a person',
  );
}

/** Checks a batch that is to be written; what is wrong with a row names its index. */
export function checkRecordBatch(batch: RecordBatch): void {
  checkOptions('append', batch, {
    at: required(momentRule),
    records: { expects: 'an array', check: Array.isArray },
    branches: { expects: 'an array', check: Array.isArray },
    drafts: { expects: 'an array', check: Array.isArray },
  });
  const { records = [], branches = [], drafts = [] } = batch;
  checkMost(records.length + branches.length + drafts.length);
  checkDrafts(drafts);
  records.forEach((record, index) => {
    naming(index, () => checkNewRecord(record));
  });
  branches.forEach((branch, index) => {
    naming(index, () => checkNewBranch(branch));
  });
}

function checkNewRecord(record: NewRecord): void {
  checkOptions('record', record, NEW_RECORD_RULES);
  checkRequestId(record.requestId);
  recordAudience(record.period);
  linkKey(record.generation);
  checkContent(record.content);
}

function checkNewBranch(branch: NewBranch): void {
  checkOptions('branch', branch, NEW_BRANCH_RULES);
  if (branch.draft !== undefined) checkDrafts([branch.draft]);
  checkContent(branch.content);
}

function naming(index: number, check: () => void): void {
  try {
    check();
  } catch (error) {
    if (!(error instanceof RenkeiError)) throw error;
    throw new RenkeiError(error.code, error.message, { index });
  }
}

function checkMost(rows: number): void {
  if (rows > MAX_BATCH_ROWS) {
    throw new RenkeiError('BATCH_TOO_LARGE', `a batch has at most ${MAX_BATCH_ROWS} rows, this one ${rows}`);
  }
}

/** Checks a list of what is asked about. */
function checkAsked(asked: readonly unknown[]): void {
  if (!Array.isArray(asked)) throw new RenkeiError('OPTION_INVALID', 'what is asked about comes as an array');
  checkMost(asked.length);
}

/** Checks inquirers' own names of requests that are asked about; what is wrong with one names its index. */
export function checkRequests(
  requests: readonly { readonly inquirer: InstitutionCode; readonly requestId: string }[],
): void {
  checkAsked(requests);
  requests.forEach((request, index) => {
    naming(index, () => {
      checkOptions('request', request, REQUEST_RULES);
      parseInstitutionCode(request.inquirer);
      checkRequestId(request.requestId);
    });
  });
}

/** Checks serial numbers that are asked about. */
export function checkSerials(serials: readonly number[]): void {
  checkAsked(serials);
  if (!serials.every(serialRule.check)) {
    throw new RenkeiError('OPTION_INVALID', `a serial number is ${serialRule.expects}`);
  }
}

/** Checks the options of a call, and that the caller has not given up. */
export function checkRecordCall(call: string, options: LogCallOptions): void {
  checkOptions(call, options, { signal: signalRule });
  throwIfAborted(options.signal);
}

/** Checks which entries or checkpoints are wanted. */
export function checkLogPage(page: LogPage): void {
  checkOptions('page', page, LOG_PAGE_RULES);
  throwIfAborted(page.signal);
}

/** Checks which hashes are wanted. */
export function checkLogHashPage(page: LogHashPage): void {
  const level: OptionRule = {
    expects: '0, 8, 16, 24, 32, 40 or 48',
    check: (value) => [0, 8, 16, 24, 32, 40, 48].includes(value as number),
  };
  checkOptions('page', page, { ...LOG_PAGE_RULES, level: required(level) });
  throwIfAborted(page.signal);
}

const LOG_PAGE_RULES = {
  from: required(integerRule(0, Number.MAX_SAFE_INTEGER)),
  limit: limitRule,
  signal: signalRule,
};

/** Checks which rows of a person are wanted. */
export function checkPersonPage(page: PersonRecordsPage): void {
  checkOptions('personRecords', page, {
    period: required({ expects: 'a text', check: (value) => typeof value === 'string' }),
    recordCode: required(codeRule),
    beforeSerial: serialRule,
    limit: required(integerRule(1, MOST_PERSON_SERIALS)),
    signal: signalRule,
  });
  recordAudience(page.period);
  throwIfAborted(page.signal);
}

/** Checks which rows are wanted. */
export function checkRecordsPage(page: RecordsPage): void {
  checkOptions('records', page, {
    after: objectRule('a serial number and a branch'),
    limit: limitRule,
    signal: signalRule,
  });
  if (page.after !== undefined) {
    checkOptions('records: after', page.after, {
      serial: required(serialRule),
      branch: required(serialRule),
    });
  }
  throwIfAborted(page.signal);
}

/** Checks new record codes. */
export function checkRecordPairs(pairs: RecordCodePairs): void {
  checkOptions('rekey', pairs, RECORD_PAIRS_RULES);
  const { period, oldCodes, newCodes, generation } = pairs;
  recordAudience(period);
  linkKey(generation);
  const rows = rowCount(oldCodes, CODE_LENGTH, 'oldCodes');
  checkMost(rows);
  if (rowCount(newCodes, CODE_LENGTH, 'newCodes') === rows) return;
  throw new RenkeiError('BUFFER_LENGTH', `${newCodes.length} bytes of new codes for ${rows} old ones`);
}

/** Checks a checkpoint that is to be kept. */
export function checkCheckpoint(checkpoint: StoredCheckpoint): void {
  checkOptions('addCheckpoint', checkpoint, CHECKPOINT_RULES);
}

/** Checks what is to be erased. */
export function checkErasure(erasure: RecordErasure): void {
  checkOptions('erase', erasure, {
    period: required({ expects: 'a text', check: (value) => typeof value === 'string' }),
    limit: limitRule,
    at: required(momentRule),
    signal: signalRule,
  });
  recordAudience(erasure.period);
  throwIfAborted(erasure.signal);
}
