import { describe, expect, it } from 'vitest';
import { Drain } from '../../src/lifecycle/drain.js';
import { withCode } from '../support/with-code.js';

describe('Drain', () => {
  it('releases once, after the running calls have ended, whether they succeed or fail', async () => {
    const drain = new Drain('vault', 'VAULT_CLOSED');
    const order: string[] = [];
    let finish: () => void = () => undefined;
    const succeeding = drain.run(async () => {
      await new Promise<void>((resolve) => {
        finish = resolve;
      });
      order.push('succeeded');
    });
    const failing = drain.run(async () => {
      await new Promise(setImmediate);
      order.push('failed');
      throw new Error('of the call');
    });
    const release = () => void order.push('released');
    const closed = Promise.all([drain.close(release), drain.close(release)]);
    await expect(failing).rejects.toThrow('of the call');
    expect(order).toEqual(['failed']);
    finish();
    await succeeding;
    await closed;
    expect(order).toEqual(['failed', 'succeeded', 'released']);
  });

  it('refuses calls once closing has begun', async () => {
    const drain = new Drain('issuer', 'ISSUER_CLOSED');
    const closed = drain.close(() => undefined);
    let ran = false;
    const late = drain.run(() => {
      ran = true;
    });
    await expect(late).rejects.toThrow(withCode('ISSUER_CLOSED', { message: /^the issuer is closed$/ }));
    expect(ran).toBe(false);
    await closed;
  });

  it('turns a throw into a rejection and tells every closer of a release that failed', async () => {
    const drain = new Drain('store', 'STORE_CLOSED');
    const thrown = drain.run(() => {
      throw new Error('synchronous');
    });
    await expect(thrown).rejects.toThrow('synchronous');
    const fail = () => Promise.reject(new Error('disk is gone'));
    await expect(drain.close(fail)).rejects.toThrow('disk is gone');
    await expect(drain.close(() => undefined)).rejects.toThrow('disk is gone');
  });
});
