import assert from 'node:assert/strict';
import type { RenkeiErrorCode } from '../../errors/codes.js';
import type { LogDraft } from '../../stores/log-port.js';
import type { NewRecord, RecordContent, RecordStore } from '../../stores/record-port.js';
import { refused } from '../answers.js';
import { type CaseBodies, recordCasesOf } from '../contract-case.js';
import { assertFileUnchanged } from '../record-content.js';
import {
  AT,
  appendAll,
  appendRecords,
  newBranch,
  newRecord,
  PERIOD,
  recordCode,
  recordCodes,
  recordContent,
} from '../record-samples.js';
import { A, EARLIEST, LATEST } from '../samples.js';

type Call = (store: RecordStore) => Promise<unknown>;
type Refusal = readonly [what: string, code: RenkeiErrorCode, ...calls: Call[]];

/** Every refused call leaves everything as it was. */
function refusing(refusals: readonly Refusal[]): CaseBodies<RecordStore> {
  return Object.fromEntries(
    refusals.map(([what, code, ...calls]) => [
      `refuses ${what} with ${code}, and changes nothing`,
      async (store: RecordStore) => {
        await appendRecords(store, [1]);
        await assertFileUnchanged(store, async () => {
          for (const call of calls) await refused(call(store), code);
        });
      },
    ]),
  );
}

const withRecord =
  (changes: Partial<NewRecord>): Call =>
  (store) =>
    appendRecords(store, [2], changes);
const withContent = (changes: Partial<RecordContent>): Call[] => [
  (store) => appendRecords(store, [2], { content: recordContent(changes) }),
  (store) => appendAll(store, { branches: [newBranch(1, 2, changes)] }),
];
const withDraft = (draft: unknown): Call[] => [
  (store) => store.appendLog([draft as LogDraft], AT),
  (store) => appendAll(store, { records: [newRecord(2)], drafts: [draft as LogDraft] }),
  (store) => appendAll(store, { branches: [{ ...newBranch(1, 2), draft: draft as LogDraft }] }),
];
const withMoment = (at: unknown): Call[] => [
  (store) => store.append({ at: at as number, records: [newRecord(2)] }),
  (store) => store.appendLog([{ event: 'lost' }], at as number),
  (store) => store.settleGeneration(PERIOD, 2, at as number),
  (store) => store.erase({ period: PERIOD, limit: 1, at: at as number }),
  (store) => store.rekey({ ...PAIRS, at: at as number }),
];
const withPeriod = (period: string): Call[] => [
  withRecord({ period }),
  (store) => store.settleGeneration(period, 2, AT),
  (store) => store.erase({ period, limit: 1, at: AT }),
  (store) => store.rekey({ ...PAIRS, period }),
  (store) => store.personRecords({ period, recordCode: recordCode(1), limit: 1 }),
];
const PAIRS = {
  period: PERIOD,
  oldCodes: recordCodes(1),
  newCodes: recordCodes(101),
  generation: 2,
  at: AT,
};
const BIG = 'あ'.repeat(1_001);

const contents: readonly (readonly [string, object])[] = [
  ['an outcome that does not exist', { outcome: 'invalid-code' }],
  ['no name of the inquirer', { inquirerName: '' }],
  ['a department that is no text', { department: undefined }],
  ['a text that is too long', { affair: BIG }],
  ['a text with half a surrogate pair', { information: '\ud83d' }],
  ['a text with U+0000', { providerName: 'a\0' }],
  ['no items', { items: [] }],
  ['an empty item', { items: [''] }],
  ['a moment that is no number', { requestedAt: '2026' }],
  ['a moment after the year 9999', { validUntil: LATEST + 1 }],
  ['a mark that is no boolean', { nonDisclosure: 1 }],
];

