import assert from 'node:assert/strict';
import fc from 'fast-check';
import { ResidentRecordCode } from 'renkei';
import { assertMatches } from './assert-matches.js';
import type { ReferenceModel } from './reference-model.js';
import { INSTITUTIONS, outcomeOf, RESIDENTS, residentText, type World } from './world.js';

/** Commands of those who ask and of those who report; the steps of rotations are in rotation-commands.ts. */

/** A command that counts itself. */
export type ModelCommand = fc.AsyncCommand<ReferenceModel, World>;

/** How often each command was run, and each step of a rotation completed. */
export class Tally {
  /** Commands run. */
  commands = 0;
  readonly byCommand: Record<string, number> = {};
  /** Steps that rotations completed, by kind: `institution verified`. */
  readonly steps: Record<string, number> = {};

  run(command: string): void {
    this.commands++;
    this.byCommand[command] = (this.byCommand[command] ?? 0) + 1;
  }

  completed(step: string): void {
    this.steps[step] = (this.steps[step] ?? 0) + 1;
  }
}

/** What makes a command: its name, how it is written in a counterexample, and what it does. */
interface Deed {
  readonly name: string;
  readonly details: unknown;
  readonly check?: (model: ReferenceModel) => boolean;
  readonly run: (model: ReferenceModel, world: World) => Promise<void>;
}

/** Makes a command of a deed. */
export function command(tally: Tally, { name, details, check, run }: Deed): ModelCommand {
  return {
    check: (model) => check?.(model as ReferenceModel) ?? true,
    run: async (model, world) => {
      tally.run(name);
      world.tick();
      await run(model, world);
    },
    toString: () => `${name} ${JSON.stringify(details)}`,
  };
}

export const institution = fc.constantFrom(...INSTITUTIONS);
export const resident = fc.nat({ max: RESIDENTS - 1 });
/** Which of the issuers or workers. */
export const site = fc.nat({ max: 1 });
const nth = fc.nat({ max: 1_000_000 });

/** A batch of requests; now and then one person twice. */
export function issueCommands(tally: Tally): fc.Arbitrary<ModelCommand> {
  const residents = fc.array(resident, { minLength: 1, maxLength: 4 });
  return fc
    .record({ institution, residents, reissue: fc.boolean(), single: fc.boolean(), site })
    .map((details) =>
      command(tally, {
        name: details.single ? 'issue' : 'issueBatch',
        details,
        run: async (model, world) => {
          const items = await outcomeOf(issue(world, details));
          if (!model.institutions.has(details.institution)) {
            assert.deepEqual(items, { error: 'INSTITUTION_UNKNOWN' });
            return;
          }
          if ('error' in items) throw new Error(`issuing failed: ${items.error}`);
          const version = model.active(details.institution);
          const expected = details.residents.map((number) => model.issue(details.institution, number));
          assert.deepEqual(
            items.value.map(({ status }) => status),
            expected.map(({ status }) => status),
          );
          expected.forEach(({ person, status }, k) => {
            const { code } = items.value[k] as { code?: string };
            assert.equal(code !== undefined, status === 'issued' || details.reissue);
            if (code !== undefined)
              model.texts.see(model.meaning(person, details.institution, version), code);
          });
        },
      }),
    );
}

interface Issue {
  readonly institution: string;
  readonly residents: readonly number[];
  readonly reissue: boolean;
  readonly single: boolean;
  readonly site: number;
}

async function issue(world: World, { institution, residents, reissue, single, site }: Issue) {
  const issuer = world.issuer(site);
  if (!single) {
    const acquisitionNumbers = residents.map((_, k) => `N${k}`);
    const request = { acquisitionNumbers, residents: residents.map(residentText) };
    return [...(await issuer.issueBatch(institution, request, { reissue }))];
  }
  // At once, so that they share rounds.
  return Promise.all(
    residents.map((number, k) => {
      const residentRecordCode = new ResidentRecordCode(residentText(number));
      return issuer.issue(institution, { acquisitionNumber: `N${k}`, residentRecordCode }, { reissue });
    }),
  );
}

