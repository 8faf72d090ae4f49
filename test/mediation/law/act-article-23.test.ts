import { fc, test as prop } from '@fast-check/vitest';
import type { AccessRecord } from 'renkei';
import { beforeAll, describe, expect, test } from 'vitest';
import {
  ALLOWANCE,
  BENEFITS,
  codeOf,
  type LawWorld,
  makeLawWorld,
  mediated,
  PEOPLE,
  PORTAL,
  PREFECTURE,
  requestOf,
  TAX,
  WARD,
} from '../../support/law-world.js';

const law = makeLawWorld();
let world: LawWorld;

beforeAll(async () => {
  world = await law.open();
});

const HOUR = 3_600_000;
const known = fc.nat(PEOPLE / 2 - 1).map((k) => 2 * k);
const text = (minLength: number) =>
  fc.string({ unit: fc.constantFrom(...'市民課12ア '), minLength, maxLength: 8 });

/** All rows of a person in a period, found through the record code of that period, as the portal's code leads to it. */
async function rowsOf(person: number, period = '2026'): Promise<readonly AccessRecord[]> {
  const { issuer, file } = world;
  const { codes } = await issuer.recordCodes([codeOf(world, PORTAL, person)], { from: PORTAL, period });
  return file.personRecords({ period, recordCode: codes, limit: 10_000 });
}

const branchesOf = async (person: number, serial: number) =>
  (await rowsOf(person)).filter((row) => row.serial === serial).sort((a, b) => a.branch - b.branch);

describe('番号法23条1項, 3項, 命令85 47条: what a record of a request says', () => {
  const request = fc.record({
    items: fc.array(text(1), { minLength: 1, maxLength: 3 }),
    department: text(1),
    procedure: text(0),
    nonDisclosure: fc.boolean(),
  });

  prop.prop([known, request, fc.integer({ min: 1, max: HOUR })], { numRuns: 25 })(
    'names, 事務, items, 部署, 不開示, the moment of the request, and of the provision once there is one',
    async (person, asked, later) => {
      const requestedAt = world.clock.now;
      const { serial, validUntil } = await mediated(world, requestOf(world, person, asked), 'forwarded');
      const said = {
        ...asked,
        outcome: 'forwarded',
        inquirer: WARD,
        inquirerName: '架空区長',
        provider: PREFECTURE,
        providerName: '架空県知事',
        affair: ALLOWANCE,
        information: TAX,
        requestedAt,
        validUntil,
      };
      expect((await branchesOf(person, serial)).map(({ content }) => content)).toEqual([said]);
      world.clock.now += later;
      await world.mediator.answer({ serial, provider: PREFECTURE });
      // Nothing on record is changed: the provision is a further branch (処理通番の枝番).
      const branches = await branchesOf(person, serial);
      expect(branches.map(({ branch }) => branch)).toEqual([1, 2]);
      expect(branches.map(({ content }) => content)).toEqual([
        said,
        { ...said, providedAt: requestedAt + later },
      ]);
    },
  );

  test('命令85 47条: that it was refused under 番号法21条2項, and why', async () => {
    const unlisted = requestOf(world, 0, { information: BENEFITS });
    const { serial } = await mediated(world, unlisted, 'not-permitted');
    const [row] = await branchesOf(0, serial);
    expect(row?.content).toMatchObject({
      outcome: 'not-permitted',
      refusal: 'not-listed',
      information: BENEFITS,
    });
  });

  test('that the provider had no code', async () => {
    const { serial } = await mediated(world, requestOf(world, 1), 'provider-has-no-code');
    expect((await branchesOf(1, serial))[0]?.content.outcome).toBe('provider-has-no-code');
  });
});

describe('番号法23条: whose record it is', () => {
  test('only the record code of its period leads to it: no other person, no other period, no code of an institution', async () => {
    const { serial } = await mediated(world, requestOf(world, 4), 'forwarded');
    const serials = async (person: number, period?: string) =>
      (await rowsOf(person, period)).map((row) => row.serial);
    expect(await serials(4)).toContain(serial);
    for (let person = 0; person < PEOPLE; person++) {
      if (person !== 4) expect(await serials(person)).not.toContain(serial);
    }
    expect(await serials(4, '2027')).toEqual([]);
    const [row] = await world.file.latest([serial]);
    const stored = Buffer.from(row?.recordCode as Uint8Array).toString('hex');
    const { codes } = await world.issuer.recordCodes([codeOf(world, PORTAL, 4)], {
      from: PORTAL,
      period: '2027',
    });
    expect(stored).not.toBe(Buffer.from(codes).toString('hex'));
  });
});

describe('番号法23条2項, 個人情報保護法78条1項: 不開示情報', () => {
  prop.prop(
    [fc.nat(PEOPLE / 2 - 1).map((k) => 2 * k), fc.array(fc.boolean(), { minLength: 1, maxLength: 6 })],
    { numRuns: 12 },
  )(
    'a record of it is withheld from the person with the provisions and nothing else, any other is shown',
    async (person, flags) => {
      for (const nonDisclosure of flags) {
        await mediated(
          world,
          requestOf(world, person, { nonDisclosure, department: '秘密の課' }),
          'forwarded',
        );
      }
      const page = await world.records.disclose({
        code: codeOf(world, PORTAL, person),
        who: '情報提供等記録開示システム',
        receiptNumber: 'R8-1',
        limit: flags.length,
      });
      // The newest comes first.
      expect([...page].map(({ status }) => status === 'withheld').reverse()).toEqual(flags);
      for (const item of page) {
        if (item.status === 'shown') expect(item.content.department).toBe('秘密の課');
        else expect(item).toEqual({ status: 'withheld', basis: '番号法23条2項、個人情報保護法78条1項' });
      }
    },
  );
});

describe('番号法23条3項: no record, no mediation', () => {
  test('where the record cannot be written, the request fails and no code leaves', async () => {
    await world.file.close();
    const failed = world.mediator.mediate(requestOf(world, 0));
    await expect(failed).rejects.toMatchObject({ code: 'STORE_CLOSED' });
  });
});
