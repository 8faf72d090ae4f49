import { describe, expect, it } from 'vitest';
import { ModuleReference } from '../../../src/vault/pkcs11/module-registry.js';

const PATIENCE_MS = 10_000;
let paths = 0;
const acquire = (initialisedHere = true, path = `/recovered/${paths++}`) =>
  ModuleReference.acquire(path, undefined, async () => ({ initialisedHere }));
const tick = () => new Promise((resolve) => setImmediate(resolve));
const up = async () => ({ initialisedHere: true });

/** A call that is inside the module until it is let go. */
function enter(module: ModuleReference): { readonly call: Promise<void>; readonly leave: () => void } {
  let leave = () => {};
  const until = new Promise<void>((resolve) => {
    leave = resolve;
  });
  return { call: module.inside(() => until), leave };
}

describe('A new initialisation of a module', () => {
  it('makes a new epoch, for all its users', async () => {
    const first = await acquire(true, '/recovered/shared');
    const second = await acquire(false, '/recovered/shared');
    await first.reinitialise(first.epoch, PATIENCE_MS, up);
    expect([first.epoch, second.epoch]).toEqual([1, 1]);
  });

  it('is made once, however many ask for it', async () => {
    const module = await acquire();
    let made = 0;
    const once = () => module.reinitialise(0, PATIENCE_MS, async () => ({ initialisedHere: ++made > 0 }));
    await Promise.all([once(), once(), once()]);
    expect([made, module.epoch]).toEqual([1, 1]);
  });

  it('waits for the calls inside, and calls wait for it', async () => {
    const module = await acquire();
    const order: string[] = [];
    const { call, leave } = enter(module);
    await tick();
    const again = module.reinitialise(0, PATIENCE_MS, async () => {
      order.push('down');
      await tick();
      order.push('up');
      return { initialisedHere: true };
    });
    const next = module.inside(async () => void order.push('next call'));
    await tick();
    expect(order).toEqual([]);
    order.push('left');
    leave();
    await Promise.all([call, again, next]);
    expect(order).toEqual(['left', 'down', 'up', 'next call']);
  });

  it('gives up on a call that does not end, and changes nothing', async () => {
    const module = await acquire();
    const { call, leave } = enter(module);
    await tick();
    let made = 0;
    const again = module.reinitialise(0, 5, async () => ({ initialisedHere: ++made > 0 }));
    await expect(again).rejects.toMatchObject({ code: 'MODULE_FAULT', fault: 'device' });
    expect([made, module.epoch]).toEqual([0, 0]);
    await module.inside(async () => undefined);
    leave();
    await call;
  });

  it('that fails is tried again by the next, whatever epoch that one knew', async () => {
    const module = await acquire();
    const down = () => Promise.reject(new Error('no device'));
    await expect(module.reinitialise(0, PATIENCE_MS, down)).rejects.toThrow('no device');
    let made = 0;
    await module.reinitialise(0, PATIENCE_MS, async () => ({ initialisedHere: ++made > 0 }));
    expect([made, module.epoch]).toEqual([1, 2]);
  });

  it('takes the module down only where it is ours', async () => {
    for (const ours of [true, false]) {
      const module = await acquire(ours);
      let told: boolean | undefined;
      await module.reinitialise(0, PATIENCE_MS, async (finalize) => {
        told = finalize;
        return { initialisedHere: false };
      });
      expect(told).toBe(ours);
    }
  });

  it('makes a module ours that somebody else had taken down', async () => {
    const module = await acquire(false);
    await module.reinitialise(0, PATIENCE_MS, up);
    let finalized: boolean | undefined;
    await module.release(async (finalize) => {
      finalized = finalize;
    });
    expect(finalized).toBe(true);
  });
});

describe('Another thread that loads the module', () => {
  it('waits for the calls inside', async () => {
    const module = await acquire();
    const { call, leave } = enter(module);
    await tick();
    let loaded = false;
    const loading = module.load(PATIENCE_MS, async () => {
      loaded = true;
      return { initialisedHere: false };
    });
    await tick();
    expect(loaded).toBe(false);
    leave();
    await Promise.all([call, loading]);
    expect([loaded, module.epoch]).toEqual([true, 0]);
  });

  it('makes a new epoch when it had to initialise it', async () => {
    const module = await acquire();
    await module.load(PATIENCE_MS, up);
    expect(module.epoch).toBe(1);
  });
});

it('A module is never finalised with somebody inside', async () => {
  const module = await acquire();
  const { call, leave } = enter(module);
  await tick();
  let finalized: boolean | undefined;
  await module.release(async (finalize) => {
    finalized = finalize;
  });
  expect(finalized).toBe(false);
  leave();
  await call;
});
