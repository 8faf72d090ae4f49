import { existsSync } from 'node:fs';
import fc from 'fast-check';
import type { Issuer } from 'renkei';
import { beforeEach, describe, expect, test } from 'vitest';
import { inBatches, liveThrough, makePopulation } from '../../support/population.js';
import { syntheticResidents, syntheticResidentTexts } from '../../support/residents.js';
import { makeScratchFolder } from '../../support/scratch-folder.js';
import { openSoftwareIssuer } from '../../support/software-issuer.js';
import { withCode } from '../../support/with-code.js';

const scratch = makeScratchFolder();
let folders = 0;
let folder: string;
beforeEach(() => {
  folder = scratch.path(`comparison-${folders++}`);
});

const PEOPLE = 14;
const RESIDENTS = syntheticResidentTexts(6, 0, PEOPLE);
const RENAMED = syntheticResidentTexts(6, PEOPLE, PEOPLE);
const CODES = [...RESIDENTS, ...RENAMED];

async function collect<Item>(batches: AsyncIterable<readonly Item[]>): Promise<Item[]> {
  const items: Item[] = [];
  for await (const batch of batches) items.push(...batch);
  return items;
}

/** Issues to residents and gives the code each has at A1. */
async function issue(issuer: Issuer, institution: string, residents: readonly string[]) {
  const acquisitionNumbers = residents.map((_, n) => `C-${n}`);
  const result = await issuer.issueBatch(institution, { acquisitionNumbers, residents }, { reissue: true });
  return [...result].map((item) => ('code' in item ? (item.code as string) : ''));
}

/** The same by sets of people: who is number n, under the old code or the new. */
function reference(list: readonly string[], here: ReadonlySet<number>, changed: ReadonlySet<number>) {
  const seen = new Set<string>();
  const both = new Set<string>();
  const onlyThere: number[] = [];
  let repeated = 0;
  let refused = 0;
  list.forEach((text, position) => {
    const code = CODES.indexOf(text);
    if (code < 0) {
      refused++;
      return;
    }
    // Without a change on record the two codes are two people.
    const person = changed.has(code % PEOPLE) || code < PEOPLE ? `${code % PEOPLE}` : `renamed ${code}`;
    const isHere = here.has(Number(person));
    // Who is not here is known by the code alone.
    const name = isHere ? person : text;
    if (seen.has(name)) repeated++;
    else if (isHere) both.add(person);
    else onlyThere.push(position);
    seen.add(name);
  });
  const onlyHere = [...here].filter((n) => !both.has(`${n}`));
  const counts = {
    onlyHere: onlyHere.length,
    onlyThere: onlyThere.length,
    both: both.size,
    repeated,
    refused,
  };
  return { counts, onlyHere, both: [...both].map(Number), onlyThere };
}

