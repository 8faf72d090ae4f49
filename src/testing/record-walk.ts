import assert from 'node:assert/strict';
import type { LogDraft } from '../stores/log-port.js';
import type { RecordBatch, RecordStore, RecordsWritten } from '../stores/record-port.js';
import { outcomeOf } from './answers.js';
import { ModelRecordFile, type WalkedRecordFile } from './model-record-file.js';
import { assertFileSound, plain, plainAll, plainEach, plainHead } from './record-content.js';
import {
  AT,
  newBranch,
  newRecord,
  OTHER_PERIOD,
  PERIOD,
  recordCode,
  recordCodes,
  recordContent,
} from './record-samples.js';
import { A, B, range } from './samples.js';
import type { Seeded } from './seeded.js';

type Question = (target: WalkedRecordFile) => Promise<unknown>;

const PEOPLE = range(1, 8);
/** Of people after a change of generation. */
const CODES = [...PEOPLE, ...PEOPLE.map((person) => person + 100)];
const PERIODS = [PERIOD, PERIOD, PERIOD, OTHER_PERIOD, 'H28-29'];
const SERIALS = range(1, 30);
const MOST = 6;

const moment = (draw: Seeded) => AT + 1_000 * draw.below(6) - 2_000;

function drafts(draw: Seeded): LogDraft[] {
  return draw
    .some(['one', 'two.three'], 2)
    .map((event) =>
      draw.below(2) === 0 ? { event } : { event, details: { count: draw.below(9), text: '印' } },
    );
}

function batchOf(draw: Seeded): RecordBatch {
  const records = draw.some(PEOPLE, MOST).map((person) =>
    newRecord(draw.pick(CODES), {
      requestId: `r${person + 10 * draw.below(4)}`,
      period: draw.pick(PERIODS),
      generation: draw.pick([3, 3, 3, 3, 2, 4]),
      content: recordContent({
        inquirer: draw.pick([A, B]),
        outcome: draw.pick(['forwarded', 'provider-has-no-code', 'not-permitted']),
        items: draw.some(['一', '二', '三'], 3).concat('四'),
      }),
    }),
  );
  const branches = draw.some(SERIALS, MOST).map((serial) => ({
    ...newBranch(serial, 2 + draw.below(3)),
    ...(draw.below(3) === 0 ? { draft: { event: 'answered', details: { serial } } } : {}),
  }));
  return { at: moment(draw), records, branches, drafts: drafts(draw) };
}

/** What may be asked. Each draws its own particulars. */
const QUESTIONS: Readonly<Record<string, (draw: Seeded) => Question>> = {
  append: (draw) => {
    const batch = batchOf(draw);
    return async (target) => plainWritten(await target.append(batch));
  },
  requests: (draw) => {
    const asked = range(0, 6).map(() => ({
      inquirer: draw.pick([A, B]),
      requestId: `r${draw.pick(PEOPLE) + 10 * draw.below(4)}`,
    }));
    return async (target) => plainEach(await target.requests(asked));
  },
  latest: (draw) => {
    const serials = draw.some(SERIALS, MOST);
    return async (target) => plainEach(await target.latest(serials));
  },
  personRecords: (draw) => {
    const [period, code, limit] = [draw.pick(PERIODS), recordCode(draw.pick(CODES)), 1 + draw.below(4)];
    const before = draw.below(2) === 0 ? {} : { beforeSerial: draw.pick(SERIALS) };
    return async (target) =>
      plainAll(await target.personRecords({ period, recordCode: code, limit, ...before }));
  },
  records: (draw) => {
    const limit = 1 + draw.below(20);
    const after =
      draw.below(3) === 0 ? {} : { after: { serial: draw.pick(SERIALS), branch: 1 + draw.below(3) } };
    return async (target) => plainAll(await target.records({ limit, ...after }));
  },
  periods: () => (target) => target.periods(),
  rekey: (draw) => {
    const olds = draw.some(CODES, MOST);
    const pairs = {
      period: draw.pick(PERIODS),
      oldCodes: recordCodes(...olds),
      newCodes: recordCodes(...olds.map(() => draw.pick(CODES))),
      generation: draw.pick([1, 2, 3, 3, 3, 3, 3, 3]),
      at: moment(draw),
    };
    return (target) => target.rekey(pairs);
  },
  settleGeneration: (draw) => {
    const [period, generation, at] = [draw.pick(PERIODS), draw.pick([1, 2, 3, 3, 4]), moment(draw)];
    return (target) => target.settleGeneration(period, generation, at);
  },
  erase: (draw) => {
    const erasure = {
      period: draw.pick([OTHER_PERIOD, 'H28-29', '2030']),
      limit: 1 + draw.below(4),
      at: moment(draw),
    };
    return (target) => target.erase(erasure);
  },
  appendLog: (draw) => {
    const [given, at] = [drafts(draw), moment(draw)];
    return (target) => target.appendLog(given, at);
  },
  logHead: () => async (target) => plainHead(await target.logHead()),
  logEntries: (draw) => {
    const page = { from: draw.below(80), limit: 1 + draw.below(40) };
    return (target) => target.logEntries(page);
  },
  addCheckpoint: (draw) => {
    const checkpoint = { size: draw.below(60), note: draw.pick(['a note', 'another note']) };
    return (target) => target.addCheckpoint(checkpoint);
  },
  checkpoints: (draw) => {
    const page = { from: draw.below(60), limit: 1 + draw.below(5) };
    return (target) => target.checkpoints(page);
  },
  lastCheckpoint: () => (target) => target.lastCheckpoint(),
};
const CALLS = Object.keys(QUESTIONS);
/** What writes is asked more often. */
const ASKED = [
  ...CALLS,
  ...Array<string>(8).fill('append'),
  'rekey',
  'rekey',
  'personRecords',
  'personRecords',
];

/** Asks a record file and the model the same questions, one after the other, and holds their answers against each other. */
export async function walkRecordsAtRandom(store: RecordStore, draw: Seeded, steps: number): Promise<void> {
  const model = new ModelRecordFile();
  for (let step = 0; step < steps; step++) {
    const call = draw.pick(ASKED);
    const question = (QUESTIONS[call] as (draw: Seeded) => Question)(draw);
    const [told, expected] = [await outcomeOf(question(store)), await outcomeOf(question(model))];
    assert.deepEqual(told, expected, `step ${step}: ${call} answers as the model does`);
  }
  const { records, entries } = await assertFileSound(store);
  assert.deepEqual(records, plainAll(await model.records({ limit: 100_000 })));
  assert.deepEqual(entries, await model.logEntries({ from: 0, limit: 100_000 }));
}

function plainWritten({ records, branches }: RecordsWritten) {
  return {
    records: records.map(({ outcome, record }) => ({ outcome, record: plain(record) })),
    branches: branches.map((one) =>
      one.outcome === 'conflict' ? one.outcome : { outcome: one.outcome, record: plain(one.record) },
    ),
  };
}
