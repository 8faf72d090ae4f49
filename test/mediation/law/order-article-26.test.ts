import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fc, test as prop } from '@fast-check/vitest';
import { type MediationOutcome, type MediationRequest, parseInstitutionCode } from 'renkei';
import { beforeAll, describe, expect, test } from 'vitest';
import {
  ALLOWANCE,
  BENEFITS,
  codeOf,
  DAY_MS,
  type LawWorld,
  logged,
  MUTUAL,
  makeLawWorld,
  mediated,
  PENSION,
  PENSION_RELIEF,
  PEOPLE,
  PREFECTURE,
  requestOf,
  TAX,
  WARD,
} from '../../support/law-world.js';
import { issueTo } from '../../support/rotation-world.js';

const { token, open } = makeLawWorld();
let world: LawWorld;

beforeAll(async () => {
  world = await open();
});

const text = fc
  .string({ unit: 'grapheme', minLength: 1, maxLength: 20 })
  .filter((value) => !/[\0\p{Surrogate}]/u.test(value));
/** The last person is the one whom the prefecture acquires a code of. */
const NEWCOMER = PEOPLE - 1;
const person = fc.nat(NEWCOMER - 1);
/** People whom the prefecture has codes of, and those whom it has none of. */
const known = fc.nat(PEOPLE / 2 - 1).map((k) => 2 * k);
const unknown = fc.nat(PEOPLE / 2 - 2).map((k) => 2 * k + 1);

describe('番号法施行令26条1項: the provider is notified of its own code, of what is asked, and by whom', () => {
  prop.prop([known, fc.array(text, { minLength: 1, maxLength: 4 }), text, fc.boolean()], { numRuns: 40 })(
    'whatever is asked about whomever it has a code of',
    async (one, items, department, nonDisclosure) => {
      const request = requestOf(world, one, { items, department, nonDisclosure });
      const { notice, serial } = await mediated(world, request, 'forwarded');
      const { content } = notice;
      expect(content).toMatchObject({
        serial,
        provider: PREFECTURE,
        code: codeOf(world, PREFECTURE, one),
        inquirer: WARD,
        inquirerName: '架空区長',
        department,
        affair: ALLOWANCE,
        information: TAX,
        items,
        requestedAt: world.clock.now,
        nonDisclosure,
      });
      expect(JSON.stringify(content)).not.toContain(request.code);
    },
  );
});

describe('番号法施行令26条2項: the provider has no code, and the inquirer is told so', () => {
  prop.prop([unknown], { numRuns: 10 })('and the provider is told nothing', async (one) => {
    const outcome = await mediated(world, requestOf(world, one), 'provider-has-no-code');
    expect(Object.keys(outcome).sort()).toEqual(['index', 'isRepeated', 'serial', 'status']);
  });
});

describe('番号法施行令26条3項: the inquirer describes the person, so that the provider acquires a code', () => {
  const description = { name: '架空花子', birthDate: '1980-02-29', sex: '女', address: '架空県架空市一丁目' };

  test('the description reaches the provider and is kept nowhere; with its code the next request is forwarded', async () => {
    const { serial } = await mediated(world, requestOf(world, NEWCOMER), 'provider-has-no-code');
    const asked = await world.mediator.askToAcquire({ serial, inquirer: WARD, person: description });
    if (asked.status !== 'asked') throw new Error(asked.status);
    expect(asked.notice.content).toMatchObject({
      serial,
      provider: PREFECTURE,
      inquirer: WARD,
      person: description,
    });
    expect(`${asked.notice}${JSON.stringify(asked)}`).not.toContain(description.name);
    for (const name of ['records.sqlite', 'records.sqlite-wal', 'issuance.sqlite', 'issuance.sqlite-wal']) {
      const bytes = readFileSync(join(token.folder, name));
      for (const part of Object.values(description)) expect(bytes.includes(part)).toBe(false);
    }
    await issueTo(world.issuer, PREFECTURE, [world.people[NEWCOMER] as string]);
    await mediated(world, requestOf(world, NEWCOMER), 'forwarded');
  });

  test('it is for the inquirer of a request that found no code, and for nobody else', async () => {
    const without = await mediated(world, requestOf(world, 9), 'provider-has-no-code');
    const forwarded = await mediated(world, requestOf(world, 0), 'forwarded');
    for (const [serial, inquirer] of [
      [without.serial, PENSION],
      [forwarded.serial, WARD],
      [1_000_000, WARD],
    ] as const) {
      const asked = await world.mediator.askToAcquire({ serial, inquirer, person: description });
      expect(asked).toEqual({ status: 'unknown' });
    }
  });
});

