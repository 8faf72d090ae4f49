import { createMemoryRecordStore, type RecordStore } from 'renkei';
import { type ContractCase, type RecordStoreContractOptions, recordStoreContract } from 'renkei/testing';
import { describe, expect, it } from 'vitest';
import { withCode } from '../support/with-code.js';
import { BROKEN_RECORD_STORES } from './broken-record-stores.js';
import { withMethods } from './broken-stores.js';
import { failuresOf } from './failures.js';

const failures = (options: RecordStoreContractOptions) => failuresOf(recordStoreContract(options));
const walkOf = (cases: readonly ContractCase[]) => cases.filter(({ group }) => group === 'altogether');

describe('the contract suite of record stores', () => {
  it('has nothing to say against a sound store, and says so without a test runner', async () => {
    expect(await failures({ open: async () => createMemoryRecordStore() })).toEqual([]);
    expect(await failures({ open: async () => withMethods(createMemoryRecordStore(), {}) })).toEqual([]);
  });

  it.each(BROKEN_RECORD_STORES)('finds a store that $fault', async ({ foundBy, broken }) => {
    const open = async () => {
      const sound = createMemoryRecordStore();
      return withMethods(sound, broken(sound));
    };
    const cases = recordStoreContract({ open, steps: 40 });
    const failed = await failuresOf(cases);
    expect(failed.map(({ group }) => group)).toContain(foundBy);
  });

  it('finds by some random walks alone most of what is answered wrongly', async () => {
    const missed: string[] = [];
    for (const { fault, broken } of BROKEN_RECORD_STORES) {
      const open = async () => {
        const sound = createMemoryRecordStore();
        return withMethods(sound, broken(sound));
      };
      const walks = [20260401, 1].map((seed) => walkOf(recordStoreContract({ open, seed })));
      if ((await failuresOf(walks.flat())).length === 0) missed.push(fault);
    }
    // What a walk of one step after the other with well-formed questions cannot see.
    expect(missed).toEqual([
      'appends the entries of a batch one by one',
      'has no hashes of subtrees',
      'hands out what it goes on with',
      'ignores the signal of one method',
      'takes options that do not exist',
      'throws synchronously',
      'fails with an error of its own kind',
      'repeats in its errors what it was given',
      'serves on after closing',
      'closes under the feet of running calls',
    ]);
  });

  it('finds a store that forgets everything between two openings', async () => {
    const failed = await failures({
      open: async () => createMemoryRecordStore(),
      newPlace: () => 'somewhere',
    });
    expect(new Set(failed.map(({ group }) => group))).toEqual(new Set(['opened again, or twice at once']));
  });

  it('opens a place of its own for every case, and closes what it opened', async () => {
    const places: string[] = [];
    const open = new Set<RecordStore>();
    await failures({
      newPlace: () => `place ${places.length}`,
      steps: 5,
      open: async (place) => {
        places.push(place);
        const sound = createMemoryRecordStore();
        open.add(sound);
        return withMethods(sound, {
          close: async () => {
            open.delete(sound);
            await sound.close();
          },
        });
      },
    });
    expect(new Set(places).size).toBeGreaterThan(80);
    expect(open.size).toBe(0);
  });

  it('has no two cases of one name in a group', () => {
    const cases = recordStoreContract({ open: async () => createMemoryRecordStore(), newPlace: () => '' });
    const names = cases.map(({ group, name }) => `${group}: ${name}`);
    expect(new Set(names).size).toBe(names.length);
  });

  it.each([
    ['OPTION_INVALID', undefined, /object/],
    ['OPTION_INVALID', {}, /"open"/],
    ['OPTION_INVALID', { open: createMemoryRecordStore, newPlace: 'a path' }, /"newPlace"/],
    ['OPTION_INVALID', { open: createMemoryRecordStore, seed: -1 }, /"seed"/],
    ['OPTION_INVALID', { open: createMemoryRecordStore, steps: 0 }, /"steps"/],
    ['OPTION_UNKNOWN', { open: createMemoryRecordStore, retries: 3 }, /"retries"/],
  ] as const)('refuses with %s: %j', (code, options, message) => {
    expect(() => recordStoreContract(options as never)).toThrow(withCode(code, { message }));
  });
});