describe('a list compared with the store', () => {
  test('is what sets of people say, for any list and any store', async () => {
    const people = fc.uniqueArray(fc.nat(PEOPLE - 1)).map((numbers) => new Set(numbers));
    const entry = fc.oneof(
      { weight: 9, arbitrary: fc.nat(CODES.length - 1) },
      { weight: 1, arbitrary: fc.constant(-1) },
    );
    await fc.assert(
      fc.asyncProperty(
        fc.array(entry, { maxLength: 40 }),
        people,
        people,
        people,
        async (entries, atA, atB, changed) => {
          const { issuer } = await openSoftwareIssuer();
          const numbers = [...atA];
          const codes = await issue(
            issuer,
            'A1',
            numbers.map((n) => RESIDENTS[n] as string),
          );
          await issue(
            issuer,
            'B2',
            [...atB].map((n) => RESIDENTS[n] as string),
          );
          await issuer.changeResidentRecordCodes({
            old: [...changed].map((n) => RESIDENTS[n] as string),
            new: [...changed].map((n) => RENAMED[n] as string),
          });
          const list = entries.map((code) => CODES[code] ?? 'x');

          const everybody = reference(list, new Set([...atA, ...atB, ...changed]), changed);
          const all = await issuer.comparePopulation(inBatches(list, 9), { folder });
          expect(all.counts).toEqual(everybody.counts);
          expect(await collect(all.onlyThere())).toEqual(everybody.onlyThere);
          await all.close();

          const ofA = reference(list, atA, changed);
          const some = await issuer.comparePopulation(inBatches(list, 9), { folder, institution: 'A1' });
          const codesOf = (persons: readonly number[]) =>
            persons.map((n) => codes[numbers.indexOf(n)]).sort();
          expect(some.counts).toEqual(ofA.counts);
          expect(await collect(some.onlyThere())).toEqual(ofA.onlyThere);
          expect((await collect(some.onlyHere())).sort()).toEqual(codesOf(ofA.onlyHere));
          expect((await collect(some.both())).sort()).toEqual(codesOf(ofA.both));
          await some.close();
        },
      ),
      { numRuns: 80 },
    );
  });

  test('gives the codes the institution holds, all under the active version, also of changed resident record codes', async () => {
    const world = await openSoftwareIssuer();
    const { issuer } = world;
    const population = makePopulation(100);
    await liveThrough(world, population);
    const list = [...new Set(population.list)].filter((text) => /^[0-9]{11}$/.test(text));
    const held = await issue(issuer, 'A1', list);
    const comparison = await issuer.comparePopulation([list], { folder, institution: 'A1' });
    const codes = await collect(comparison.both());
    expect(new Set(codes)).toEqual(new Set(held.filter((code) => code !== '')));
    expect(comparison.counts.both).toBe(codes.length);
  });
});

describe('a comparison', () => {
  test('takes packed residents and wipes them', async () => {
    const { issuer } = await openSoftwareIssuer();
    await issue(issuer, 'A1', syntheticResidentTexts(6, 0, 3));
    const packed = syntheticResidents(6, 1, 4);
    const comparison = await issuer.comparePopulation([packed], { folder });
    expect(packed.every((byte) => byte === 0)).toBe(true);
    expect(comparison.counts).toEqual({ onlyHere: 1, onlyThere: 2, both: 2, repeated: 0, refused: 0 });
  });

  test('leaves nothing in its folder when it is closed, aborted or fails', async () => {
    const { issuer } = await openSoftwareIssuer();
    const comparison = await issuer.comparePopulation([RESIDENTS], { folder });
    expect(existsSync(folder)).toBe(true);
    await comparison.close();
    expect(existsSync(folder)).toBe(false);
    await expect(comparison.onlyThere().next()).rejects.toThrow(withCode('BULK_LOAD_STATE'));

    const controller = new AbortController();
    const aborted = issuer.comparePopulation(inBatches(RESIDENTS, 3), {
      folder,
      signal: controller.signal,
      onProgress: () => controller.abort(),
    });
    await expect(aborted).rejects.toThrow(withCode('ABORTED'));
    expect(existsSync(folder)).toBe(false);

    const unknown = issuer.comparePopulation([RESIDENTS], { folder, institution: 'Z9' });
    await expect(unknown).rejects.toThrow(withCode('INSTITUTION_UNKNOWN'));
    expect(existsSync(folder)).toBe(false);
  });

  test('has codes only when it is made for an institution', async () => {
    const { issuer } = await openSoftwareIssuer();
    const comparison = await issuer.comparePopulation([RESIDENTS], { folder });
    await expect(comparison.onlyHere().next()).rejects.toThrow(withCode('OPTION_INVALID'));
    await expect(comparison.both().next()).rejects.toThrow(withCode('OPTION_INVALID'));
  });

  test('does not take the folder of a bulk load', async () => {
    const { issuer } = await openSoftwareIssuer();
    const load = await issuer.openBulkLoad('A1', { folder });
    await load.receive([RESIDENTS]);
    await load.close();
    await expect(issuer.comparePopulation([RESIDENTS], { folder })).rejects.toThrow(
      withCode('SPILL_MISMATCH'),
    );
    expect((await issuer.openBulkLoad('A1', { folder })).received).toBe(PEOPLE);
  });
});
