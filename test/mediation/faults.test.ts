import { createMemoryRecordStore, type MediationEvent, openMediator, RenkeiError } from 'renkei';
import { openSoftwareVault } from 'renkei/software';
import { beforeEach, describe, expect, test, vi } from 'vitest';
import { type FaultyRecords, faultyRecords, storeFault } from '../support/faulty-records.js';
import { FaultyVault } from '../support/faulty-vault.js';
import {
  entriesOf,
  type MediationWorld,
  NOON,
  openMediationWorld,
  requestOf,
} from '../support/mediation-world.js';
import { testKeys } from '../support/named-keys.js';
import { KEY_NAMES } from '../support/software-issuer.js';
import { withCode } from '../support/with-code.js';

let world: MediationWorld;
let vault: FaultyVault;
let records: FaultyRecords;
let events: MediationEvent[];
const code = (person: number) => world.codes.a[person] as string;

beforeEach(async () => {
  vault = new FaultyVault((await openSoftwareVault({ keys: testKeys(KEY_NAMES) })) as never);
  records = faultyRecords(createMemoryRecordStore());
  events = [];
  world = await openMediationWorld({
    vault: vault as never,
    records,
    observe: (event) => events.push(event),
  });
});

async function rows(): Promise<number> {
  return (await records.records({ limit: 100_000 })).length;
}

describe('the HSM is lost', () => {
  test('before it has opened the code: nothing is on record, and the request may be made again', async () => {
    vault.fail('HSM_UNAVAILABLE', 'translate');
    const failed = world.mediator.mediate(requestOf(code(0)));
    await expect(failed).rejects.toThrow(withCode('HSM_UNAVAILABLE', { retryable: true }));
    expect(await rows()).toBe(0);
    vault.mend();
    expect(await world.mediator.mediate(requestOf(code(0)))).toMatchObject({ isRepeated: false, serial: 1 });
  });

  test('between translation and record: the record is complete, and the request is answered', async () => {
    records.before = (method) => {
      if (method === 'append') vault.fail('HSM_UNAVAILABLE');
    };
    expect(await world.mediator.mediate(requestOf(code(0)))).toMatchObject({
      status: 'forwarded',
      serial: 1,
    });
    const again = world.mediator.mediate(requestOf(code(0)));
    await expect(again).rejects.toThrow(withCode('HSM_UNAVAILABLE'));
    vault.mend();
    records.before = () => undefined;
    expect(await world.mediator.mediate(requestOf(code(0)))).toMatchObject({ isRepeated: true, serial: 1 });
    expect(await rows()).toBe(1);
  });

  test('for one provider only: whoever asks others is served in the same round', async () => {
    vault.before = async (method) => {
      if (method === 'translate' && vault.count('translate') === 1) {
        throw new RenkeiError('MODULE_FAULT', 'injected') as never;
      }
    };
    const [lost, served] = await Promise.allSettled([
      world.mediator.mediate(requestOf(code(0), 'R-1')),
      world.mediator.mediate(requestOf(code(0), 'R-2', { provider: 'C3' })),
    ]);
    expect(lost).toMatchObject({ status: 'rejected', reason: withCode('MODULE_FAULT') });
    expect(served).toMatchObject({ status: 'fulfilled', value: { status: 'provider-has-no-code' } });
    expect(events).toMatchObject([{ type: 'round', requests: 2, providerHasNoCode: 1, failed: 1 }]);
  });
});

