import { beforeEach, describe, expect, it, vi } from 'vitest';
import { RenkeiError } from '../../../src/errors/renkei-error.js';
import { CallLimits } from '../../../src/vault/call-limits.js';
import type { VaultEvent } from '../../../src/vault/events.js';
import { FaultError } from '../../../src/vault/pkcs11/fault.js';
import { SessionPool } from '../../../src/vault/pkcs11/session-pool.js';

/** Sessions without a module: the pool alone is under test. */
const threads = vi.hoisted(() => ({
  asked: [] as string[],
  failing: new Map<string, () => Error>(),
  held: new Map<string, Promise<void>>(),
  needLogin: false,
}));

vi.mock('../../../src/vault/pkcs11/session-worker.js', () => ({
  SessionWorker: class {
    isLost = false;
    async ask(name: string, request: { readonly finalize?: boolean }): Promise<unknown> {
      threads.asked.push(request?.finalize === true ? `${name} and finalise` : name);
      const failure = threads.failing.get(name);
      if (failure !== undefined) throw failure();
      await threads.held.get(name);
      return name === 'open'
        ? { needsLogin: threads.needLogin }
        : {
            initialisedHere:
              name === 'start' && threads.asked.filter((asked) => asked === 'start').length === 1,
          };
    }
    async end(): Promise<void> {
      this.isLost = true;
    }
    leave(): void {
      this.isLost = true;
    }
  },
}));

let modules = 0;
let events: VaultEvent[];
const open = (sessions: number, retries = 3) =>
  SessionPool.open(
    { module: `/pool/${modules++}`, token: { label: 'pool' }, pin: () => 'pin' },
    sessions,
    { token: { label: 'pool' }, writable: false, engine: undefined, chunkBytes: 16 },
    {
      retries,
      moduleTimeoutMs: 10_000,
      breakerPauseMs: 10,
      observe: (event) => void events.push(event),
    },
  );

beforeEach(() => {
  events = [];
  threads.asked.length = 0;
  threads.failing.clear();
  threads.held.clear();
  threads.needLogin = false;
});

const tick = () => new Promise((resolve) => setImmediate(resolve));

describe('A pool of sessions', () => {
  it.each([
    ['device', ['forget', 'open', 'forget', 'open']],
    ['session', ['open', 'open']],
  ] as const)(
    'after a fault of the %s, closes no handle that may be another session by now',
    async (fault, wanted) => {
      const pool = await open(2);
      threads.asked.length = 0;
      let failures = 2;
      let mended = 0;
      let bothMended = () => {};
      // Each waits for the other, so that neither session is used twice.
      const both = new Promise<void>((resolve) => {
        bothMended = resolve;
      });
      const fail = () =>
        pool.run(async () => {
          await tick();
          if (failures-- > 0) throw new FaultError(fault, 'injected');
          if (++mended === 2) bothMended();
          await both;
        }, new CallLimits({}));
      await Promise.all([fail(), fail()]);
      // Handles are numbered anew by a new initialisation: "open" closes the old session, unless it is forgotten first.
      expect(threads.asked.filter((asked) => asked === 'forget' || asked === 'open')).toEqual(wanted);
      expect(threads.asked.filter((asked) => asked.startsWith('reinitialise'))).toHaveLength(
        fault === 'device' ? 1 : 0,
      );
      await pool.close();
    },
  );

  it('serves whoever waits in the order they came', async () => {
    const pool = await open(1);
    const order: number[] = [];
    const serve = (n: number) =>
      pool.run(async () => {
        await tick();
        order.push(n);
      }, new CallLimits({}));
    await Promise.all([0, 1, 2, 3, 4].map(serve));
    expect(order).toEqual([0, 1, 2, 3, 4]);
    await pool.close();
  });

  it('uses every session at once, and none twice at a time', async () => {
    const pool = await open(3);
    const busy = new Set<unknown>();
    let most = 0;
    const serve = () =>
      pool.run(async (worker) => {
        expect(busy.has(worker)).toBe(false);
        busy.add(worker);
        most = Math.max(most, busy.size);
        await tick();
        busy.delete(worker);
      }, new CallLimits({}));
    await Promise.all(Array.from({ length: 12 }, serve));
    expect(most).toBe(3);
    await pool.close();
  });

  it('lets a waiting caller leave, who then takes nobody their turn', async () => {
    const pool = await open(1);
    let leave = () => {};
    const held = pool.run(
      () =>
        new Promise<void>((resolve) => {
          leave = resolve;
        }),
      new CallLimits({}),
    );
    await tick();
    const controller = new AbortController();
    const gone = pool.run(async () => 'never', new CallLimits({ signal: controller.signal }));
    const next = pool.run(async () => 'served', new CallLimits({}));
    await tick();
    controller.abort();
    await expect(gone).rejects.toMatchObject({ code: 'ABORTED' });
    leave();
    await held;
    expect(await next).toBe('served');
    await pool.close();
  });

  it('gives a session back when an action fails, broken only by a fault', async () => {
    const pool = await open(1, 0);
    const limits = new CallLimits({});
    const fail = (error: Error) => pool.run(() => Promise.reject(error), limits).catch((thrown) => thrown);
    expect(await fail(new RenkeiError('KEY_USAGE', 'no'))).toMatchObject({ code: 'KEY_USAGE' });
    expect(pool.health).toMatchObject({ sessions: 1, broken: 0, recoveries: 0 });
    expect(await fail(new FaultError('session', 'gone'))).toMatchObject({ code: 'MODULE_FAULT' });
    expect(pool.health).toMatchObject({ broken: 1 });
    expect(await pool.run(async () => 'served', limits)).toBe('served');
    expect(pool.health).toMatchObject({ broken: 0, recoveries: 1 });
    await pool.close();
  });

  it('repeats an action after a fault, and never after anything else', async () => {
    const pool = await open(1);
    let tries = 0;
    const action = (error: Error) => async () => {
      if (++tries < 3) throw error;
      return tries;
    };
    expect(await pool.run(action(new FaultError('session', 'gone')), new CallLimits({}))).toBe(3);
    tries = 0;
    const other = pool.run(action(new RenkeiError('MODULE_REFUSED', 'no')), new CallLimits({}));
    await expect(other).rejects.toMatchObject({ code: 'MODULE_REFUSED' });
    expect(tries).toBe(1);
    await pool.close();
  });

  it('looks again once for a key with another fingerprint, and not more', async () => {
    const pool = await open(1);
    let tries = 0;
    const action = async () => {
      tries++;
      throw new FaultError('login', 'another', 'KEY_FINGERPRINT_MISMATCH');
    };
    await expect(pool.run(action, new CallLimits({}))).rejects.toMatchObject({
      code: 'KEY_FINGERPRINT_MISMATCH',
    });
    expect(tries).toBe(2);
    await pool.close();
  });
});