describe('番号法施行令26条4項: nothing is mediated for or from an institution that has breached 番号法28条', () => {
  const days = (first: number, count: number) =>
    [first, first + count - 1].map((day) =>
      new Date(world.clock.now + 9 * 3_600_000 + day * DAY_MS).toISOString().slice(0, 10),
    ) as [string, string];

  prop.prop(
    [
      fc.constantFrom(WARD, PREFECTURE),
      fc.integer({ min: 1, max: 2 }),
      fc.integer({ min: 1, max: 3 }),
      known,
    ],
    { numRuns: 6 },
  )(
    'on every day of the breach and on no other, and the inquirer is told',
    async (institution, after, length, one) => {
      const [effectiveFrom, effectiveTo] = days(after, length);
      await world.permissions.setBreach({
        institution: parseInstitutionCode(institution),
        effectiveFrom,
        effectiveTo,
      });
      const reason = institution === WARD ? 'inquirer-in-breach' : 'provider-in-breach';
      for (let day = 0; day <= after + length; day++) {
        const isBreach = after <= day && day < after + length;
        const outcome = await world.mediator.mediate(requestOf(world, one));
        expect(outcome.status).toBe(isBreach ? 'not-permitted' : 'forwarded');
        if (outcome.status === 'not-permitted') {
          expect(outcome.reason).toBe(reason);
          expect(Object.keys(outcome)).not.toContain('notice');
          const [row] = await world.file.latest([outcome.serial]);
          expect(row?.content).toMatchObject({ outcome: 'not-permitted', refusal: reason });
        }
        world.clock.now += DAY_MS;
      }
    },
  );

  test('a breach is in the operation log from the moment at which it decides', async () => {
    const before = (await logged(world)).length;
    await world.permissions.setBreach({
      institution: parseInstitutionCode(MUTUAL),
      effectiveFrom: '2027-01-01',
    });
    const [entry] = (await logged(world)).slice(before);
    expect(entry).toMatchObject({
      event: 'institution.in-breach',
      details: { institution: MUTUAL, effectiveFrom: '2027-01-01' },
    });
  });
});

describe('番号法19条8号, 番号法施行令26条: the article as a whole', () => {
  /** What the table of examples/permissions permits after 2026-06-30, written down by hand. */
  const LISTED = [
    [WARD, ALLOWANCE, PREFECTURE, TAX],
    [WARD, ALLOWANCE, WARD, TAX],
    [WARD, ALLOWANCE, PENSION, BENEFITS],
    [WARD, ALLOWANCE, MUTUAL, BENEFITS],
  ].map((row) => row.join());
  const seen = new Set<string>();

  beforeAll(() => {
    world.clock.now = Math.max(world.clock.now, Date.parse('2026-09-01T10:00:00+09:00'));
  });

  const request = fc.record({
    person,
    inquirer: fc.constantFrom(WARD, PENSION),
    provider: fc.constantFrom(WARD, PREFECTURE, PENSION, MUTUAL, '9999999999999999'),
    affair: fc.constantFrom(ALLOWANCE, PENSION_RELIEF),
    information: fc.constantFrom(TAX, BENEFITS),
    isForged: fc.integer({ min: 0, max: 5 }).map((n) => n === 0),
  });

  function expected(
    { inquirer, provider, affair, information }: MediationRequest,
    one: number,
    isForged: boolean,
  ): string {
    if (isForged) return 'invalid-code';
    if (provider.startsWith('9')) return 'institution-unknown';
    if (!LISTED.includes([inquirer, affair, provider, information].join())) return 'not-listed';
    return world.codes.get(provider)?.[one] !== undefined ? 'forwarded' : 'provider-has-no-code';
  }

  const toldOf = (outcome: MediationOutcome) =>
    outcome.status === 'not-permitted' ? outcome.reason : outcome.status;

  /** One round in which every outcome comes, whatever is drawn in the others. */
  const EVERY_OUTCOME = [0, 1, 2, 3].flatMap((one) => {
    const base = { person: one, inquirer: WARD, affair: ALLOWANCE, isForged: false } as const;
    return [
      { ...base, provider: PENSION, information: BENEFITS },
      { ...base, provider: PREFECTURE, information: BENEFITS },
      { ...base, provider: '9999999999999999', information: TAX },
      { ...base, provider: PREFECTURE, information: TAX, isForged: true },
    ] as const;
  });

  prop.prop([fc.array(request, { minLength: 1, maxLength: 40 })], {
    numRuns: 15,
    examples: [[EVERY_OUTCOME]],
  })(
    'of requests at the same time, each ends as the law says, and has one record unless its code leads to nobody',
    async (asked) => {
      // The pension service has codes of every third person only: whom else it asks about, it asks with a forged code.
      const requests = asked.map(({ person: one, isForged, ...rest }) => {
        const code = world.codes.get(rest.inquirer)?.[one];
        const forged = isForged || code === undefined;
        const base = requestOf(world, 0, { ...rest, code: codeOf(world, WARD, one) });
        const presented = code ?? codeOf(world, WARD, one);
        return { one, forged, request: { ...base, code: forged ? changed(presented) : presented } };
      });
      const before = await world.file.logHead();
      const outcomes = await Promise.all(requests.map((one) => world.mediator.mediate(one.request)));
      const answers = outcomes.map(toldOf);
      for (const answer of answers) seen.add(answer);
      expect(answers).toEqual(requests.map((one) => expected(one.request, one.one, one.forged)));
      const onRecord = outcomes.flatMap((outcome) => ('serial' in outcome ? [outcome.serial] : []));
      expect(new Set(onRecord).size).toBe(answers.filter((answer) => answer !== 'invalid-code').length);
      const rows = await world.file.latest(onRecord);
      expect(rows.map((row) => row?.content.refusal ?? row?.content.outcome)).toEqual(
        answers.filter((answer) => answer !== 'invalid-code'),
      );
      // A record and its entry, or the entry of a refused code: one for each request.
      expect((await world.file.logHead()).size - before.size).toBe(requests.length);
    },
  );

  test('the property has seen every outcome', () => {
    expect([...seen].sort()).toEqual([
      'forwarded',
      'institution-unknown',
      'invalid-code',
      'not-listed',
      'provider-has-no-code',
    ]);
  });
});

/** A code with one character changed, past the version. */
function changed(code: string): string {
  return `${code.slice(0, 20)}${code[20] === 'a' ? 'b' : 'a'}${code.slice(21)}`;
}