describe('the database is down: each request has its complete record and its answer when it is made again, or neither', () => {
  const batch = () => [
    requestOf(code(0), 'R-1'),
    requestOf(code(9), 'R-2'),
    requestOf('forged', 'R-3'),
    requestOf(code(1), 'R-4'),
  ];

  test('before the commit: no code leaves, nothing is there', async () => {
    records.before = (method) => {
      if (method === 'append') throw storeFault();
    };
    const answers = await Promise.allSettled(batch().map((request) => world.mediator.mediate(request)));
    for (const answer of answers) {
      expect(answer).toMatchObject({ reason: withCode('STORE_FAULT', { retryable: true }) });
    }
    expect(await rows()).toBe(0);
    expect(await entriesOf(records)).toEqual([]);
    records.before = () => undefined;
    const result = await world.mediator.mediateBatch(batch());
    expect([...result]).toMatchObject([
      { status: 'forwarded', isRepeated: false },
      { status: 'provider-has-no-code', isRepeated: false },
      { status: 'invalid-code' },
      { status: 'forwarded', isRepeated: false },
    ]);
  });

  test('after the commit: all is there, and is answered when it is asked again', async () => {
    records.after = (method) => {
      if (method === 'append') throw storeFault();
    };
    await expect(world.mediator.mediateBatch(batch())).rejects.toThrow(withCode('STORE_FAULT'));
    expect(await rows()).toBe(3);
    records.after = () => undefined;
    expect([...(await world.mediator.mediateBatch(batch()))]).toMatchObject([
      { status: 'forwarded', serial: 1, isRepeated: true },
      { status: 'provider-has-no-code', serial: 2, isRepeated: true },
      { status: 'invalid-code' },
      { status: 'forwarded', serial: 3, isRepeated: true },
    ]);
    expect(await rows()).toBe(3);
  });

  test("a provider's answer too", async () => {
    await world.mediator.mediate(requestOf(code(0)));
    const answer = () => world.mediator.answer({ serial: 1, provider: 'B2' });
    records.before = (method) => {
      if (method === 'append') throw storeFault();
    };
    await expect(answer()).rejects.toThrow(withCode('STORE_FAULT'));
    records.before = () => undefined;
    records.after = (method) => {
      if (method === 'append') throw storeFault();
    };
    await expect(answer()).rejects.toThrow(withCode('STORE_FAULT'));
    records.after = () => undefined;
    expect(await answer()).toEqual({ status: 'already-answered', serial: 1, providedAt: NOON });
  });

  test('whatever failed fails only its round', async () => {
    records.before = (method) => {
      if (method === 'append') {
        records.before = () => undefined;
        throw storeFault();
      }
    };
    const failed = world.mediator.mediate(requestOf(code(0)));
    await expect(failed).rejects.toThrow(withCode('STORE_FAULT'));
    expect(await world.mediator.mediate(requestOf(code(0)))).toMatchObject({ status: 'forwarded' });
  });
});

describe('the clock goes backwards', () => {
  test('no request is of an earlier moment than one before it', async () => {
    await world.mediator.mediate(requestOf(code(0), 'R-1'));
    world.clock.now = NOON - 1_000_000;
    await world.mediator.mediate(requestOf(code(1), 'R-2'));
    const [first, second] = await records.latest([1, 2]);
    expect(first?.content.requestedAt).toBe(NOON);
    expect(second?.content.requestedAt).toBe(NOON);
    expect(second?.recordedAt).toBe(NOON);
  });

  test('a mediator that is opened on a file is not behind the last entry of its log', async () => {
    await world.mediator.mediate(requestOf(code(0), 'R-1'));
    const { issuer, permissions } = world;
    const mediator = await openMediator({ issuer, records, permissions, now: () => NOON - 1_000_000 });
    await mediator.mediate(requestOf(code(1), 'R-2'));
    expect((await records.latest([2]))[0]?.content.requestedAt).toBe(NOON);
  });
});

describe('a record period', () => {
  test('whose key is not registered makes the request fail by name', async () => {
    world.clock.now = Date.UTC(2027, 3, 1, 3);
    const failed = world.mediator.mediate(requestOf(code(0)));
    await expect(failed).rejects.toThrow(withCode('RECORD_PERIOD_UNKNOWN'));
  });

  test('is that of the moment of the request, though a new one begins before it is recorded', async () => {
    const lastMoment = Date.UTC(2027, 2, 31, 15) - 1;
    world.clock.now = lastMoment;
    vault.before = () => {
      world.clock.now = lastMoment + 5_000;
    };
    await world.mediator.mediate(requestOf(code(0)));
    const [row] = await records.latest([1]);
    expect(row?.period).toBe('2026');
    expect(row?.recordedAt).toBe(lastMoment + 5_000);
    expect(row?.content.requestedAt).toBe(lastMoment);
    const { codes } = await world.issuer.recordCodes([code(0)], { from: 'A1', period: '2026' });
    expect(await records.personRecords({ period: '2026', recordCode: codes, limit: 1 })).toHaveLength(1);
  });
});

describe('a caller gives up', () => {
  test('before the commit: nothing of the request is stored, the others of its round are served', async () => {
    const giveUp = new AbortController();
    const release = vault.hold('translate');
    const left = world.mediator.mediate(requestOf(code(0), 'R-1'), { signal: giveUp.signal });
    const stays = world.mediator.mediate(requestOf(code(1), 'R-2'));
    await vi.waitFor(() => expect(vault.count('translate')).toBe(1));
    giveUp.abort();
    await expect(left).rejects.toThrow(withCode('ABORTED'));
    release();
    expect(await stays).toMatchObject({ serial: 1 });
    expect(await rows()).toBe(1);
  });

  test('once its record is being written: it is answered all the same', async () => {
    const giveUp = new AbortController();
    records.before = (method) => {
      if (method === 'append') giveUp.abort();
    };
    const answer = await world.mediator.mediate(requestOf(code(0)), { signal: giveUp.signal });
    expect(answer).toMatchObject({ status: 'forwarded' });
  });

  test('before the call: nothing happens', async () => {
    const signal = AbortSignal.abort();
    const options = { signal };
    await expect(world.mediator.mediate(requestOf(code(0)), options)).rejects.toThrow(withCode('ABORTED'));
    await expect(world.mediator.mediateBatch([], options)).rejects.toThrow(withCode('ABORTED'));
    expect(vault.count('translate')).toBe(0);
  });
});

