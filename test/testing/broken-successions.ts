import type { IssuanceStore } from 'renkei';
import { type BrokenStore, codesOf } from './broken-store.js';

const ALL = 100_000;

/** Codes that rows are stored under, as hex digits. */
async function rowsOf(store: IssuanceStore): Promise<ReadonlySet<string>> {
  return new Set(codesOf((await store.persons({ limit: ALL })).storeCodes));
}

/** Mistakes that somebody makes while the store key is replaced. */
export const BROKEN_SUCCESSIONS: readonly BrokenStore[] = [
  {
    fault: 'does not know people under the new store key',
    foundBy: 'succession of store codes',
    broken: (store) => ({
      lookUp: async (institution, codes, options) => {
        const rows = await rowsOf(store);
        const held = await store.lookUp(institution, codes, options);
        const isKnown = codesOf(codes).map((code) => rows.has(code));
        return { ...held, versions: held.versions.map((version, k) => (isKnown[k] ? version : 0)) };
      },
    }),
  },
  {
    fault: 'removes nobody by a code under the new store key',
    foundBy: 'moving rows',
    broken: (store) => ({
      remove: async (codes, options) => {
        const rows = await rowsOf(store);
        const known = codesOf(codes).map((code) => (rows.has(code) ? code : '00'.repeat(24)));
        return store.remove(Uint8Array.from(Buffer.from(known.join(''), 'hex')), options);
      },
    }),
  },
  {
    fault: 'answers codes under the old store key after the switch',
    foundBy: 'succession of store codes',
    broken: (store) => ({
      lookUp: async (...call) => {
        const held = await store.lookUp(...call);
        return (await store.outlook()).epoch === 0 ? held : { ...held, canonical: new Map() };
      },
    }),
  },
  {
    fault: 'tells nobody which codes were changed',
    foundBy: 'looking up',
    broken: (store) => ({
      lookUp: async (...call) => ({ ...(await store.lookUp(...call)), aliases: new Set() }),
    }),
  },
  {
    fault: 'says inserted of a successor that it did not record',
    foundBy: 'succession of store codes',
    broken: (store) => ({
      succeed: async (...call) =>
        (await store.succeed(...call)).map((outcome) => (outcome === 'conflict' ? 'inserted' : outcome)),
    }),
  },
  {
    fault: 'passes over the successors that come with a change',
    foundBy: 'succession of store codes',
    broken: (store) => ({ change: ({ successors: _, ...batch }, options) => store.change(batch, options) }),
  },
  {
    fault: 'finds a successor for everybody',
    foundBy: 'succession of store codes',
    broken: (store) => ({
      withoutSuccessor: async (page) => (await store.withoutSuccessor(page)).slice(0, 0),
    }),
  },
  {
    fault: 'lends no successor',
    foundBy: 'succession of store codes',
    broken: (store) => ({ lendSuccessors: (options) => store.outlook(options).then(() => 0) }),
  },
  {
    fault: 'forgets more successors than it was asked to',
    foundBy: 'succession of store codes',
    broken: (store) => ({
      discardSuccessors: (limit, options) =>
        store.discardSuccessors(Number.isInteger(limit) ? ALL : limit, options),
    }),
  },
  {
    fault: 'knows people by aliases from before the switch that have no successor',
    foundBy: 'moving rows',
    broken: (store) => {
      const kept = new Map<string, string>();
      return {
        moveRows: async (...call) => {
          const { storeCodes, canonical } = await store.persons({ limit: ALL });
          for (const [row, own] of canonical) {
            const { newCodes, missing } = await store.successors(own);
            const [code] = codesOf(missing.length > 0 ? own : newCodes);
            kept.set(codesOf(storeCodes)[row] as string, code as string);
          }
          return store.moveRows(...call);
        },
        lookUp: (institution, codes, options) => {
          const known = codesOf(codes).map((code) => kept.get(code) ?? code);
          return store.lookUp(institution, Uint8Array.from(Buffer.from(known.join(''), 'hex')), options);
        },
      };
    },
  },
  {
    fault: 'moves all rows at once',
    foundBy: 'moving rows',
    broken: (store) => ({
      moveRows: (limit, options) => store.moveRows(Number.isInteger(limit) ? ALL : limit, options),
    }),
  },
  {
    fault: 'moves rows and leaves their generation',
    foundBy: 'moving rows',
    broken: (store) => ({
      details: async (...call) =>
        (await store.details(...call)).map((row) => (row === undefined ? row : { ...row, generation: 1 })),
    }),
  },
];
