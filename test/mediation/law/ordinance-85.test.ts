import { fc, test as prop } from '@fast-check/vitest';
import type { MediationRequest } from 'renkei';
import { beforeAll, describe, expect, test } from 'vitest';
import {
  ALLOWANCE,
  codeOf,
  DAY_MS,
  type LawWorld,
  logged,
  MUTUAL,
  makeLawWorld,
  mediated,
  PENSION_RELIEF,
  PEOPLE,
  PORTAL,
  PREFECTURE,
  requestOf,
  VALIDITY_DAYS,
  WARD,
} from '../../support/law-world.js';
import { syntheticResidentTexts } from '../../support/residents.js';

const law = makeLawWorld();
let world: LawWorld;

beforeAll(async () => {
  world = await law.open();
});

const person = fc.nat(PEOPLE - 1);
const known = fc.nat(PEOPLE / 2 - 1).map((k) => 2 * k);

describe('番号法施行令20条, 命令85 40条2項: what a request must say', () => {
  const members = [
    'requestId',
    'inquirer',
    'code',
    'provider',
    'affair',
    'information',
    'items',
    'department',
  ] as const;

  prop.prop([fc.constantFrom(...members), known], { numRuns: 16 })(
    'without one of them it is refused, and nothing is written',
    async (member, one) => {
      const { [member]: _, ...request } = requestOf(world, one);
      const before = await world.file.logHead();
      const outcome = await world.mediator.mediate(request as MediationRequest);
      expect(outcome).toEqual({ index: 0, status: 'refused', error: 'OPTION_INVALID' });
      expect(await world.file.logHead()).toEqual(before);
    },
  );
});

describe('命令85 40条3項: an inquirer that cannot tell who provides is told who holds a code of the person (通知先)', () => {
  prop.prop([person], { numRuns: 12 })(
    'all of them and nobody else; the log says that it was asked',
    async (one) => {
      const holding = [...world.codes]
        .filter(([, codes]) => codes[one] !== undefined)
        .map(([institution]) => institution);
      const before = (await logged(world)).length;
      const found = await world.mediator.holders({
        inquirer: WARD,
        code: codeOf(world, WARD, one),
        affair: ALLOWANCE,
      });
      expect(found).toEqual({ status: 'found', institutions: holding.sort() });
      expect((await logged(world)).slice(before)).toMatchObject([
        { event: 'mediation.holders-found', details: { inquirer: WARD, institutions: holding.length } },
      ]);
    },
  );

  test('only for affairs that may ask, only by an institution of the directory, only with a code of its own', async () => {
    const code = codeOf(world, WARD, 0);
    const ask = async (inquirer: string, affair: string, presented = code) =>
      (await world.mediator.holders({ inquirer, affair, code: presented })).status;
    expect(await ask(WARD, ALLOWANCE)).toBe('found');
    expect(await ask(WARD, PENSION_RELIEF)).toBe('not-permitted');
    expect(await ask('9999999999999999', ALLOWANCE)).toBe('not-permitted');
    // With a code of its own, but of no such 事務: naming it is not enough.
    expect(await ask(PREFECTURE, ALLOWANCE, codeOf(world, PREFECTURE, 0))).toBe('not-permitted');
    expect(await ask(WARD, ALLOWANCE, codeOf(world, PREFECTURE, 0))).toBe('invalid-code');
  });
});

describe('命令85 41条: 有効期間', () => {
  prop.prop([known], { numRuns: 10 })(
    '1項: the notice says when, from which 部署, for which 事務, and until when',
    async (one) => {
      const { notice, validUntil } = await mediated(world, requestOf(world, one), 'forwarded');
      const { requestedAt, department, affair, nonDisclosure } = notice.content;
      expect({ requestedAt, department, affair, nonDisclosure }).toEqual({
        requestedAt: world.clock.now,
        department: '子育て支援課',
        affair: ALLOWANCE,
        nonDisclosure: false,
      });
      expect(notice.content.validUntil).toBe(validUntil);
    },
  );

  const seen = new Set<string>();
  const waiting = fc.oneof(
    fc.integer({ min: 0, max: 2 * VALIDITY_DAYS * DAY_MS }),
    // Right before and right after the last day has passed.
    fc.constantFrom('last millisecond', 'first millisecond after' as const),
  );

  prop.prop([known, waiting], { numRuns: 30 })(
    '3項, 46条2項: a provision is recorded until the last day has passed in Japan; then the notice has lapsed',
    async (one, wait) => {
      const { serial } = await mediated(world, requestOf(world, one), 'forwarded');
      const today = new Date(world.clock.now + 9 * 3_600_000).setUTCHours(0, 0, 0, 0) - 9 * 3_600_000;
      const over = today + (VALIDITY_DAYS + 1) * DAY_MS;
      if (typeof wait === 'number') world.clock.now += wait;
      else world.clock.now = wait === 'last millisecond' ? over - 1 : over;
      const answer = await world.mediator.answer({ serial, provider: PREFECTURE });
      seen.add(answer.status);
      expect(answer.status).toBe(world.clock.now < over ? 'answered' : 'lapsed');
      const [row] = await world.file.latest([serial]);
      expect(row?.content.providedAt).toBe(world.clock.now < over ? world.clock.now : undefined);
      expect(row?.branch).toBe(world.clock.now < over ? 2 : 1);
    },
  );

  test('the property has seen both', () => {
    expect([...seen].sort()).toEqual(['answered', 'lapsed']);
  });
});

describe('命令85 44条: acquisition of a code', () => {
  let acquisitions = 0;

  prop.prop([fc.array(fc.nat(4), { minLength: 1, maxLength: 8 })], { numRuns: 10 })(
    'the first request for a person is notified a code under its 取得番号; any later one that there is one, without it',
    async (asked) => {
      const people = syntheticResidentTexts(100 + acquisitions, 0, 5);
      const given = new Set<number>();
      for (const one of asked) {
        const acquisitionNumber = `T-${++acquisitions}`;
        const [item] = await world.issuer.issueBatch(MUTUAL, {
          acquisitionNumbers: [acquisitionNumber],
          residents: [people[one] as string],
        });
        const status = given.has(one) ? 'already-issued' : 'issued';
        expect(item).toMatchObject({ acquisitionNumber, status });
        expect(Object.hasOwn(item as object, 'code')).toBe(status === 'issued');
        given.add(one);
      }
    },
  );

  test('番号法施行令27条5項4号: no two institutions get one code for one person', () => {
    for (let one = 0; one < PEOPLE; one++) {
      const codes = [...world.codes.values()].flatMap((all) => all[one] ?? []);
      expect(new Set(codes).size).toBe(codes.length);
      expect(codes).toContain(codeOf(world, PORTAL, one));
    }
  });
});
