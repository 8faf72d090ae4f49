import type { HeldRows, IssuanceBatch, IssuanceStore, WriteOutcome } from 'renkei';
import { BROKEN_ROTATIONS } from './broken-rotations.js';
import { type BrokenStore, codesOf, nextTurn } from './broken-store.js';
import { BROKEN_SUCCESSIONS } from './broken-successions.js';

const CODE_LENGTH = 24;
const JAPAN_AHEAD_MS = 9 * 3_600_000;

/** A store some of whose methods are replaced. */
export function withMethods<Store extends object>(store: Store, methods: Partial<Store>): Store {
  return new Proxy(store, {
    get(target, name) {
      const method: unknown = Reflect.get(methods, name) ?? Reflect.get(target, name);
      return typeof method === 'function' ? method.bind(target) : method;
    },
  });
}

const withVersions = (held: HeldRows, version: (held: number) => number): HeldRows => ({
  ...held,
  versions: held.versions.map(version),
});
const outcomes = (
  given: Promise<readonly WriteOutcome[]>,
  other: Partial<Record<WriteOutcome, WriteOutcome>>,
) => given.then((list) => list.map((outcome) => other[outcome] ?? outcome));

/** Mistakes that somebody who writes a store makes. */
export const BROKEN_STORES: readonly BrokenStore[] = [
  {
    fault: 'answers 0 for a row that was there',
    foundBy: 'issuing',
    broken: (store) => ({
      issue: async (...call) => withVersions(await store.issue(...call), () => 0),
    }),
  },
  {
    fault: 'takes the version of the last issuance for that of the first',
    foundBy: 'issuing',
    broken: (store) => ({
      issue: async (batch, options) =>
        withVersions(await store.issue(batch, options), (held) => (held === 0 ? 0 : batch.keyVersion)),
    }),
  },
  {
    fault: 'drops the last row of a batch',
    foundBy: 'issuing',
    broken: (store) => ({
      issue: async (batch, options) => {
        const held = await store.issue(
          { ...batch, storeCodes: batch.storeCodes.slice(0, -CODE_LENGTH) },
          options,
        );
        return { ...held, versions: Uint8Array.from([...held.versions, 0]) };
      },
    }),
  },
  {
    fault: 'keeps the buffer of a batch and writes it later',
    foundBy: 'issuing',
    broken: (store) => {
      let late: IssuanceBatch | undefined;
      const writeLate = async () => {
        const batch = late;
        late = undefined;
        if (batch !== undefined) await store.issue(batch);
      };
      return {
        issue: async (batch, options) => {
          await writeLate();
          const held = await store.lookUp(batch.institution, batch.storeCodes, options);
          late = batch;
          return held;
        },
        lookUp: async (...call) => {
          await writeLate();
          return store.lookUp(...call);
        },
      };
    },
  },
  {
    fault: 'looks first and writes then, so that two get through',
    foundBy: 'running at once',
    broken: (store) => ({
      issue: async (batch, options) => {
        const held = await store.lookUp(batch.institution, batch.storeCodes, options);
        await nextTurn();
        await store.issue(batch, options);
        return held;
      },
    }),
  },
  {
    fault: 'writes a batch in two halves',
    foundBy: 'giving up',
    broken: (store) => ({
      issue: async (batch, options) => {
        const half = CODE_LENGTH * Math.floor(batch.storeCodes.length / CODE_LENGTH / 2);
        const first = await store.issue({ ...batch, storeCodes: batch.storeCodes.slice(0, half) }, options);
        await nextTurn();
        const second = await store.issue({ ...batch, storeCodes: batch.storeCodes.slice(half) }, options);
        return { ...first, versions: Uint8Array.from([...first.versions, ...second.versions]) };
      },
    }),
  },
  {
    fault: "tells nobody the person's own code",
    foundBy: 'issuing to a changed resident record code',
    broken: (store) => ({
      issue: async (...call) => ({ ...(await store.issue(...call)), canonical: new Map() }),
    }),
  },
  {
    fault: 'answers 0 for an institution nobody registered',
    foundBy: 'refusing',
    broken: (store) => ({
      lookUp: (institution, codes, options) =>
        store.lookUp(institution, codes, options).catch((error: { code?: string }) => {
          if (error.code !== 'INSTITUTION_UNKNOWN') throw error;
          return {
            versions: new Uint8Array(codes.length / CODE_LENGTH),
            canonical: new Map(),
            aliases: new Set(),
          };
        }),
    }),
  },
  {
    fault: 'does not follow a changed code to the holders',
    foundBy: 'holders of codes',
    broken: (store) => ({
      holders: async (codes, options) => {
        const { storeCodes, canonical } = await store.persons({ limit: 100_000 });
        const aliases = codesOf(storeCodes).filter((_, row) => canonical.has(row));
        const given = codesOf(codes);
        const holders = await store.holders(codes, options);
        return holders.map((list, k) => (aliases.includes(given[k] as string) ? [] : list));
      },
    }),
  },
  {
    fault: 'tells holders in the wrong order',
    foundBy: 'holders of codes',
    broken: (store) => ({
      holders: async (...call) => (await store.holders(...call)).map((list) => list.toReversed()),
    }),
  },
  {
    fault: 'says generation 1 of everybody',
    foundBy: 'details of issued codes',
    broken: (store) => ({
      details: async (...call) =>
        (await store.details(...call)).map((row) => (row === undefined ? row : { ...row, generation: 1 })),
    }),
  },
  {
    fault: 'forgets the last change of a batch',
    foundBy: 'changing resident record codes',
    broken: (store) => ({
      change: async (batch, options) => {
        const [oldCodes, newCodes] = [batch.oldCodes, batch.newCodes].map((codes) =>
          codes.slice(0, -CODE_LENGTH),
        );
        const told = await store.change({ ...batch, oldCodes, newCodes } as typeof batch, options);
        return batch.oldCodes.length === 0 ? told : [...told, 'inserted'];
      },
    }),
  },
  {
    fault: 'says inserted where it found a conflict',
    foundBy: 'changing resident record codes',
    broken: (store) => ({
      change: (...call) => outcomes(store.change(...call), { conflict: 'inserted' }),
    }),
  },
  {
    fault: 'takes a repeated change for a conflict',
    foundBy: 'changing resident record codes',
    broken: (store) => ({
      change: (...call) => outcomes(store.change(...call), { existed: 'conflict' }),
    }),
  },
  {
    fault: 'stops at the first conflict of a batch',
    foundBy: 'changing resident record codes',
    broken: (store) => ({
      change: async (batch, options) => {
        const told: WriteOutcome[] = [];
        for (let at = 0; at < batch.oldCodes.length; at += CODE_LENGTH) {
          const [oldCodes, newCodes] = [batch.oldCodes, batch.newCodes].map((codes) =>
            codes.slice(at, at + CODE_LENGTH),
          );
          const stopped = told.includes('conflict');
          const one = { ...batch, oldCodes, newCodes } as typeof batch;
          told.push(...(stopped ? (['conflict'] as const) : await store.change(one, options)));
        }
        return told.length === 0 ? store.change(batch, options) : told;
      },
    }),
  },
  {
    fault: 'removes the issuances of a person, but not the person',
    foundBy: 'removing people',
    broken: (store) => {
      let left = 0;
      return {
        remove: async (...call) => {
          const removed = await store.remove(...call);
          left += removed.filter(({ storeCodes }) => storeCodes > 0).length;
          return removed;
        },
        count: async (...call) => {
          const counts = await store.count(...call);
          return { ...counts, persons: counts.persons + left };
        },
      };
    },
  },
  {
    fault: 'tells of a removal again when it is asked again',
    foundBy: 'removing people',
    broken: (store) => {
      const told = new Map<string, Awaited<ReturnType<IssuanceStore['remove']>>[0]>();
      return {
        remove: async (codes, options) => {
          const removed = await store.remove(codes, options);
          return codesOf(codes).map((code, k) => {
            const now = removed[k] as (typeof removed)[0];
            const answer = now.storeCodes > 0 ? now : (told.get(code) ?? now);
            told.set(code, answer);
            return answer;
          });
        },
      };
    },
  },
  {
    fault: 'pages out of order',
    foundBy: 'reading page by page',
    broken: (store) => ({
      issuances: async (...call) => {
        const { storeCodes, keyVersions } = await store.issuances(...call);
        const reversed = codesOf(storeCodes).toReversed().join('');
        return {
          storeCodes: Uint8Array.from(Buffer.from(reversed, 'hex')),
          keyVersions: keyVersions.toReversed(),
        };
      },
    }),
  },
  {
    fault: 'leaves a row out between two pages',
    foundBy: 'reading page by page',
    broken: (store) => ({
      issuances: async (institution, page) => {
        const { storeCodes, keyVersions } = await store.issuances(institution, page);
        const from = page.after === undefined ? 0 : 1;
        return { storeCodes: storeCodes.slice(from * CODE_LENGTH), keyVersions: keyVersions.slice(from) };
      },
    }),
  },
  {
    fault: 'counts the days of London',
    foundBy: 'statistics',
    broken: (store) => ({
      issue: (batch, options) => {
        const { issuedAt } = batch;
        const shifted = Number.isInteger(issuedAt)
          ? { ...batch, issuedAt: issuedAt - JAPAN_AHEAD_MS }
          : batch;
        return store.issue(shifted, options);
      },
      details: async (...call) =>
        (await store.details(...call)).map((row) =>
          row === undefined ? row : { ...row, issuedAt: row.issuedAt + JAPAN_AHEAD_MS },
        ),
    }),
  },
  {
    fault: 'orders versions as texts',
    foundBy: 'statistics',
    broken: (store) => ({
      statistics: async (...call) => {
        const key = (row: Awaited<ReturnType<IssuanceStore['statistics']>>[0]) =>
          `${row.institution} ${row.keyVersion} ${row.day}`;
        return (await store.statistics(...call)).toSorted((a, b) => (key(a) < key(b) ? -1 : 1));
      },
    }),
  },
  {
    fault: 'never finds anything',
    foundBy: 'checking',
    broken: (store) => ({ check: async (...call) => (await store.check(...call)).slice(0, 0) }),
  },
  {
    fault: 'counts a changed code as a person',
    foundBy: 'counting',
    broken: (store) => ({
      count: async (...call) => {
        const counts = await store.count(...call);
        return { ...counts, persons: counts.persons + counts.aliases };
      },
    }),
  },
  {
    fault: 'takes another key under a name for the same',
    foundBy: 'registering keys',
    broken: (store) => ({
      registerKey: async (...call) => {
        const outcome = await store.registerKey(...call);
        return outcome === 'conflict' ? 'existed' : outcome;
      },
    }),
  },
  {
    fault: 'lets a store be begun twice',
    foundBy: 'beginning',
    broken: (store) => ({
      begin: async (...call) => {
        const outcome = await store.begin(...call);
        return outcome === 'conflict' ? 'inserted' : outcome;
      },
    }),
  },
  {
    fault: 'ignores the signal of one method',
    foundBy: 'giving up',
    broken: (store) => ({ remove: (codes) => store.remove(codes) }),
  },
  {
    fault: 'takes options that do not exist',
    foundBy: 'options of every call',
    broken: (store) => ({
      persons: ({ after, limit, signal, epoch }) =>
        store.persons({
          limit,
          ...(after === undefined ? {} : { after }),
          ...(signal === undefined ? {} : { signal }),
          ...(epoch === undefined ? {} : { epoch }),
        }),
    }),
  },
  {
    fault: 'throws synchronously',
    foundBy: 'options of every call',
    broken: (store) => ({
      holders: (codes, options) => {
        if (!(codes instanceof Uint8Array)) throw new TypeError('no bytes');
        return store.holders(codes, options);
      },
    }),
  },
  {
    fault: 'fails with an error of its own kind',
    foundBy: 'refusing',
    broken: (store) => ({
      lookUp: (...call) =>
        store.lookUp(...call).catch((error: Error) => {
          throw new Error(error.message);
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
      issue: async (...call) => {
        await nextTurn();
        return store.issue(...call);
      },
    }),
  },
  ...BROKEN_ROTATIONS,
  ...BROKEN_SUCCESSIONS,
];
