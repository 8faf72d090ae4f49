import { beforeEach, describe, expect, test } from 'vitest';
import { type MediationWorld, NOON, openMediationWorld, requestOf } from '../support/mediation-world.js';
import { withCode } from '../support/with-code.js';

const HOUR = 3_600_000;
let world: MediationWorld;
const code = (person: number) => world.codes.a[person] as string;
const answer = (serial = 1, provider = 'B2') => world.mediator.answer({ serial, provider });

beforeEach(async () => {
  world = await openMediationWorld({ validityDays: 3 });
  await world.mediator.mediate(requestOf(code(0)));
});

describe("命令85 46条2項: a provider's answer", () => {
  test('is put on record under a new branch of the serial number, with the moment and all else as it was', async () => {
    world.clock.now += HOUR;
    const before = (await world.records.latest([1]))[0]?.content;
    expect(await answer()).toEqual({ status: 'answered', serial: 1, branch: 2, providedAt: NOON + HOUR });
    const [last] = await world.records.latest([1]);
    expect(last).toMatchObject({ branch: 2, recordedAt: NOON + HOUR });
    expect(last?.content).toEqual({ ...before, providedAt: NOON + HOUR });
  });

  test('again changes nothing and is told the moment of the first, also after the notice would have lapsed', async () => {
    await answer();
    world.clock.now += 30 * 24 * HOUR;
    expect(await answer()).toEqual({ status: 'already-answered', serial: 1, providedAt: NOON });
    expect((await world.records.latest([1]))[0]?.branch).toBe(2);
  });

  test('twice at once is recorded once', async () => {
    const outcomes = await Promise.all([answer(), answer(), answer()]);
    expect(outcomes.map(({ status }) => status).sort()).toEqual([
      'already-answered',
      'already-answered',
      'answered',
    ]);
    expect((await world.records.latest([1]))[0]?.branch).toBe(2);
  });

  test('of another provider, of no notice, and of one that was never sent, are not told apart', async () => {
    const refused = requestOf(code(1), 'R-2', { affair: 'another' });
    world.permissions.refuse(refused, 'not-listed');
    await world.mediator.mediate(refused);
    await world.mediator.mediate(requestOf(code(9), 'R-3'));
    for (const [serial, provider] of [
      [1, 'C3'],
      [1, 'A1'],
      [2, 'B2'],
      [3, 'B2'],
      [99, 'B2'],
    ] as const) {
      expect(await answer(serial, provider)).toEqual({ status: 'unknown', serial });
    }
  });

  test('finds the branch before it corrected meanwhile, and says what the correction says', async () => {
    const [first] = await world.records.latest([1]);
    if (first === undefined) throw new Error('no row');
    const real = world.records.append.bind(world.records);
    let corrected = false;
    world.records.append = async (batch, options) => {
      if (!corrected && batch.branches !== undefined) {
        corrected = true;
        const content = { ...first.content, department: 'corrected', changeReason: 'a mistake' };
        await real({ at: NOON, branches: [{ serial: 1, branch: 2, content }] });
      }
      return real(batch, options);
    };
    expect(await answer()).toMatchObject({ status: 'answered', branch: 3 });
    const [last] = await world.records.latest([1]);
    expect(last?.content).toMatchObject({ department: 'corrected', providedAt: NOON });
    expect(last?.content.changeReason).toBeUndefined();
  });

  test('is refused when it is malformed', async () => {
    await expect(answer(0)).rejects.toThrow(withCode('OPTION_INVALID'));
    await expect(answer(1, 'no such form')).rejects.toThrow(withCode('INSTITUTION_CODE_INVALID'));
  });
});

describe('命令85 41条3項: a notice lapses', () => {
  const lastMoment = Date.UTC(2026, 5, 4, 15) - 1;

  test('not before the end, in Japan, of the last day of its validity', async () => {
    world.clock.now = lastMoment;
    expect(await answer()).toMatchObject({ status: 'answered', providedAt: lastMoment });
  });

  test('on the day on which that is past, and then nothing is recorded', async () => {
    world.clock.now = lastMoment + 1;
    expect(await answer()).toEqual({ status: 'lapsed', serial: 1, validUntil: lastMoment });
    expect((await world.records.latest([1]))[0]?.branch).toBe(1);
  });

  test('whatever the clock shows later: it never goes backwards', async () => {
    world.clock.now = lastMoment + 1;
    await answer();
    world.clock.now = NOON;
    expect(await answer()).toMatchObject({ status: 'lapsed' });
  });
});
