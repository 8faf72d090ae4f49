import { openPostgresRecordStore } from 'renkei/postgres';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Child } from '../../support/child.js';
import { ScratchPostgres } from '../../support/postgres.js';
import type { RecordAppendingPlan, ToldRecords } from '../../support/record-appending-child.js';
import { assertFileSound } from '../../support/record-file.js';

const REQUESTS = 2_000;
const PROCESSES = 4;

describe('many processes that record the same requests at once', () => {
  let server: ScratchPostgres;
  beforeAll(async () => {
    server = await ScratchPostgres.start(['deadlock_timeout=50ms']);
  }, 60_000);
  afterAll(() => server.remove(), 60_000);

  it('get each request recorded once, serial numbers without gaps and an unbroken chain, though one is killed', async () => {
    const schema = 'records';
    await using store = await openPostgresRecordStore({ connection: server.main, schema });
    const plans = Array.from(
      { length: PROCESSES },
      (_, k): RecordAppendingPlan => ({
        ...{ connection: server.main, schema, name: `process ${k}` },
        ...{ requests: REQUESTS, batches: 12, batchRows: 400 },
      }),
    );
    const children = plans.map((plan) => new Child('record-appending-child.ts', plan));
    try {
      for (const child of children) expect(await child.line()).toBe('ready');
      for (const child of children) child.tell('begin');
      const told: ToldRecords[] = [];
      const [first, ...others] = children as [Child, ...Child[]];
      // It has been told of some batches, and others are under way.
      for (let k = 0; k < 2; k++) told.push(JSON.parse((await first.line()) ?? 'null'));
      await first.kill();
      for (const child of others) {
        for (let line = await child.line(); line !== undefined; line = await child.line()) {
          told.push(JSON.parse(line));
        }
      }
      expect(told).toHaveLength(2 + 12 * (PROCESSES - 1));

      const { records, head } = await assertFileSound(store);
      const onRecord = new Map(records.map(({ serial, content }) => [serial, content.department]));
      const serials = new Map<number, number>();
      for (const [request, serial, by] of told.flat()) {
        expect(serials.get(request) ?? serial).toBe(serial);
        serials.set(request, serial);
        expect(onRecord.get(serial)).toBe(by);
      }
      // Each request that anybody was told of is there once; those of the killed one are there as whole batches.
      expect(new Set(serials.values()).size).toBe(serials.size);
      expect(records.length).toBeGreaterThanOrEqual(serials.size);
      expect(records.length).toBeLessThanOrEqual(REQUESTS);
      expect(head.size).toBe(records.length);
      // Several processes won some: they did run at once.
      expect(new Set(onRecord.values()).size).toBeGreaterThan(1);
      expect(server.log()).not.toContain('deadlock');
    } finally {
      for (const child of children) await child.kill();
    }
  }, 120_000);
});
