import { beforeEach, describe, expect, it } from 'vitest';
import { RenkeiError } from '../../src/errors/renkei-error.js';
import { logged } from '../../src/lifecycle/operation-log.js';
import { RecordingLog } from '../support/recording-log.js';
import { withCode } from '../support/with-code.js';

let log: RecordingLog;
let seen: readonly string[] | undefined;
beforeEach(() => {
  log = new RecordingLog();
  seen = undefined;
});

const operation = (run = async () => 3) => ({
  log,
  event: 'test.operation',
  details: { key: 'store/1' },
  run: () => {
    seen = [...log.events];
    return run();
  },
  outcome: (rows: number) => ({ rows }),
});
const fault = new RenkeiError('STORE_FAULT', 'injected');
const failOn = (end: string) => {
  log.faultOf = ({ event }) => (event.endsWith(end) ? fault : undefined);
};

describe('an operation that goes into the log', () => {
  it('is written down before it happens and after, the second entry naming the first', async () => {
    await log.append([{ event: 'other' }]);
    expect(await logged(operation())).toBe(3);
    expect(seen).toEqual(['other', 'test.operation.begun']);
    expect(log.drafts.slice(1)).toEqual([
      { event: 'test.operation.begun', details: { key: 'store/1' } },
      { event: 'test.operation.done', details: { begun: 1, rows: 3 } },
    ]);
  });

  it('does not happen when it cannot be written down before', async () => {
    failOn('.begun');
    await expect(logged(operation())).rejects.toThrow(withCode('STORE_FAULT', { retryable: true }));
    expect([seen, log.events]).toEqual([undefined, []]);
  });

  it('that happened and cannot be written down fails: its first entry stays without a second', async () => {
    failOn('.done');
    await expect(logged(operation())).rejects.toThrow(withCode('STORE_FAULT'));
    expect(log.events).toEqual(['test.operation.begun']);
  });

  it('whose result nobody else has gives it all the same', async () => {
    failOn('.done');
    expect(await logged({ ...operation(), isResultUnique: true })).toBe(3);
    failOn('.begun');
    await expect(logged({ ...operation(), isResultUnique: true })).rejects.toThrow(withCode('STORE_FAULT'));
  });

  it('that fails is written down with the code of its error alone', async () => {
    const failed = new RenkeiError('KEY_NOT_DISTINCT', 'a message');
    await expect(logged(operation(() => Promise.reject(failed)))).rejects.toBe(failed);
    expect(log.drafts.at(-1)).toEqual({
      event: 'test.operation.failed',
      details: { begun: 0, code: 'KEY_NOT_DISTINCT' },
    });
    const foreign = new Error('something secret');
    await expect(logged(operation(() => Promise.reject(foreign)))).rejects.toBe(foreign);
    expect(log.details('test.operation.failed')).toEqual({ begun: 2, code: 'unknown' });
  });

  it('fails with its own error when that cannot be written down either', async () => {
    failOn('.failed');
    const failed = new RenkeiError('KEY_NOT_DISTINCT', 'a message');
    await expect(logged(operation(() => Promise.reject(failed)))).rejects.toBe(failed);
  });

  it('happens without a log as if there were none', async () => {
    expect(await logged({ ...operation(), log: undefined })).toBe(3);
  });
});
