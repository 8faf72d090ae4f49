import { readdirSync } from 'node:fs';
import { createMemoryStore, type IssuanceStore, RenkeiError, type Rotation } from 'renkei';
import { describe, expect, test } from 'vitest';
import { syntheticResidentTexts } from '../support/residents.js';
import {
  deliveredBytes,
  issueTo,
  openRotationVault,
  openRotationWorld,
  read,
} from '../support/rotation-world.js';
import { makeScratchFolder } from '../support/scratch-folder.js';

const { path } = makeScratchFolder();

/** Where a kill strikes: before a call of the store does anything, or when it is done and nobody hears of it. */
interface Kill {
  readonly call: string;
  readonly when: 'before' | 'after';
  /** Which of the calls of that name. */
  readonly nth: number;
}

interface Plan {
  kill: Kill | undefined;
  readonly onKilled: (call: string) => void;
}

/** A store whose caller is killed at one call, once. */
function killing(store: IssuanceStore, plan: Plan): IssuanceStore {
  const counts = new Map<string, number>();
  return new Proxy(store, {
    get(target, name) {
      const value = Reflect.get(target, name, target);
      if (typeof value !== 'function') return value;
      return async (...args: unknown[]) => {
        const { kill } = plan;
        if (kill === undefined || kill.call !== name) return value.apply(target, args);
        const count = (counts.get(kill.call) ?? 0) + 1;
        counts.set(kill.call, count);
        if (count !== kill.nth) return value.apply(target, args);
        plan.kill = undefined;
        plan.onKilled(kill.call);
        if (kill.when === 'after') await value.apply(target, args);
        throw new RenkeiError('STORE_FAULT', 'killed');
      };
    },
  });
}

const CALLS = [
  ...['claimPart', 'finishPart', 'issuances', 'persons', 'succeed', 'successors', 'parts', 'rotations'],
  ...['noted', 'settle', 'moveRotation', 'hold', 'withoutSuccessor', 'moveRows'],
];
/** Of a rotation that is made from a list. */
const CALLS_OF_A_LIST = ['succeed', 'successors', 'lendSuccessors'];

const killsOf = (calls: readonly string[]) =>
  calls.flatMap((call) =>
    (['before', 'after'] as const).flatMap((when) => [1, 2].map((nth): Kill => ({ call, when, nth }))),
  );

/** Repeats a step until it ends: what whoever operates it would do. */
async function insist<T>(step: () => Promise<T>): Promise<T> {
  for (let attempt = 0; ; attempt++) {
    try {
      return await step();
    } catch (error) {
      if (attempt === 3 || !(error instanceof RenkeiError) || error.message !== 'killed') throw error;
    }
  }
}

/** A whole rotation of a generation, with rows written on the way; gives the bytes of all deliveries. */
async function run(
  folder: string,
  kill: Kill | undefined,
  onKilled: (call: string) => void = () => undefined,
  source: 'store' | 'list' = 'store',
): Promise<string[]> {
  const plan: Plan = { kill: undefined, onKilled };
  const store = killing(createMemoryStore(), plan);
  const vault = await openRotationVault();
  const { rotations, issuer, people } = await openRotationWorld({ store, vault, people: 20 });
  const rotation: Rotation = await rotations.begin({ kind: 'generation', source });
  const killed = async <T>(step: () => Promise<T>) => {
    plan.kill = kill;
    const result = await insist(step);
    if (plan.kill === undefined) kill = undefined;
    plan.kill = undefined;
    return result;
  };
  if (source === 'list') await killed(() => rotation.receiveResidents([[...people]]));
  await killed(() => rotation.work({ folder, worker: 'one' }));
  await issueTo(issuer, 'A1', syntheticResidentTexts(8, 0, 5));
  const verified = read(await killed(() => rotation.verify({ folder })));
  await issueTo(issuer, 'B2', syntheticResidentTexts(8, 3, 5));
  const switched = read(await killed(() => rotation.switch({ folder, graceMs: 0 })));
  await killed(() => rotation.retire());
  expect(await rotation.status()).toBe('retired');
  expect((await store.outlook()).holdUntil).toBe(0);
  expect(await issuer.checkStore()).toEqual([]);
  const files = [...verified.deliveries, ...switched.deliveries].map(({ file }) => file);
  expect(readdirSync(folder).sort()).toEqual(files.sort());
  return [...(await deliveredBytes(folder, verified)), ...(await deliveredBytes(folder, switched))];
}

describe('killed at any call of the store, it goes on', () => {
  test.each([
    ['store', CALLS],
    ['list', CALLS_OF_A_LIST],
  ] as const)('and ends in the same bytes as an undisturbed run: from the %s', async (source, calls) => {
    const undisturbed = await run(path(`undisturbed-${source}`), undefined, undefined, source);
    expect(undisturbed.length).toBeGreaterThan(4);
    const struck: string[] = [];
    for (const kill of killsOf(calls)) {
      const { call, when, nth } = kill;
      const folder = path(`${source}-${call}-${when}-${nth}`);
      const bytes = await run(folder, kill, (one) => struck.push(one), source);
      expect(bytes, `${when} ${call} ${nth}`).toEqual(undisturbed);
    }
    expect(new Set(struck)).toEqual(new Set(calls));
  });
});
