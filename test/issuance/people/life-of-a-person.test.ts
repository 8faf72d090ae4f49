import fc from 'fast-check';
import { formatPerInstitutionCode } from 'renkei';
import { openSoftwareVault } from 'renkei/software';
import { describe, expect, it } from 'vitest';
import { testKeys } from '../../support/named-keys.js';
import { referenceCode } from '../../support/reference.js';
import { syntheticResidentTexts } from '../../support/residents.js';
import { KEY_NAMES, openSoftwareIssuer, type SoftwareIssuer } from '../../support/software-issuer.js';

/**
 * Any sequence of issuing, changes of resident record codes and deletions, against a model of the law: one person has
 * one set of codes (番号法施行令27条5項3号・4号), a change keeps it (住基法30条の9の2第2項), a deletion leaves nothing of it.
 */

const INSTITUTIONS = ['A1', 'B2', 'C3'] as const;
type Institution = (typeof INSTITUTIONS)[number];
const RESIDENTS = syntheticResidentTexts(90, 0, 7);
const KEYS = testKeys(KEY_NAMES);

/** The code of the person whose first resident record code is the k-th, computed apart with `node:crypto`. */
const codeOf = (own: number, institution: Institution) =>
  formatPerInstitutionCode(
    referenceCode(KEYS, RESIDENTS[own] as string, `institution/${institution}/1`),
    1,
  ) as string;

interface Person {
  /** Resident record codes that lead to the person. */
  readonly names: Set<number>;
  /** Institutions that hold a code. */
  readonly holders: Set<Institution>;
}

/** People by their first resident record code. */
class Model {
  readonly people = new Map<number, Person>();

  /** The first resident record code of the person this one leads to; itself where it leads to nobody. */
  own(resident: number): number {
    for (const [own, { names }] of this.people) if (names.has(resident)) return own;
    return resident;
  }

  issue(institution: Institution, resident: number): 'issued' | 'already-issued' {
    const { holders } = this.#person(resident);
    if (holders.has(institution)) return 'already-issued';
    holders.add(institution);
    return 'issued';
  }

  change(old: number, after: number): string {
    if (old === after) return 'refused';
    if (this.own(old) === this.own(after)) return 'already-changed';
    if (this.people.has(this.own(after))) return 'conflict';
    this.#person(old).names.add(after);
    return 'changed';
  }

  remove(resident: number): { names: number; holders: string[] } | undefined {
    const own = this.own(resident);
    const person = this.people.get(own);
    this.people.delete(own);
    return person && { names: person.names.size, holders: [...person.holders].sort() };
  }

  #person(resident: number): Person {
    const own = this.own(resident);
    const person = this.people.get(own) ?? { names: new Set([own]), holders: new Set<Institution>() };
    this.people.set(own, person);
    return person;
  }
}

const resident = fc.nat({ max: RESIDENTS.length - 1 });
const institution = fc.constantFrom(...INSTITUTIONS);
const step = fc.oneof(
  { weight: 4, arbitrary: fc.record({ call: fc.constant('issue' as const), institution, resident }) },
  { weight: 3, arbitrary: fc.record({ call: fc.constant('change' as const), resident, after: resident }) },
  { weight: 1, arbitrary: fc.record({ call: fc.constant('remove' as const), resident }) },
);
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

const text = (k: number) => RESIDENTS[k] as string;

async function take(world: SoftwareIssuer, model: Model, taken: Step): Promise<void> {
  switch (taken.call) {
    case 'issue': {
      const own = model.own(taken.resident);
      const status = model.issue(taken.institution, taken.resident);
      const request = { acquisitionNumbers: ['X'], residents: [text(taken.resident)] };
      const [item] = await world.issuer.issueBatch(taken.institution, request, { reissue: true });
      expect(item).toMatchObject({ status, code: codeOf(own, taken.institution) });
      break;
    }
    case 'change': {
      const status = model.change(taken.resident, taken.after);
      const changes = { old: [text(taken.resident)], new: [text(taken.after)] };
      expect((await world.issuer.changeResidentRecordCodes(changes)).at(0)).toMatchObject({ status });
      break;
    }
    case 'remove': {
      const removed = model.remove(taken.resident);
      const item = (await world.issuer.removePersons([text(taken.resident)])).at(0);
      if (removed === undefined) expect(item).toEqual({ index: 0, status: 'not-held' });
      else {
        expect(item).toMatchObject({ status: 'removed', residentRecordCodes: removed.names });
        const { issuances } = item as { issuances: readonly { institution: string }[] };
        expect(issuances.map(({ institution }) => institution)).toEqual(removed.holders);
      }
    }
  }
}

/** Every code there could be, at every institution: translated, held and counted as the model says. */
async function compare(world: SoftwareIssuer, model: Model): Promise<void> {
  for (const from of INSTITUTIONS) {
    const codes = RESIDENTS.map((_, own) => codeOf(own, from));
    const known = RESIDENTS.map((_, own) => model.people.get(own)?.holders ?? new Set<Institution>());
    for (const to of INSTITUTIONS) {
      const expected = known.map((holders, own) => {
        if (!holders.has(from)) return 'CODE_NOT_ISSUED';
        return holders.has(to) ? codeOf(own, to) : 'not-held';
      });
      const translated = Array.from(await world.issuer.translate(codes, { from, to }), (item) =>
        item.status === 'translated' ? item.code : item.status === 'refused' ? item.error : item.status,
      );
      expect(translated).toEqual(expected);
    }
    const holders = Array.from(await world.issuer.holders(codes, { from }), (item) =>
      item.status === 'found' ? item.institutions : item.error,
    );
    expect(holders).toEqual(
      known.map((expected) => (expected.has(from) ? [...expected].sort() : 'CODE_NOT_ISSUED')),
    );
  }
  const people = [...model.people.values()];
  expect(await world.store.count()).toMatchObject({
    persons: people.length,
    aliases: people.reduce((sum, { names }) => sum + names.size - 1, 0),
    issuances: people.reduce((sum, { holders }) => sum + holders.size, 0),
  });
  expect(await world.issuer.checkStore()).toEqual([]);
}

describe('the life of a person', () => {
  it('令27条5項3号・4号: through any issues, changes and deletions a person has one set of codes, and nothing else changes', async () => {
    const vault = await openSoftwareVault({ keys: KEYS });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 25 }), async (steps) => {
        const world = await openSoftwareIssuer({ vault });
        await world.issuer.registerInstitution('C3');
        const model = new Model();
        for (const taken of steps) {
          await take(world, model, taken);
          await compare(world, model);
        }
      }),
      { numRuns: 50 },
    );
  });
});