const drafts: readonly (readonly [string, unknown])[] = [
  ['nothing', null],
  ['no event', {}],
  ['an event in capitals', { event: 'Switched' }],
  ['an event with an empty word', { event: 'rotation..switched' }],
  ['an event that is too long', { event: 'a'.repeat(65) }],
  ['an event of the rows, which the file alone writes', { event: 'record', details: { serial: 1 } }],
  ['details that are no object', { event: 'a', details: 'text' }],
  ['details in a list', { event: 'a', details: ['text'] }],
  ['a name of a detail with a digit', { event: 'a', details: { a1: 1 } }],
  ['a fraction', { event: 'a', details: { a: 1.5 } }],
  ['a detail that is nothing', { event: 'a', details: { a: null } }],
  ['an object among the details', { event: 'a', details: { a: {} } }],
  ['a list of lists', { event: 'a', details: { a: [[1]] } }],
  ['a text with U+0000', { event: 'a', details: { a: '\0' } }],
  ["an institution's code of a person", { event: 'a', details: { a: 'a2345'.repeat(8) } }],
  ['more text than there is room for', { event: 'a', details: { a: 'a'.repeat(131_073) } }],
];

const pages = [
  ['without a limit', {}],
  ['of nothing', { limit: 0 }],
  ['without end', { limit: 100_001 }],
  ['of a fraction', { limit: 1.5 }],
] as const;