it('A module is not taken down under a login of another session', async () => {
  const pool = await open(2);
  const once = (fault: 'session' | 'device') => {
    let failed = false;
    return async () => {
      if (failed) return 'served';
      failed = true;
      throw new FaultError(fault, 'gone');
    };
  };
  let answer = () => {};
  threads.held.set(
    'login',
    new Promise<void>((resolve) => {
      answer = resolve;
    }),
  );
  threads.needLogin = true;
  const logsIn = pool.run(once('session'), new CallLimits({}));
  await vi.waitUntil(() => threads.asked.includes('login'));
  const takesDown = pool.run(once('device'), new CallLimits({}));
  await new Promise((resolve) => setTimeout(resolve, 60));
  expect(threads.asked.some((name) => name.startsWith('reinitialise'))).toBe(false);
  answer();
  expect(await Promise.all([logsIn, takesDown])).toEqual(['served', 'served']);
  expect(threads.asked.some((name) => name.startsWith('reinitialise'))).toBe(true);
  await pool.close();
});

it('A call that waits for a module to come up again does not begin on its session from before', async () => {
  const pool = await open(3);
  threads.asked.length = 0;
  let leave = () => {};
  const inside = new Promise<void>((resolve) => {
    leave = resolve;
  });
  let failed = false;
  const breaksDown = async () => {
    if (failed) return;
    failed = true;
    throw new FaultError('device', 'gone');
  };
  const third = pool.run(() => inside, new CallLimits({}));
  const first = pool.run(breaksDown, new CallLimits({}));
  await vi.waitFor(() => expect(events).toContainEqual({ type: 'retry', attempt: 1 }));
  await tick();
  const second = pool.run(async () => void threads.asked.push('second'), new CallLimits({}));
  await tick();
  leave();
  await Promise.all([first, second, third]);
  const before = threads.asked.slice(0, threads.asked.indexOf('second'));
  expect(before.filter((name) => name === 'open')).toHaveLength(2);
  await pool.close();
});

describe('Closing', () => {
  it('finalises the module once, with the last session', async () => {
    const pool = await open(3);
    threads.asked.length = 0;
    await pool.close();
    expect(threads.asked).toEqual(['stop', 'stop', 'stop and finalise']);
  });

  it('finalises it also when the opening failed before the last session was begun', async () => {
    threads.failing.set('open', () => new RenkeiError('TOKEN_NOT_FOUND', 'none'));
    await expect(open(3)).rejects.toMatchObject({ code: 'TOKEN_NOT_FOUND' });
    expect(threads.asked).toEqual(['start', 'open', 'stop and finalise']);
  });

  it('finalises it through another thread when the last has died', async () => {
    const pool = await open(2);
    await pool.run((worker) => worker.end(), new CallLimits({}));
    threads.asked.length = 0;
    await pool.close();
    expect(threads.asked).toEqual(['stop and finalise']);
  });
});