describe('many callers at once', () => {
  test('10,000 requests share calls of the vault and transactions, and each is answered once', async () => {
    let appends = 0;
    records.before = (method) => {
      if (method === 'append') appends++;
    };
    const translations = vault.count('translate');
    const answers = await Promise.all(
      Array.from({ length: 10_000 }, (_, k) => world.mediator.mediate(requestOf(code(k % 10), `R-${k}`))),
    );
    const serials = answers.map((answer) => ('serial' in answer ? answer.serial : 0));
    expect(new Set(serials).size).toBe(10_000);
    expect(Math.max(...serials)).toBe(10_000);
    answers.forEach((answer, k) => {
      expect(answer.status).toBe(k % 10 < 5 ? 'forwarded' : 'provider-has-no-code');
      if (answer.status === 'forwarded') expect(answer.notice.content.code).toBe(world.codes.b[k % 10]);
    });
    expect(appends).toBeLessThanOrEqual(12);
    expect(vault.count('translate') - translations).toBeLessThanOrEqual(12);
    expect(events.reduce((sum, event) => sum + (event.type === 'round' ? event.requests : 0), 0)).toBe(
      10_000,
    );
  }, 60_000);

  test('more than may wait are refused, to be made again', async () => {
    const { issuer, permissions } = world;
    const mediator = await openMediator({ issuer, records, permissions, now: () => NOON, maxWaiting: 3 });
    const release = vault.hold('translate');
    const request = (k: number) => mediator.mediate(requestOf(code(k), `R-${k}`));
    const first = request(0);
    await vi.waitFor(() => expect(vault.calls.at(-1)).toBe('translate'));
    const waiting = [request(1), request(2), request(3)];
    await expect(request(4)).rejects.toThrow(withCode('MEDIATOR_BUSY', { retryable: true }));
    await expect(mediator.mediateBatch([requestOf(code(5), 'R-5')])).rejects.toThrow(
      withCode('MEDIATOR_BUSY'),
    );
    const person = { inquirer: 'A1', code: code(6), affair: 'any' };
    await expect(mediator.holders(person)).rejects.toThrow(withCode('MEDIATOR_BUSY'));
    const acquisition = { inquirer: 'A1', serial: 1, person: {} as never };
    await expect(mediator.askToAcquire(acquisition)).rejects.toThrow(withCode('MEDIATOR_BUSY'));
    release();
    await Promise.all([first, ...waiting]);
    expect(await request(4)).toMatchObject({ serial: 5 });
  });

  test('closing lets the running ones end and refuses new ones', async () => {
    const running = world.mediator.mediate(requestOf(code(0)));
    const closing = world.mediator.close();
    await expect(world.mediator.mediate(requestOf(code(1)))).rejects.toThrow(withCode('MEDIATOR_CLOSED'));
    expect(await running).toMatchObject({ status: 'forwarded' });
    await closing;
    await world.mediator.close();
    expect(await rows()).toBe(1);
  });

  test('an observer that throws disturbs nobody', async () => {
    const { issuer, permissions } = world;
    const observe = () => {
      throw new Error('of its own');
    };
    const mediator = await openMediator({ issuer, records, permissions, now: () => NOON, observe });
    expect(await mediator.mediate(requestOf(code(0)))).toMatchObject({ status: 'forwarded' });
  });
});

test('what is wrong with the options of a mediator is named', async () => {
  const { issuer, permissions } = world;
  const open = (changes: object) => openMediator({ issuer, records, permissions, ...changes });
  await expect(open({ issuer: {} })).rejects.toThrow(withCode('OPTION_INVALID', { message: /issuer/ }));
  await expect(open({ validityDays: 0 })).rejects.toThrow(withCode('OPTION_INVALID'));
  await expect(open({ holderAffairs: [''] })).rejects.toThrow(withCode('OPTION_INVALID'));
  await expect(open({ colour: 'red' })).rejects.toThrow(withCode('OPTION_UNKNOWN'));
});