export const refusingRecordsCases = recordCasesOf('refusing', {
  ...refusing([
    ...contents.map(
      ([what, wrong]): Refusal => [`a record with ${what}`, 'OPTION_INVALID', ...withContent(wrong)],
    ),
    ...drafts.map(
      ([what, draft]): Refusal => [`a log entry with ${what}`, 'LOG_ENTRY_INVALID', ...withDraft(draft)],
    ),
    [
      'a record with a member that does not exist',
      'OPTION_UNKNOWN',
      ...withContent({ purpose: 'x' } as never),
      withRecord({ serial: 1 } as never),
    ],
    [
      'an institution whose code cannot be one',
      'INSTITUTION_CODE_INVALID',
      ...withContent({ inquirer: 'A-1' as never }),
      ...withContent({ provider: 'B 2' as never }),
      (store) => store.requests([{ inquirer: 'A-1' as never, requestId: 'r' }]),
    ],
    [
      'a name of a request that cannot be one',
      'OPTION_INVALID',
      ...['', 'a b', 'あ', 'a'.repeat(65), 'a'.repeat(40), '24727059608', '123456789018', 5 as never].flatMap(
        (requestId): Call[] => [
          withRecord({ requestId }),
          (store) => store.requests([{ inquirer: A, requestId }]),
        ],
      ),
    ],
    [
      'a period that cannot be one',
      'RECORD_PERIOD_INVALID',
      ...['', '令和8', 'a'.repeat(17)].flatMap(withPeriod),
    ],
    [
      'a generation out of range',
      'GENERATION_INVALID',
      ...[0, 256, 1.5, '1' as never].flatMap((generation): Call[] => [
        withRecord({ generation }),
        (store) => store.settleGeneration(PERIOD, generation, AT),
        (store) => store.rekey({ ...PAIRS, generation }),
      ]),
    ],
    [
      'a record code of another length',
      'OPTION_INVALID',
      ...[new Uint8Array(23), new Uint8Array(25), 'text' as never].flatMap((code): Call[] => [
        withRecord({ recordCode: code }),
        (store) => store.personRecords({ period: PERIOD, recordCode: code, limit: 1 }),
      ]),
    ],
    [
      'a moment that is none',
      'OPTION_INVALID',
      ...[1.5, Number.NaN, '2026', new Date(AT), EARLIEST - 1, LATEST + 1].flatMap(withMoment),
    ],
    [
      'branches that no record can have',
      'OPTION_INVALID',
      ...[
        [1, 1],
        [0, 2],
        [1.5, 2],
        [1, 2.5],
      ].map(
        ([serial, branch]): Call =>
          (store) =>
            appendAll(store, { branches: [newBranch(serial ?? 0, branch ?? 0)] }),
      ),
    ],
    [
      'codes that are not whole, or not as many as the old ones',
      'BUFFER_LENGTH',
      (store) => store.rekey({ ...PAIRS, oldCodes: new Uint8Array(25) }),
      (store) => store.rekey({ ...PAIRS, newCodes: new Uint8Array(23) }),
      (store) => store.rekey({ ...PAIRS, newCodes: recordCodes(1, 2) }),
      (store) => store.rekey({ ...PAIRS, oldCodes: 'text' as never }),
    ],
    [
      'a batch that is too large',
      'BATCH_TOO_LARGE',
      (store) => store.appendLog(new Array(100_001).fill({ event: 'a' }), AT),
      (store) =>
        appendAll(store, { drafts: new Array(100_000).fill({ event: 'a' }), records: [newRecord(2)] }),
      (store) => store.latest(new Array(100_001).fill(1)),
      (store) =>
        store.rekey({
          ...PAIRS,
          oldCodes: new Uint8Array(24 * 100_001),
          newCodes: new Uint8Array(24 * 100_001),
        }),
    ],
    ...pages.map(
      ([what, page]): Refusal => [
        `a page ${what}`,
        'OPTION_INVALID',
        (store) => store.records(page as never),
        (store) => store.personRecords({ period: PERIOD, recordCode: recordCode(1), ...page } as never),
        (store) => store.logEntries({ from: 0, ...page } as never),
        (store) => store.logHashes({ from: 0, level: 0, ...page } as never),
        (store) => store.checkpoints({ from: 0, ...page } as never),
        (store) => store.erase({ period: PERIOD, at: AT, ...page } as never),
      ],
    ),
    [
      'a page from where nothing can be',
      'OPTION_INVALID',
      (store) => store.logEntries({ from: -1, limit: 1 }),
      (store) => store.logEntries({ limit: 1 } as never),
      (store) => store.logHashes({ level: 7, from: 0, limit: 1 }),
      (store) => store.logHashes({ from: 0, limit: 1 } as never),
      (store) => store.checkpoints({ from: 0.5, limit: 1 }),
      (store) => store.records({ after: 5 as never, limit: 1 }),
      (store) => store.records({ after: { serial: 0, branch: 1 }, limit: 1 }),
      (store) => store.records({ after: { serial: 1 } as never, limit: 1 }),
      (store) =>
        store.personRecords({ period: PERIOD, recordCode: recordCode(1), beforeSerial: 0, limit: 1 }),
      (store) => store.personRecords({ period: PERIOD, recordCode: recordCode(1), limit: 10_001 }),
    ],
    [
      'what is asked about in another form',
      'OPTION_INVALID',
      (store) => store.latest(5 as never),
      (store) => store.latest([0]),
      (store) => store.latest(['1' as never]),
      (store) => store.requests('r' as never),
      (store) => store.requests([null as never]),
      (store) => store.append([] as never),
      (store) => store.append({ at: AT, records: newRecord(2) as never }),
      (store) => store.append({ at: AT, records: [undefined as never] }),
      (store) => store.append({ at: AT, branches: [7 as never] }),
      (store) => store.rekey(undefined as never),
    ],
    [
      'a checkpoint that cannot be one',
      'OPTION_INVALID',
      ...[
        {},
        { size: -1, note: 'a' },
        { size: 1 },
        { size: 1, note: '' },
        { size: 1, note: 'a\0' },
        null,
      ].map(
        (checkpoint): Call =>
          (store) =>
            store.addCheckpoint(checkpoint as never),
      ),
    ],
  ]),

  'names the place of what is wrong with a row, a branch or a log entry': async (store) => {
    const indexed = async (call: Promise<unknown>) => {
      const error: unknown = await call.then(
        () => undefined,
        (thrown: unknown) => thrown,
      );
      return (error as { readonly index?: number } | undefined)?.index;
    };
    const wrong = newRecord(3, { requestId: '' });
    assert.equal(await indexed(appendAll(store, { records: [newRecord(1), newRecord(2), wrong] })), 2);
    assert.equal(await indexed(appendAll(store, { branches: [newBranch(1, 2), newBranch(1, 1)] })), 1);
    assert.equal(await indexed(store.appendLog([{ event: 'a' }, { event: 'B' }], AT)), 1);
  },

  'repeats nothing of a content, a code or a name of a request in what it says': async (store) => {
    const secret = 'b2345'.repeat(8);
    const calls: Call[] = [
      ...withContent({ affair: `${BIG}${secret}` }),
      ...withContent({ inquirer: `${secret}!` as never }),
      ...withContent({ [secret]: 1 } as never),
      withRecord({ requestId: `${secret} ${secret}` }),
      ...withDraft({ event: 'a', details: { a: secret } }),
      ...withDraft({ event: `${secret}!` }),
      ...withPeriod(secret),
    ];
    for (const call of calls) {
      const error: unknown = await call(store).catch((thrown: unknown) => thrown);
      assert.ok(error instanceof Error, 'it is refused');
      assert.ok(!`${error.message} ${error.stack} ${String(error.cause)}`.includes(secret));
    }
  },
});