/** Codes that the institution received at any time, under any version, are presented for another's. */
export function translateCommands(tally: Tally): fc.Arbitrary<ModelCommand> {
  const texts = fc.array(nth, { minLength: 1, maxLength: 5 });
  return fc.record({ from: institution, to: institution, texts, site }).map((details) =>
    command(tally, {
      name: 'translate',
      details,
      check: (model) => model.institutions.has(details.from) && model.institutions.has(details.to),
      run: async (model, world) => {
        const { from, to } = details;
        const texts = details.texts.flatMap((n) => model.texts.of(from, n));
        const items = [...(await world.issuer(details.site).translate(texts, { from, to }))];
        const version = model.active(to);
        items.forEach((item, k) => {
          const text = texts[k] as string;
          const expected = model.present(from, text);
          if ('error' in expected) {
            if (isOpen(model, from, text, item)) return;
            assertMatches(item, { status: 'refused', ...expected });
          } else if (item.status === 'refused' && isOpen(model, from, text, item)) return;
          else if (!expected.person.holders.has(to)) assertMatches(item, { status: 'not-held' });
          else {
            assertMatches(item, { status: 'translated' });
            const { code } = item as { code: string };
            model.texts.see(model.meaning(expected.person, to, version), code);
          }
        });
      },
    }),
  );
}

/** Whether a person has a code of the next generation yet hangs on the workers: both answers are right. */
function isOpen(model: ReferenceModel, from: string, text: string, item: object): boolean {
  if (!model.isUncertain(from, text)) return false;
  return !('error' in item) || item.error === 'CODE_NOT_ISSUED';
}

/** Who holds a code of the people behind codes, and what is on record of those. */
export function askCommands(tally: Tally): fc.Arbitrary<ModelCommand> {
  return fc.record({ from: institution, text: nth, site }).map((details) =>
    command(tally, {
      name: 'holders',
      details,
      check: (model) => model.texts.of(details.from, details.text).length > 0,
      run: async (model, world) => {
        const { from } = details;
        const texts = model.texts.of(from, details.text);
        const [found] = [...(await world.issuer(details.site).holders(texts, { from }))];
        const [info] = [...(await world.issuer(details.site).managementInformation(texts, { from }))];
        const expected = model.present(from, texts[0] as string);
        if (isOpen(model, from, texts[0] as string, found as object)) return;
        if ('error' in expected) {
          assertMatches(found, { status: 'refused', ...expected });
          assertMatches(info, { status: 'refused', ...expected });
        } else {
          const institutions = [...expected.person.holders.keys()].sort();
          assertMatches(found, { status: 'found', institutions });
          assertMatches(info, { status: 'found' });
        }
      },
    }),
  );
}

export function changeCommands(tally: Tally): fc.Arbitrary<ModelCommand> {
  return fc.record({ old: resident, after: resident, site }).map((details) =>
    command(tally, {
      name: 'change',
      details,
      run: async (model, world) => {
        const { old, after } = details;
        const changes = { old: [residentText(old)], new: [residentText(after)] };
        const result = await world.issuer(details.site).changeResidentRecordCodes(changes);
        const item = result.at(0);
        assert.equal(item?.status === 'refused' ? item.error : item?.status, model.change(old, after));
      },
    }),
  );
}

export function removeCommands(tally: Tally): fc.Arbitrary<ModelCommand> {
  return fc.record({ resident, site }).map((details) =>
    command(tally, {
      name: 'remove',
      details,
      run: async (model, world) => {
        const result = await world.issuer(details.site).removePersons([residentText(details.resident)]);
        const person = model.remove(details.resident);
        if (person === undefined) assertMatches(result.at(0), { status: 'not-held' });
        else {
          const item = result.at(0);
          assertMatches(item, { status: 'removed' });
          const { issuances } = item as { issuances: readonly { institution: string; keyVersion: number }[] };
          assert.deepEqual(
            issuances.map(({ institution, keyVersion }) => [institution, keyVersion]),
            [...person.holders].sort(([a], [b]) => (a < b ? -1 : 1)),
          );
        }
      },
    }),
  );
}

/** An institution comes, or a further version of its key. */
export function registerCommands(tally: Tally): fc.Arbitrary<ModelCommand> {
  return fc.record({ institution, more: fc.nat({ max: 1 }), site }).map((details) =>
    command(tally, {
      name: 'register',
      details,
      run: async (model, world) => {
        const { institution, more } = details;
        const highest = Math.max(0, ...(model.institutions.get(institution)?.keys() ?? []));
        const version = Math.max(1, highest + (more === 1 ? 1 : 0));
        assert.equal(
          await world.issuer(details.site).registerInstitution(institution, version),
          model.register(institution, version),
        );
      },
    }),
  );
}

/** Every process begins anew. */
export function restartCommands(tally: Tally): fc.Arbitrary<ModelCommand> {
  return fc.constant(command(tally, { name: 'restart', details: {}, run: (_, world) => world.restart() }));
}
