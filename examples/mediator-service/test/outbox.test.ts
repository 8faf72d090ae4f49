import { describe, expect, test } from 'vitest';
import { type Notice, Outbox } from '../http/outbox.js';

let now = 0;
const opened = () => new Outbox<Notice>({ most: 3, page: 2, now: () => now });
const notice = (id: string, validUntil = 1_000): Notice => ({ id, validUntil });
const later = new AbortController().signal;

describe('the outbox of an institution', () => {
  test('is full when as many wait as may, and has room again when one is acknowledged or lapses', () => {
    now = 0;
    const outbox = opened();
    for (const id of ['1', '2', '3']) {
      expect(outbox.isFull('B2')).toBe(false);
      outbox.put('B2', notice(id, id === '1' ? 10 : 1_000));
    }
    expect(outbox.isFull('B2')).toBe(true);
    expect(outbox.isFull('A1')).toBe(false);
    now = 11;
    expect(outbox.isFull('B2')).toBe(false);
    outbox.put('B2', notice('4'));
    expect(outbox.isFull('B2')).toBe(true);
    expect(outbox.acknowledge('B2', '2')).toBe(true);
    expect(outbox.acknowledge('B2', '2')).toBe(false);
    expect(outbox.isFull('B2')).toBe(false);
    expect(outbox.size).toBe(2);
  });

  test('gives notices page by page in their order, each once for its name, and from the first on to a cursor of before a restart', async () => {
    now = 0;
    const outbox = opened();
    for (const id of ['1', '2', '2', '3']) outbox.put('B2', notice(id));
    const first = await outbox.fetch('B2', undefined, 0, later);
    expect(first.notices.map(({ id }) => id)).toEqual(['1', '2']);
    const second = await outbox.fetch('B2', first.cursor, 0, later);
    expect(second.notices.map(({ id }) => id)).toEqual(['3']);
    expect((await outbox.fetch('B2', second.cursor, 0, later)).notices).toEqual([]);
    const restarted = opened();
    restarted.put('B2', notice('1'));
    expect((await restarted.fetch('B2', second.cursor, 0, later)).notices).toHaveLength(1);
  });

  test('whoever waits is woken by a notice, by giving up and by the end of the service', async () => {
    now = 0;
    const outbox = opened();
    const woken = outbox.fetch('B2', undefined, 60_000, later);
    outbox.put('B2', notice('1'));
    expect((await woken).notices).toHaveLength(1);
    const givingUp = new AbortController();
    const idle = outbox.fetch('A1', undefined, 60_000, givingUp.signal);
    givingUp.abort();
    expect((await idle).notices).toEqual([]);
    const ended = outbox.fetch('A1', undefined, 60_000, later);
    outbox.close();
    expect((await ended).notices).toEqual([]);
  });
});
