import type { IssuanceStore, WriteOutcome } from 'renkei';
import { type BrokenStore, nextTurn } from './broken-store.js';

const ALL = 100_000;
type RecordedKey = Awaited<ReturnType<IssuanceStore['listKeys']>>[0];

const changedKeys =
  (change: (key: RecordedKey) => RecordedKey) =>
  (store: IssuanceStore): Partial<IssuanceStore> => ({
    listKeys: async (...call) => (await store.listKeys(...call)).map(change),
  });

const told = (outcomes: Promise<WriteOutcome>, wrong: WriteOutcome, other: WriteOutcome) =>
  outcomes.then((outcome) => (outcome === wrong ? other : outcome));

/** Mistakes that somebody makes with key states, epochs and rotations. */
export const BROKEN_ROTATIONS: readonly BrokenStore[] = [
  {
    fault: 'has every version of a key active at once',
    foundBy: 'states of keys',
    broken: changedKeys((key) =>
      key.state === 'pre-active' ? { ...key, state: 'active', since: { active: key.registeredAt } } : key,
    ),
  },
  {
    fault: 'remembers the last state of a key only',
    foundBy: 'states of keys',
    broken: changedKeys((key) => ({ ...key, since: { [key.state]: key.since[key.state] } })),
  },
  {
    fault: 'takes every key for one of the first generation',
    foundBy: 'states of keys',
    broken: changedKeys((key) => (key.generation === undefined ? key : { ...key, generation: 1 })),
  },
  {
    fault: 'compares no epoch in one method',
    foundBy: 'epochs',
    broken: (store) => ({ issue: (batch, { epoch: _, ...options } = {}) => store.issue(batch, options) }),
  },
  {
    fault: 'compares epochs before its transaction begins',
    foundBy: 'epochs',
    broken: (store) => ({
      issue: async (batch, { epoch, ...options } = {}) => {
        if (epoch !== undefined) await store.count({ epoch });
        await nextTurn();
        return store.issue(batch, options);
      },
    }),
  },
  {
    fault: 'begins no epoch when keys are retired',
    foundBy: 'epochs',
    broken: (store) => ({
      outlook: async (...call) => {
        const outlook = await store.outlook(...call);
        return { ...outlook, epoch: Math.min(outlook.epoch, 1) };
      },
    }),
  },
  {
    fault: 'holds everybody back after the switch',
    foundBy: 'epochs',
    broken: (store) => {
      let holdUntil = 0;
      return {
        hold: async (until, options) => {
          await store.hold(until, options);
          holdUntil = until;
        },
        outlook: async (...call) => ({ ...(await store.outlook(...call)), holdUntil }),
      };
    },
  },
  {
    fault: 'begins a second rotation of the same subject',
    foundBy: 'beginning rotations',
    broken: (store) => ({ beginRotation: async (...call) => (await store.beginRotation(...call)) ?? 99 }),
  },
  {
    fault: 'lists a rotation without what it leads to',
    foundBy: 'beginning rotations',
    broken: (store) => ({
      rotations: async (...call) =>
        (await store.rotations(...call)).map(({ successor: _, ...rotation }) => rotation),
    }),
  },
  {
    fault: 'takes a move that cannot be made for one that was made',
    foundBy: 'moving rotations',
    broken: (store) => ({
      moveRotation: (...call) => told(store.moveRotation(...call), 'conflict', 'existed'),
    }),
  },
  {
    fault: 'drops the notebook of a move',
    foundBy: 'moving rotations',
    broken: (store) => ({
      moveRotation: ({ notebook: _, ...move }, options) => store.moveRotation(move, options),
    }),
  },
  {
    fault: 'verifies with parts that are open',
    foundBy: 'moving rotations',
    broken: (store) => ({
      moveRotation: async (move, options) => {
        if (move.to === 'verified' && options === undefined)
          for (const { part } of await store.parts(move.id)) await store.finishPart(move.id, part, '');
        return store.moveRotation(move, options);
      },
    }),
  },
  {
    fault: 'switches over rows that are noted',
    foundBy: 'moving rotations',
    broken: (store) => ({
      moveRotation: async (move, options) => {
        if (move.to === 'switched' && options === undefined)
          await store.settle((await store.noted(ALL)).map(({ note }) => note));
        return store.moveRotation(move, options);
      },
    }),
  },
  {
    fault: 'retires with rows under the old store key',
    foundBy: 'moving rotations',
    broken: (store) => ({
      moveRotation: async (move, options) => {
        if (move.to === 'retired' && options === undefined) await store.moveRows(ALL);
        return store.moveRotation(move, options);
      },
    }),
  },
  {
    fault: 'notes people only',
    foundBy: 'noting rows',
    broken: (store) => ({
      noted: async (...call) =>
        (await store.noted(...call)).filter(({ institution }) => institution === undefined),
    }),
  },
  {
    fault: 'notes people though their successors came along',
    foundBy: 'noting rows',
    broken: (store) => ({
      issue: async ({ successors, ...batch }, options) => {
        const held = await store.issue(batch, options);
        if (successors !== undefined) await store.issue({ ...batch, successors }, options);
        return held;
      },
    }),
  },
  {
    fault: 'gives the newest notes first',
    foundBy: 'noting rows',
    broken: (store) => ({
      noted: async (limit, ...call) => (await store.noted(ALL, ...call)).toReversed().slice(0, limit),
    }),
  },
  {
    fault: 'settles whatever is noted',
    foundBy: 'noting rows',
    broken: (store) => ({
      settle: async (notes, options) => {
        if (notes.length === 0) return store.settle(notes, options);
        await store.settle(
          (await store.noted(ALL, undefined, options)).map(({ note }) => note),
          options,
        );
      },
    }),
  },
  {
    fault: 'gives one part to several workers',
    foundBy: 'parts of a rotation',
    broken: (store) => ({
      claimPart: (claim, options) => store.claimPart({ ...claim, worker: 'everybody' }, options),
    }),
  },
  {
    fault: 'holds claims for a day',
    foundBy: 'parts of a rotation',
    broken: (store) => ({
      claimPart: (claim, options) => store.claimPart({ ...claim, leaseMs: 86_400_000 }, options),
    }),
  },
  {
    fault: 'says inserted of a part that was done',
    foundBy: 'parts of a rotation',
    broken: (store) => ({
      finishPart: (...call) => told(store.finishPart(...call), 'existed', 'inserted'),
    }),
  },
];
