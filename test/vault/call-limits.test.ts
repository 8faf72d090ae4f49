import { describe, expect, it } from 'vitest';
import { RenkeiError } from '../../src/errors/renkei-error.js';
import { CallLimits, openLimits } from '../../src/vault/call-limits.js';

const later = () => new Promise((resolve) => setTimeout(resolve, 15));

describe('The limits of a call', () => {
  it('end by the abort of its caller', () => {
    const controller = new AbortController();
    const limits = new CallLimits({ signal: controller.signal });
    limits.check();
    controller.abort();
    expect(limits.signal.aborted).toBe(true);
    expect(limits.error).toMatchObject({ code: 'ABORTED', retryable: true });
    expect(() => limits.check()).toThrow('aborted by its caller');
  });

  it('are at their end from the start with a signal that is aborted already', () => {
    const limits = new CallLimits({ signal: AbortSignal.abort() });
    expect(limits.error).toMatchObject({ code: 'ABORTED' });
    expect(limits.signal.aborted).toBe(true);
  });

  it('end when the deadline has passed', async () => {
    const limits = new CallLimits({ timeoutMs: 1 });
    await later();
    expect(limits.error).toMatchObject({ code: 'DEADLINE_EXCEEDED', retryable: true });
    expect(limits.error?.message).toBe('the call has not ended within 1 ms');
  });

  it('keep their first reason', async () => {
    const controller = new AbortController();
    const limits = new CallLimits({ signal: controller.signal, timeoutMs: 1 });
    limits.end(new RenkeiError('DEADLINE_EXCEEDED', 'the module has not answered'));
    controller.abort();
    await later();
    expect(limits.error?.message).toBe('the module has not answered');
  });

  it('end no call that is over', async () => {
    const controller = new AbortController();
    const limits = new CallLimits({ signal: controller.signal, timeoutMs: 1 });
    limits.dispose();
    controller.abort();
    await later();
    expect(limits.error).toBeUndefined();
  });

  it('leave wrong options to the call itself', () => {
    const options = { signal: 'no signal', timeoutMs: 0.5 } as unknown as { timeoutMs: number };
    const limits = openLimits(options);
    expect(limits.error).toBeUndefined();
    limits.dispose();
  });
});

describe('A pause between tries', () => {
  it('ends by itself', async () => {
    await new CallLimits({}).pause(1);
  });

  it('ends with the call, whose error it throws', async () => {
    const controller = new AbortController();
    const limits = new CallLimits({ signal: controller.signal });
    const pause = limits.pause(1_000_000);
    controller.abort();
    await expect(pause).rejects.toMatchObject({ code: 'ABORTED' });
    await expect(limits.pause(1)).rejects.toMatchObject({ code: 'ABORTED' });
  });
});
