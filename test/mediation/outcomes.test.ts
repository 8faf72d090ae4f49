import { inspect } from 'node:util';
import { beforeEach, describe, expect, test, vi } from 'vitest';
import {
  entriesOf,
  type MediationWorld,
  NOON,
  openMediationWorld,
  requestOf,
} from '../support/mediation-world.js';

let world: MediationWorld;
const code = (person: number) => world.codes.a[person] as string;

beforeEach(async () => {
  world = await openMediationWorld();
});

describe('令26条1項: the provider holds a code', () => {
  test('命令85 41条: the notice has its code and all that a provider is to be told', async () => {
    const outcome = await world.mediator.mediate(requestOf(code(0)));
    if (outcome.status !== 'forwarded') throw new Error(outcome.status);
    expect(outcome).toMatchObject({ serial: 1, branch: 1, isRepeated: false });
    expect(outcome.notice.content).toEqual({
      serial: 1,
      branch: 1,
      provider: 'B2',
      code: world.codes.b[0],
      information: 'local tax',
      items: ['income', 'deductions'],
      inquirer: 'A1',
      inquirerName: 'Institution A1',
      department: 'welfare',
      affair: 'child allowance',
      procedure: 'claim',
      requestedAt: NOON,
      nonDisclosure: false,
      validUntil: Date.UTC(2026, 5, 8, 15) - 1,
    });
  });

  test('番号法23条3項: the record is there when the answer is, under the record code of its period', async () => {
    await world.mediator.mediate(requestOf(code(0), 'R-1', { nonDisclosure: true, visibleFrom: NOON + 1 }));
    const { codes } = await world.issuer.recordCodes([code(0)], { from: 'A1', period: '2026' });
    const [row] = await world.records.personRecords({ period: '2026', recordCode: codes, limit: 10 });
    expect(row).toMatchObject({ serial: 1, branch: 1 });
    expect(row?.content).toEqual({
      outcome: 'forwarded',
      inquirer: 'A1',
      provider: 'B2',
      inquirerName: 'Institution A1',
      providerName: 'Institution B2',
      department: 'welfare',
      affair: 'child allowance',
      procedure: 'claim',
      information: 'local tax',
      items: ['income', 'deductions'],
      requestedAt: NOON,
      nonDisclosure: true,
      visibleFrom: NOON + 1,
      validUntil: Date.UTC(2026, 5, 8, 15) - 1,
    });
  });
});

describe('令26条2項: the provider holds no code', () => {
  test('the inquirer is told, and the request is on record', async () => {
    expect(await world.mediator.mediate(requestOf(code(9)))).toEqual({
      index: 0,
      status: 'provider-has-no-code',
      serial: 1,
      isRepeated: false,
    });
    expect((await world.records.latest([1]))[0]?.content.outcome).toBe('provider-has-no-code');
  });

  test('a provider that is not registered holds none', async () => {
    const outcome = await world.mediator.mediate(requestOf(code(0), 'R-1', { provider: 'D4' }));
    expect(outcome.status).toBe('provider-has-no-code');
  });
});

describe('令26条4項, 番号法21条2項: what is not permitted', () => {
  test('is refused with its reason, which stands on record', async () => {
    const request = requestOf(code(0));
    world.permissions.refuse(request, 'inquirer-in-breach');
    expect(await world.mediator.mediate(request)).toMatchObject({
      status: 'not-permitted',
      serial: 1,
      reason: 'inquirer-in-breach',
    });
    const [row] = await world.records.latest([1]);
    expect(row?.content).toMatchObject({ outcome: 'not-permitted', refusal: 'inquirer-in-breach' });
    expect(row?.content.validUntil).toBeUndefined();
  });
});

test('令26条4項: for what is not permitted no code of the provider is computed', async () => {
  const mediate = vi.spyOn(world.issuer, 'mediate');
  const refused = requestOf(code(0), 'R-1', { affair: 'another' });
  world.permissions.refuse(refused, 'not-listed');
  await world.mediator.mediateBatch([refused, requestOf(code(1), 'R-2')]);
  const asked = mediate.mock.calls.map(([texts, { signal: _, ...options }]) => ({ texts, ...options }));
  expect(asked).toEqual([
    { texts: [code(0)], from: 'A1', period: '2026' },
    { texts: [code(1)], from: 'A1', to: 'B2', period: '2026' },
  ]);
});

describe('a code that leads to nobody', () => {
  test('is invalid before it is asked what is permitted; the log has an entry, the record file none', async () => {
    const request = requestOf(world.codes.b[0] as string);
    world.permissions.refuse(request, 'not-listed');
    expect(await world.mediator.mediate(request)).toEqual({
      index: 0,
      status: 'invalid-code',
      error: 'CODE_FORGED',
    });
    expect(await world.records.latest([1])).toEqual([undefined]);
    expect(await entriesOf(world.records)).toMatchObject([
      { event: 'mediation.code-refused', details: { inquirer: 'A1', error: 'CODE_FORGED' } },
    ]);
  });

  test('so is any code of an inquirer that is not registered', async () => {
    const outcome = await world.mediator.mediate(requestOf(code(0), 'R-1', { inquirer: 'D4' }));
    expect(outcome).toEqual({ index: 0, status: 'invalid-code', error: 'INSTITUTION_UNKNOWN' });
  });
});

describe('a batch', () => {
  test('answers in its order; what is malformed is refused, the others are served', async () => {
    const requests = [
      requestOf(code(0), 'R-1'),
      requestOf(code(9), 'R-2'),
      requestOf('nonsense', 'R-3'),
      requestOf(code(1), 'not an id!'),
      requestOf(code(1), 'R-5', { items: [] }),
      requestOf(code(1), 'R-6', { inquirer: 'no such form' }),
      { ...requestOf(code(1), 'R-7'), colour: 'red' },
    ];
    const result = await world.mediator.mediateBatch(requests);
    expect([...result].map((item) => ('error' in item ? item.error : item.status))).toEqual([
      'forwarded',
      'provider-has-no-code',
      'CODE_LENGTH',
      'OPTION_INVALID',
      'OPTION_INVALID',
      'INSTITUTION_CODE_INVALID',
      'OPTION_UNKNOWN',
    ]);
    expect([...result].map(({ index }) => index)).toEqual([0, 1, 2, 3, 4, 5, 6]);
  });

  test('tells nothing in any rendering', async () => {
    const result = await world.mediator.mediateBatch([requestOf(code(0))]);
    const first = result.at(0);
    for (const rendered of [inspect(result), JSON.stringify(result), String(result)]) {
      expect(rendered).toContain('redacted');
    }
    for (const rendered of [inspect(first, { depth: 9 }), JSON.stringify(first)]) {
      expect(rendered).toContain('forwarded');
      expect(rendered).not.toContain(world.codes.b[0]);
      expect(rendered).not.toContain('income');
    }
  });
});
