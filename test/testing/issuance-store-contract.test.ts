import { createMemoryStore, type IssuanceStore } from 'renkei';
import { type IssuanceStoreContractOptions, issuanceStoreContract } from 'renkei/testing';
import { describe, expect, it } from 'vitest';
import { withCode } from '../support/with-code.js';
import { BROKEN_STORES, withMethods } from './broken-stores.js';
import { failuresOf } from './failures.js';

const failures = (options: IssuanceStoreContractOptions) => failuresOf(issuanceStoreContract(options));

describe('the contract suite', () => {
  it('has nothing to say against a sound store, and says so without a test runner', async () => {
    expect(await failures({ open: async () => createMemoryStore() })).toEqual([]);
    expect(await failures({ open: async () => withMethods(createMemoryStore(), {}) })).toEqual([]);
  });

  it.each(BROKEN_STORES)('finds a store that $fault', async ({ foundBy, broken }) => {
    const open = async () => {
      const sound = createMemoryStore();
      return withMethods(sound, broken(sound));
    };
    // The largest batch takes longer than all other cases together, and none of these faults needs it.
    const cases = issuanceStoreContract({ open }).filter(({ name }) => !name.includes('largest'));
    const failed = await failuresOf(cases);
    expect(failed.map(({ group }) => group)).toContain(foundBy);
    // The fault is one thing; what has nothing to do with it passes.
    expect(failed.length).toBeLessThan(cases.length / 2);
  });

  it('finds by some random walks alone most of what is answered wrongly', async () => {
    const missed: string[] = [];
    for (const { fault, broken } of BROKEN_STORES) {
      const open = async () => {
        const sound = createMemoryStore();
        return withMethods(sound, broken(sound));
      };
      const walks = [20260401, 1, 2, 3, 4, 5].map((seed) =>
        issuanceStoreContract({ open, seed }).filter(({ group }) => group === 'altogether'),
      );
      if ((await failuresOf(walks.flat())).length === 0) missed.push(fault);
    }
    // What a walk of one step after the other with well-formed questions cannot see.
    expect(missed).toEqual([
      'ignores the signal of one method',
      'takes options that do not exist',
      'throws synchronously',
      'serves on after closing',
      'closes under the feet of running calls',
      // Nor what is the store's to choose, such as who is moved first, and claims that a walk seldom lets run out.
      'compares epochs before its transaction begins',
      'gives the newest notes first',
      'holds claims for a day',
      'forgets more successors than it was asked to',
      'moves all rows at once',
    ]);
  });

  it('finds a store that forgets everything between two openings', async () => {
    const failed = await failures({ open: async () => createMemoryStore(), newPlace: () => 'somewhere' });
    expect(new Set(failed.map(({ group }) => group))).toEqual(new Set(['opened again, or twice at once']));
  });

  it('asks other things with another seed, and more with more steps', async () => {
    const asked = async (walk: { seed?: number; steps?: number }) => {
      const calls: string[] = [];
      const open = async (): Promise<IssuanceStore> =>
        new Proxy(createMemoryStore(), {
          get(target, name): unknown {
            calls.push(String(name));
            const method: unknown = Reflect.get(target, name);
            return typeof method === 'function' ? method.bind(target) : method;
          },
        });
      await issuanceStoreContract({ open, ...walk })
        .find(({ group }) => group === 'altogether')
        ?.run();
      return calls.join();
    };
    const usual = await asked({});
    expect(await asked({ seed: 20260401, steps: 800 })).toBe(usual);
    expect(await asked({ seed: 1 })).not.toBe(usual);
    expect((await asked({ steps: 80 })).length).toBeLessThan(usual.length / 4);
  });

  it('opens a place of its own for every case, and closes what it opened', async () => {
    const places: string[] = [];
    const open = new Set<IssuanceStore>();
    await failures({
      newPlace: () => `place ${places.length}`,
      open: async (place) => {
        places.push(place);
        const sound = createMemoryStore();
        open.add(sound);
        return withMethods(sound, {
          close: async () => {
            open.delete(sound);
            await sound.close();
          },
        });
      },
    });
    expect(new Set(places).size).toBeGreaterThan(100);
    expect(open.size).toBe(0);
  });

  it('has no two cases of one name in a group', () => {
    const cases = issuanceStoreContract({ open: async () => createMemoryStore(), newPlace: () => '' });
    const names = cases.map(({ group, name }) => `${group}: ${name}`);
    expect(new Set(names).size).toBe(names.length);
  });

  it.each([
    ['OPTION_INVALID', undefined, /object/],
    ['OPTION_INVALID', {}, /"open"/],
    ['OPTION_INVALID', { open: 'a path' }, /"open"/],
    ['OPTION_INVALID', { open: createMemoryStore, newPlace: 'a path' }, /"newPlace"/],
    ['OPTION_INVALID', { open: createMemoryStore, seed: -1 }, /"seed"/],
    ['OPTION_INVALID', { open: createMemoryStore, steps: 0 }, /"steps"/],
    ['OPTION_UNKNOWN', { open: createMemoryStore, retries: 3 }, /"retries"/],
  ] as const)('refuses with %s: %j', (code, options, message) => {
    expect(() => issuanceStoreContract(options as never)).toThrow(withCode(code, { message }));
  });
});
