import type { AccessRecord, NewRecordOutcome, RecordStore } from 'renkei';
import { nextTurn } from './broken-store.js';

/** One fault of a record store, and the group of cases that must find it. */
export interface BrokenRecordStore {
  /** What it does wrong, as a sentence without its subject. */
  readonly fault: string;
  /** A group with a case that fails. */
  readonly foundBy: string;
  /** The methods that do it, over a store that is right. */
  readonly broken: (store: RecordStore) => Partial<RecordStore>;
}

const EVERYTHING = { limit: 100_000 };
const inserted = (outcomes: readonly NewRecordOutcome[]) =>
  outcomes.map((one): NewRecordOutcome => ({ ...one, outcome: 'inserted' }));
const byNumber = (rows: readonly AccessRecord[]) =>
  [...rows].sort((a, b) => a.serial - b.serial || a.branch - b.branch);

/** Mistakes that somebody who writes a record store makes. */
export const BROKEN_RECORD_STORES: readonly BrokenRecordStore[] = [
  {
    fault: 'tells a request that is on record as a new one',
    foundBy: 'appending',
    broken: (store) => ({
      append: async (...call) => {
        const { records, branches } = await store.append(...call);
        return { records: inserted(records), branches };
      },
    }),
  },
  {
    fault: 'writes the drafts of a batch after its rows',
    foundBy: 'appending',
    broken: (store) => ({
      append: async ({ drafts = [], ...batch }, options) => {
        const written = await store.append(batch, options);
        await store.appendLog(drafts, batch.at, options);
        return written;
      },
    }),
  },
  {
    fault: 'forgets the drafts of branches',
    foundBy: 'appending',
    broken: (store) => ({
      append: ({ branches = [], ...batch }, options) =>
        store.append({ ...batch, branches: branches.map(({ draft, ...branch }) => branch) }, options),
    }),
  },
  {
    fault: 'writes each record in a transaction of its own',
    foundBy: 'erasing',
    broken: (store) => ({
      append: async ({ records = [], ...batch }, options) => {
        const { branches } = await store.append(batch, options);
        const written: NewRecordOutcome[] = [];
        for (const record of records) {
          written.push(...(await store.append({ at: batch.at, records: [record] }, options)).records);
        }
        return { records: written, branches };
      },
    }),
  },
  {
    fault: 'keeps the requests of all inquirers together',
    foundBy: 'looking up',
    broken: (store) => ({
      requests: async (asked, options) => {
        const all = byNumber(await store.records(EVERYTHING));
        await store.requests(asked, options);
        return asked.map(({ requestId }) => all.find(({ origin }) => origin?.requestId === requestId));
      },
    }),
  },
  {
    fault: 'gives the first branch for the last',
    foundBy: 'looking up',
    broken: (store) => ({
      latest: async (serials, options) => {
        const found = await store.latest(serials, options);
        const first = (await store.records(EVERYTHING)).filter(({ branch }) => branch === 1);
        return found.map((one) => first.find(({ serial }) => serial === one?.serial));
      },
    }),
  },
  {
    fault: 'leaves out what there is not',
    foundBy: 'looking up',
    broken: (store) => ({
      latest: async (...call) => (await store.latest(...call)).filter((one) => one !== undefined),
    }),
  },
  {
    fault: "gives a person's oldest records first",
    foundBy: 'looking up',
    broken: (store) => ({
      personRecords: async (page) => byNumber(await store.personRecords(page)),
    }),
  },
  {
    fault: 'cuts a page in the middle of a record',
    foundBy: 'looking up',
    broken: (store) => ({
      personRecords: async (page) => (await store.personRecords(page)).slice(0, page.limit),
    }),
  },
  {
    fault: 'begins a page with the row that the one before ended with',
    foundBy: 'looking up',
    broken: (store) => ({
      records: async ({ after, ...page }) => {
        if (after === undefined) return store.records(page);
        const { serial, branch } = after;
        if (branch < 2) return store.records({ after, ...page });
        return store.records({ ...page, after: { serial, branch: branch - 1 } });
      },
    }),
  },
  {
    fault: 'counts serial numbers for rows',
    foundBy: 'appending',
    broken: (store) => ({
      periods: async (options) => {
        const rows = await store.records(EVERYTHING);
        const first = rows.filter(({ branch }) => branch === 1);
        return (await store.periods(options)).map((one) => ({
          ...one,
          rows: first.filter(({ period }) => period === one.period).length,
        }));
      },
    }),
  },
  {
    fault: 'puts people under their new codes one after the other',
    foundBy: 'new record codes',
    broken: (store) => ({
      rekey: async (pairs, options) => {
        let rows = await store.rekey(
          { ...pairs, oldCodes: new Uint8Array(0), newCodes: new Uint8Array(0) },
          options,
        );
        for (let k = 0; k < pairs.oldCodes.length; k += 24) {
          const [oldCodes, newCodes] = [pairs.oldCodes.slice(k, k + 24), pairs.newCodes.slice(k, k + 24)];
          rows += await store.rekey({ ...pairs, oldCodes, newCodes }, options);
        }
        return rows;
      },
    }),
  },
  {
    fault: 'counts people where rows are asked for',
    foundBy: 'new record codes',
    broken: (store) => ({
      rekey: async (pairs, options) =>
        Math.min(await store.rekey(pairs, options), pairs.oldCodes.length / 24),
    }),
  },
  {
    fault: 'lets new records under old codes in',
    foundBy: 'new record codes',
    broken: (store) => ({
      append: ({ records = [], ...batch }, options) =>
        store.append(
          {
            ...batch,
            records: records.map((one) => ({
              ...one,
              generation: one.generation === 2 ? 9 : one.generation,
            })),
          },
          options,
        ),
    }),
  },
  {
    fault: 'lowers the generation of a period',
    foundBy: 'the generation of a period',
    broken: (store) => ({
      settleGeneration: async (...call) => {
        const outcome = await store.settleGeneration(...call);
        return outcome === 'conflict' ? 'inserted' : outcome;
      },
    }),
  },
  {
    fault: 'erases all rows, however many were asked for',
    foundBy: 'erasing',
    broken: (store) => ({ erase: (erasure) => store.erase({ ...erasure, limit: 100_000 }) }),
  },
  {
    fault: 'takes records of a period that was erased',
    foundBy: 'erasing',
    broken: (store) => ({
      append: (batch, options) =>
        store.append(batch, options).catch((error: { readonly code?: unknown }) => {
          if (error.code !== 'RECORD_PERIOD_RETIRED') throw error;
          return { records: [], branches: [] };
        }),
    }),
  },
  {
    fault: 'tells the moment of the caller where that of the log is later',
    foundBy: 'the log',
    broken: (store) => ({
      appendLog: async (drafts, at, options) => ({ ...(await store.appendLog(drafts, at, options)), at }),
    }),
  },
  {
    fault: 'appends the entries of a batch one by one',
    foundBy: 'the log',
    broken: (store) => ({
      appendLog: async (drafts, at, options) => {
        const { first } = await store.appendLog(drafts.slice(0, 1), at, options);
        for (const draft of drafts.slice(1)) {
          await nextTurn();
          await store.appendLog([draft], at, options);
        }
        return { first, at: (await store.logHead()).at };
      },
    }),
  },
  {
    fault: 'gives one entry too many',
    foundBy: 'the log',
    broken: (store) => ({
      logEntries: ({ limit, ...page }) => store.logEntries({ ...page, limit: Math.min(limit + 1, 100_000) }),
    }),
  },
  {
    fault: 'has no hashes of subtrees',
    foundBy: 'the log',
    broken: (store) => ({
      logHashes: async (page) => {
        const hashes = await store.logHashes(page);
        return page.level === 0 ? hashes : new Uint8Array(0);
      },
    }),
  },
  {
    fault: 'forgets the subtrees in the head of the log',
    foundBy: 'the log',
    broken: (store) => ({
      logHead: async (options) => ({ ...(await store.logHead(options)), subtrees: [] }),
    }),
  },
  {
    fault: 'hands out what it goes on with',
    foundBy: 'the log',
    broken: (store) => {
      let known: Awaited<ReturnType<RecordStore['logHead']>> | undefined;
      return {
        logHead: async (options) => {
          const head = await store.logHead(options);
          if (known?.size !== head.size) known = head;
          return known;
        },
      };
    },
  },
  {
    fault: 'takes a checkpoint in the place of another',
    foundBy: 'checkpoints',
    broken: (store) => ({
      addCheckpoint: async (...call) => {
        const outcome = await store.addCheckpoint(...call);
        return outcome === 'conflict' ? 'existed' : outcome;
      },
    }),
  },
  {
    fault: 'gives the latest checkpoints first',
    foundBy: 'checkpoints',
    broken: (store) => ({ checkpoints: async (page) => [...(await store.checkpoints(page))].reverse() }),
  },
  {
    fault: 'takes the first checkpoint for the last',
    foundBy: 'checkpoints',
    broken: (store) => ({
      lastCheckpoint: async (options) => {
        await store.lastCheckpoint(options);
        return (await store.checkpoints({ from: 0, limit: 1 }))[0];
      },
    }),
  },
  {
    fault: 'ignores the signal of one method',
    foundBy: 'giving up',
    broken: (store) => ({ erase: ({ signal, ...erasure }) => store.erase(erasure) }),
  },
  {
    fault: 'takes options that do not exist',
    foundBy: 'options of every call',
    broken: (store) => ({ periods: () => store.periods() }),
  },
  {
    fault: 'throws synchronously',
    foundBy: 'options of every call',
    broken: (store) => ({
      latest: (serials, options) => {
        if (!Array.isArray(serials)) throw new TypeError('no list');
        return store.latest(serials, options);
      },
    }),
  },
  {
    fault: 'fails with an error of its own kind',
    foundBy: 'refusing',
    broken: (store) => ({
      records: (page) =>
        store.records(page).catch((error: Error) => {
          throw new Error(error.message);
        }),
    }),
  },
  {
    fault: 'repeats in its errors what it was given',
    foundBy: 'refusing',
    broken: (store) => ({
      append: (batch, options) =>
        store.append(batch, options).catch((error: Error) => {
          throw Object.assign(error, { message: `${error.message}: ${JSON.stringify(batch)}` });
        }),
    }),
  },
  {
    fault: 'serves on after closing',
    foundBy: 'closing',
    broken: () => ({ close: async () => undefined }),
  },
  {
    fault: 'closes under the feet of running calls',
    foundBy: 'closing',
    broken: (store) => ({
      append: async (...call) => {
        await nextTurn();
        return store.append(...call);
      },
    }),
  },
];
