import { beforeEach, describe, expect, it } from 'vitest';
import type { BreakerState } from '../../../src/vault/events.js';
import { CircuitBreaker } from '../../../src/vault/pkcs11/circuit-breaker.js';

let now: number;
let states: BreakerState[];
let breaker: CircuitBreaker;

beforeEach(() => {
  now = 0;
  states = [];
  breaker = new CircuitBreaker({
    failures: 3,
    pauseMs: 100,
    longestPauseMs: 350,
    now: () => now,
    onChange: (state) => void states.push(state),
  });
});

const unavailable = expect.objectContaining({ code: 'HSM_UNAVAILABLE', retryable: true });
const fail = (times: number) => {
  for (let n = 0; n < times; n++) breaker.failed();
};

describe('A closed breaker', () => {
  it('opens at so many failures in a row, not before', () => {
    fail(2);
    breaker.enter();
    expect(breaker.state).toBe('closed');
    breaker.failed();
    expect(states).toEqual(['open']);
    expect(() => breaker.enter()).toThrow(unavailable);
  });

  it('counts anew after every success', () => {
    for (let n = 0; n < 5; n++) {
      fail(2);
      breaker.succeeded();
    }
    expect(states).toEqual([]);
  });

  it('is left alone by a call that told nothing', () => {
    fail(2);
    breaker.abandoned();
    expect(breaker.state).toBe('closed');
  });
});

describe('An open breaker', () => {
  beforeEach(() => fail(3));

  it('refuses until the pause is over, then lets one probe through and no other', () => {
    now = 99;
    expect(() => breaker.enter()).toThrow(unavailable);
    now = 100;
    breaker.enter();
    expect(breaker.state).toBe('half-open');
    expect(() => breaker.enter()).toThrow(unavailable);
  });

  it('closes when the probe succeeds, and has its first pause again', () => {
    now = 100;
    breaker.enter();
    breaker.succeeded();
    breaker.enter();
    expect(states).toEqual(['open', 'half-open', 'closed']);
    fail(3);
    now = 200;
    breaker.enter();
    expect(breaker.state).toBe('half-open');
  });

  it('doubles its pause with every probe that fails, up to the longest', () => {
    for (const pause of [100, 200, 350, 350]) {
      now += pause - 1;
      expect(() => breaker.enter()).toThrow(unavailable);
      now += 1;
      breaker.enter();
      breaker.failed();
    }
    expect(breaker.state).toBe('open');
  });

  it('lets the next one probe when a probe was abandoned', () => {
    now = 100;
    breaker.enter();
    breaker.abandoned();
    expect(breaker.state).toBe('open');
    breaker.enter();
    expect(breaker.state).toBe('half-open');
  });

  it('does not lengthen its pause for calls that were under way when it opened', () => {
    now = 50;
    breaker.failed();
    now = 100;
    breaker.enter();
    expect(breaker.state).toBe('half-open');
  });
});
