import { setImmediate } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { AbortWatch } from '../../src/lifecycle/abort-watch.js';
import { RoundQueue, type RoundWork } from '../../src/lifecycle/round-queue.js';
import { WaitingCall } from '../../src/lifecycle/waiting-call.js';
import { withCode } from '../support/with-code.js';

class Call extends WaitingCall<string> {
  constructor(
    readonly name: string,
    signal?: AbortSignal,
  ) {
    super(signal, watch);
  }
}

const watch = new AbortWatch();
const names = (calls: readonly Call[]) => calls.map(({ name }) => name).join('');

/** Rounds that end when the test says so, and say what they saw. */
function held() {
  const rounds: string[] = [];
  const ends: (() => void)[] = [];
  const finish = async (calls: readonly Call[]) => {
    rounds.push(names(calls));
    await new Promise<void>((resolve) => ends.push(resolve));
    for (const call of calls) call.resolve(call.name.toUpperCase());
  };
  return { rounds, ends, finish };
}

function add<Prepared>(
  queue: RoundQueue<Call, Prepared>,
  called: string,
  signal?: AbortSignal,
): Promise<string> {
  const call = new Call(called, signal);
  queue.add(call);
  return call.answer;
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await setImmediate();
}

describe('a queue of rounds', () => {
  it('without a first half gathers all who come while a round is under way', async () => {
    const { rounds, ends, finish } = held();
    const queue = new RoundQueue<Call>({ work: { finish }, mostWeight: 100 });
    const answers = [add(queue, 'a'), add(queue, 'b')];
    await until(() => rounds.length === 1);
    answers.push(add(queue, 'c'));
    await setImmediate();
    answers.push(add(queue, 'd'));
    await setImmediate();
    expect(rounds).toEqual(['ab']);
    ends[0]?.();
    await until(() => rounds.length === 2);
    ends[1]?.();
    expect(await Promise.all(answers)).toEqual(['A', 'B', 'C', 'D']);
    expect(rounds).toEqual(['ab', 'cd']);
  });

  it('with a first half prepares one round while another is finished, two at the most', async () => {
    const { rounds, ends, finish } = held();
    const prepared: string[] = [];
    const work: RoundWork<Call, number> = {
      prepare: async (calls) => prepared.push(names(calls)),
      finish,
    };
    const queue = new RoundQueue({ work, mostWeight: 100 });
    const answers = [add(queue, 'a')];
    await until(() => rounds.length === 1);
    answers.push(add(queue, 'b'));
    await until(() => prepared.length === 2);
    answers.push(add(queue, 'c'));
    for (let turn = 0; turn < 5; turn++) await setImmediate();
    expect([prepared, rounds]).toEqual([['a', 'b'], ['a']]);
    for (const k of [0, 1, 2]) {
      await until(() => ends.length > k);
      ends[k]?.();
    }
    expect(await Promise.all(answers)).toEqual(['A', 'B', 'C']);
  });

  it('keeps a round within its weight; what is heavier has one of its own', async () => {
    const rounds: string[] = [];
    const finish = async (calls: readonly Call[]) => {
      rounds.push(calls.map(({ name }) => name.length).join('+'));
      for (const call of calls) call.resolve('');
    };
    const queue = new RoundQueue<Call>({
      work: { finish },
      mostWeight: 5,
      weightOf: ({ name }) => name.length,
    });
    await Promise.all(['aa', 'bb', 'cc', 'dddddddd', 'e'].map((called) => add(queue, called)));
    expect(rounds).toEqual(['2+2', '2', '8', '1']);
  });

  it('what fails in either half fails every call of its round, and no other', async () => {
    const fault = new Error('of the work');
    for (const half of ['prepare', 'finish']) {
      const fails = (calls: readonly Call[], where: string) => {
        if (where === half && names(calls) === 'a') throw fault;
      };
      const work: RoundWork<Call, undefined> = {
        prepare: async (calls) => fails(calls, 'prepare') as undefined,
        finish: async (calls) => {
          fails(calls, 'finish');
          for (const call of calls) call.resolve(call.name);
        },
      };
      const queue = new RoundQueue({ work, mostWeight: 1 });
      const [first, second] = await Promise.allSettled([add(queue, 'a'), add(queue, 'b')]);
      expect([first, second]).toEqual([
        { status: 'rejected', reason: fault },
        { status: 'fulfilled', value: 'b' },
      ]);
    }
  });

  it('lets callers leave until the second half, and not any more then', async () => {
    const { rounds, ends, finish } = held();
    let freed = 0;
    const events = {
      freed: (calls: number) => {
        freed += calls;
      },
    };
    const queue = new RoundQueue<Call>({ work: { finish }, mostWeight: 100, events });
    const leaving = new AbortController();
    const late = new AbortController();
    const left = add(queue, 'a', leaving.signal);
    const stays = add(queue, 'b', late.signal);
    leaving.abort();
    await expect(left).rejects.toThrow(withCode('ABORTED'));
    await until(() => rounds.length === 1);
    late.abort();
    ends[0]?.();
    expect(await stays).toBe('B');
    await queue.idle();
    expect([rounds, freed]).toEqual([['b'], 2]);
  });

  it('gives a round up that everybody has left: nothing of it is finished', async () => {
    const { rounds, finish } = held();
    const seen: AbortSignal[] = [];
    const work: RoundWork<Call, undefined> = {
      prepare: async (_, signal) => {
        seen.push(signal);
        await until(() => signal.aborted);
        return undefined;
      },
      finish,
    };
    const queue = new RoundQueue({ work, mostWeight: 100 });
    const leaving = new AbortController();
    const left = Promise.allSettled([add(queue, 'a', leaving.signal), add(queue, 'b', leaving.signal)]);
    await until(() => seen.length === 1);
    leaving.abort();
    expect((await left).map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    await queue.idle();
    expect(rounds).toEqual([]);
  });
});
