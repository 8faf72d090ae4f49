import { inspect } from 'node:util';
import { beforeEach, describe, expect, test } from 'vitest';
import { entriesOf, type MediationWorld, openMediationWorld, requestOf } from '../support/mediation-world.js';
import { withCode } from '../support/with-code.js';

const PERSON = { name: '山田太郎', birthDate: '1970-01-31', sex: '男', address: '東京都千代田区一丁目' };
let world: MediationWorld;
const code = (person: number) => world.codes.a[person] as string;

beforeEach(async () => {
  world = await openMediationWorld({ holderAffairs: ['child allowance'] });
});

describe('令26条3項: asking a provider without a code to acquire one', () => {
  const ask = (serial: number, inquirer = 'A1', person = PERSON) =>
    world.mediator.askToAcquire({ serial, inquirer, person });

  beforeEach(async () => {
    await world.mediator.mediate(requestOf(code(9)));
    await world.mediator.mediate(requestOf(code(0), 'R-2'));
  });

  test('gives back a notice for the provider with the four items of the person, redacted in every rendering', async () => {
    const outcome = await ask(1);
    if (outcome.status !== 'asked') throw new Error(outcome.status);
    expect(outcome.notice.content).toEqual({
      serial: 1,
      provider: 'B2',
      inquirer: 'A1',
      inquirerName: 'Institution A1',
      person: PERSON,
    });
    for (const rendered of [inspect(outcome, { depth: 9 }), JSON.stringify(outcome)]) {
      expect(rendered).toContain('redacted');
      expect(rendered).not.toContain(PERSON.name);
    }
  });

  test('is in the log without the four items, and nothing is kept of them', async () => {
    await ask(1);
    const texts = await world.records.logEntries({ from: 0, limit: 100 });
    expect(await entriesOf(world.records)).toMatchObject([
      { event: 'mediation.acquisition-asked', details: { serial: 1, inquirer: 'A1', provider: 'B2' } },
    ]);
    for (const item of Object.values(PERSON)) expect(texts.join()).not.toContain(item);
    expect((await world.records.records({ limit: 100 })).length).toBe(2);
  });

  test('is for the inquirer of a request that found no code, and nobody else is told anything', async () => {
    for (const [serial, inquirer] of [
      [1, 'B2'],
      [2, 'A1'],
      [3, 'A1'],
    ] as const) {
      expect(await ask(serial, inquirer)).toEqual({ status: 'unknown' });
    }
    expect(await entriesOf(world.records)).toEqual([]);
  });

  test('refuses a description that is none, without a word of it', async () => {
    for (const wrong of [{ birthDate: '1970-02-30' }, { birthDate: 'Showa 45' }, { name: '' }]) {
      const failed = ask(1, 'A1', { ...PERSON, ...wrong });
      await expect(failed).rejects.toThrow(withCode('OPTION_INVALID'));
      await expect(failed).rejects.not.toThrow(/山田|Showa|1970-02/);
    }
  });
});

describe('命令85 40条3項: who holds a code of a person (通知先)', () => {
  const holders = (changes: object = {}) =>
    world.mediator.holders({ inquirer: 'A1', code: code(0), affair: 'child allowance', ...changes });

  test('is told to inquirers of the affairs that may ask; the log says that they asked', async () => {
    expect(await holders()).toEqual({ status: 'found', institutions: ['A1', 'B2'] });
    expect(await holders({ code: code(9) })).toEqual({ status: 'found', institutions: ['A1'] });
    expect(await entriesOf(world.records)).toMatchObject([
      {
        event: 'mediation.holders-found',
        details: { inquirer: 'A1', affair: 'child allowance', institutions: 2 },
      },
      { event: 'mediation.holders-found', details: { institutions: 1 } },
    ]);
  });

  test('is told to nobody else, which is in the log too', async () => {
    expect(await holders({ affair: 'another' })).toEqual({ status: 'not-permitted' });
    const byDefault = await openMediationWorld();
    const asked = { inquirer: 'A1', code: byDefault.codes.a[0] as string, affair: 'child allowance' };
    expect(await byDefault.mediator.holders(asked)).toEqual({ status: 'not-permitted' });
    expect(await entriesOf(world.records)).toMatchObject([
      { event: 'mediation.holders-refused', details: { inquirer: 'A1' } },
    ]);
  });

  test('a code that leads to nobody is invalid, which is in the log too', async () => {
    expect(await holders({ code: world.codes.b[0] })).toEqual({
      status: 'invalid-code',
      error: 'CODE_FORGED',
    });
    expect(await holders({ inquirer: 'D4' })).toEqual({
      status: 'invalid-code',
      error: 'INSTITUTION_UNKNOWN',
    });
    expect((await entriesOf(world.records)).map(({ event }) => event)).toEqual([
      'mediation.code-refused',
      'mediation.code-refused',
    ]);
  });

  test('is not answered when the log takes no entry', async () => {
    world.records.appendLog = () => Promise.reject(new Error('the disk is full'));
    await expect(holders()).rejects.toThrow('the disk is full');
  });
});
