import type { MediationOutcome, MediationRequest } from 'renkei';
import { beforeEach, describe, expect, test } from 'vitest';
import { type MediationWorld, openMediationWorld, requestOf } from '../support/mediation-world.js';

const DAY = 24 * 3_600_000;
let world: MediationWorld;
const code = (person: number) => world.codes.a[person] as string;

beforeEach(async () => {
  world = await openMediationWorld();
});

/** What is to be the same when a request comes again. */
function comparable(outcome: MediationOutcome): object {
  if (outcome.status !== 'forwarded') return { ...outcome, index: 0, isRepeated: undefined };
  return { ...outcome, index: 0, isRepeated: undefined, notice: outcome.notice.content };
}

async function rows(): Promise<number> {
  return (await world.records.records({ limit: 100 })).length;
}

async function expectRepeated(request: MediationRequest, change: () => void | Promise<void>): Promise<void> {
  const first = await world.mediator.mediate(request);
  await change();
  const again = await world.mediator.mediate(request);
  expect(again).toMatchObject({ isRepeated: true });
  expect(comparable(again)).toEqual(comparable(first));
  expect(await rows()).toBe(1);
}

describe('the same request again is answered as the first time, and nothing is written', () => {
  test('whatever became of it', async () => {
    await expectRepeated(requestOf(code(0)), () => undefined);
  });

  test('after the clock has gone on', () =>
    expectRepeated(requestOf(code(0)), () => {
      world.clock.now += 20 * DAY;
    }));

  test('when what is permitted has changed since: the decision of then stands', () => {
    const request = requestOf(code(0));
    return expectRepeated(request, () => world.permissions.refuse(request, 'inquirer-in-breach'));
  });

  test('when it was not permitted, and is now: no code leaves', async () => {
    const request = requestOf(code(0));
    world.permissions.refuse(request, 'not-listed');
    await expectRepeated(request, () => world.permissions.refused.clear());
  });

  test('when the provider has acquired a code since: only a new request finds it', async () => {
    await expectRepeated(requestOf(code(9)), async () => {
      await world.issueTo('B2', 10);
    });
    const fresh = await world.mediator.mediate(requestOf(code(9), 'R-2'));
    expect(fresh).toMatchObject({ status: 'forwarded', isRepeated: false });
  });

  test('in the next fiscal year: the person is compared by the code of the period on record', async () => {
    await expectRepeated(requestOf(code(0)), async () => {
      await world.issuer.registerRecordPeriod('2027');
      world.clock.now += 365 * DAY;
    });
    expect((await world.records.records({ limit: 1 }))[0]?.period).toBe('2026');
    const other = await world.mediator.mediate(requestOf(code(1)));
    expect(other).toEqual({ index: 0, status: 'refused', error: 'REQUEST_CONFLICT' });
  });

  test('twice in one batch, and from callers at the same time', async () => {
    const batch = [requestOf(code(0)), requestOf(code(0))];
    const [results, single, ...others] = await Promise.all([
      world.mediator.mediateBatch(batch),
      world.mediator.mediate(requestOf(code(0))),
      world.mediator.mediate(requestOf(code(0))),
    ]);
    const all = [...results, single, ...others];
    for (const outcome of all) expect(comparable(outcome)).toEqual(comparable(single));
    expect(all.filter((outcome) => 'isRepeated' in outcome && !outcome.isRepeated)).toHaveLength(1);
    expect(await rows()).toBe(1);
  });
});

describe('another request under the same name is refused, and nothing is written', () => {
  const changes: Partial<Record<keyof MediationRequest, unknown>> = {
    provider: 'C3',
    affair: 'another',
    procedure: 'another',
    information: 'another',
    items: ['income'],
    department: 'another',
    nonDisclosure: true,
    visibleFrom: 1,
  };

  test.each(Object.entries(changes))('with another %s', async (member, value) => {
    await world.mediator.mediate(requestOf(code(0)));
    expect(await world.mediator.mediate({ ...requestOf(code(0)), [member]: value })).toEqual({
      index: 0,
      status: 'refused',
      error: 'REQUEST_CONFLICT',
    });
    expect(await rows()).toBe(1);
  });

  test('about another person', async () => {
    await world.mediator.mediate(requestOf(code(0)));
    expect(await world.mediator.mediate(requestOf(code(1)))).toMatchObject({ error: 'REQUEST_CONFLICT' });
  });

  test('but of another inquirer it is another request', async () => {
    await world.mediator.mediate(requestOf(code(0)));
    const other = requestOf(world.codes.b[0] as string, 'R-1', { inquirer: 'B2', provider: 'A1' });
    expect(await world.mediator.mediate(other)).toMatchObject({ status: 'forwarded', serial: 2 });
  });

  test('a name whose code was refused is not used up', async () => {
    await world.mediator.mediate(requestOf('forged'));
    expect(await world.mediator.mediate(requestOf(code(0)))).toMatchObject({
      status: 'forwarded',
      serial: 1,
    });
  });
});
