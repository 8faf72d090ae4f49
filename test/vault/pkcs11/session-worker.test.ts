import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { SessionWorker } from '../../../src/vault/pkcs11/session-worker.js';
import { StandInThread } from '../../support/stand-in-thread.js';
import { withCode } from '../../support/with-code.js';

vi.mock('node:worker_threads', async () => {
  const { StandInThread: Worker } = await import('../../support/stand-in-thread.js');
  return { Worker };
});

const stop = { finalize: false };
let worker: SessionWorker;
let thread: StandInThread;
const unhandled: unknown[] = [];
const note = (reason: unknown) => void unhandled.push(reason);

beforeEach(() => {
  process.on('unhandledRejection', note);
  worker = new SessionWorker();
  thread = StandInThread.all.at(-1) as StandInThread;
});
afterEach(async () => {
  await new Promise(setImmediate);
  process.off('unhandledRejection', note);
  expect(unhandled).toEqual([]);
});

describe('a worker thread that dies', () => {
  it.each([
    ['error', new Error('heap of thread full of 24727059608'), 'failed'],
    ['messageerror', new Error('not to be cloned'), 'sent an unreadable answer'],
    ['exit', 0, 'ended'],
  ])(
    'by %s: the calls under way and all later ones are WORKER_LOST, which may be retried',
    async (event, value, how) => {
      const calls = [worker.ask('stop', stop), worker.ask('stop', stop)];
      thread.emit(event, value);
      const lost = withCode('WORKER_LOST', {
        message: new RegExp(`^a worker thread of the vault ${how}$`),
        retryable: true,
      });
      for (const call of calls) await expect(call).rejects.toThrow(lost);
      await expect(worker.ask('stop', stop)).rejects.toThrow(lost);
      expect(thread.sent).toHaveLength(2);
    },
  );

  it('with nothing under way rejects nowhere: the next call hears of it', async () => {
    thread.emit('error', new Error('x'));
    thread.emit('exit', 1);
    await new Promise(setImmediate);
    await expect(worker.ask('stop', stop)).rejects.toThrow(withCode('WORKER_LOST', { message: /failed$/ }));
  });

  it('by being ended fails the calls under way', async () => {
    const call = worker.ask('stop', stop);
    const failed = expect(call).rejects.toThrow(withCode('WORKER_LOST'));
    await worker.end();
    expect(thread.terminated).toBe(true);
    await failed;
  });
});

describe('answers', () => {
  it('go to their call, in whatever order they come; an idle worker does not hold the process', async () => {
    expect(thread.holdsProcess).toBe(false);
    const first = worker.ask('start', { module: 'a', libraryParameters: undefined });
    const second = worker.ask('open', {
      token: { label: 'l' },
      writable: false,
      engine: undefined,
      chunkBytes: 16,
    });
    const [a, b] = thread.sent;
    expect(thread.holdsProcess).toBe(true);
    thread.emit('message', { id: b?.id, answer: { needsLogin: true } });
    expect(thread.holdsProcess).toBe(true);
    thread.emit('message', { id: a?.id, answer: { initialisedHere: false } });
    expect(thread.holdsProcess).toBe(false);
    expect(await first).toEqual({ initialisedHere: false });
    expect(await second).toEqual({ needsLogin: true });
  });

  it('that are failures become errors of the library again', async () => {
    const call = worker.ask('stop', stop);
    const { id } = thread.sent[0] as { id: number };
    thread.emit('message', {
      id,
      failure: { code: 'MODULE_FAULT', message: 'C_CloseSession: CKR_DEVICE_ERROR' },
    });
    await expect(call).rejects.toThrow(withCode('MODULE_FAULT', { message: /CKR_DEVICE_ERROR/ }));
  });

  it('to nobody are passed over', () => {
    expect(() => thread.emit('message', { id: 99, answer: null })).not.toThrow();
  });
});
