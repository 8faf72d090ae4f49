import type { RecordStore } from 'renkei';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Child } from '../support/child.js';
import type { MediatingPlan } from '../support/mediating-child.js';
import { numberedRequest, openRecordFile, type RecordFilePlace } from '../support/mediating-plan.js';
import { openMediationWorld } from '../support/mediation-world.js';
import { ScratchPostgres } from '../support/postgres.js';
import { makeScratchFolder } from '../support/scratch-folder.js';

const CALLERS = 60;
/** Requests of one life of the child are numbered from here on. */
const LIFE = 1_000_000;
/** After how many lines, and how many milliseconds later, each child is killed. */
const KILLS = Array.from({ length: 4 }, (_, n) => ({ lines: 1 + ((n * 97) % 311), delayMs: (n * 5) % 11 }));

/** What a process was told before it was killed. */
interface Acknowledged {
  /** Serial numbers by the request's number. */
  readonly requests: Map<number, number>;
  readonly answered: number[];
}

const folder = makeScratchFolder();
let server: ScratchPostgres;
beforeAll(async () => {
  server = await ScratchPostgres.start();
});
afterAll(() => server.remove());

describe.each([
  ['SQLite', (): RecordFilePlace => ({ path: folder.path('records.sqlite') })],
  ['PostgreSQL', (): RecordFilePlace => ({ connection: server.main, schema: 'records' })],
])('kill −9 under load, with the record file on %s', (_, placeOf) => {
  test('番号法23条: whatever was acknowledged is on record and in the log, and each request has one serial number', async () => {
    const place = placeOf();
    const all: Acknowledged = { requests: new Map(), answered: [] };
    for (const [life, { lines, delayMs }] of KILLS.entries()) {
      await killWhileMediating({ place, first: life * LIFE, callers: CALLERS }, lines, delayMs, all);
    }
    const records = await openRecordFile(place);
    try {
      await expectEverythingThere(records, all);
      const { mediator, codes } = await openMediationWorld({ records });
      const before = (await records.records({ limit: 100_000 })).filter(({ branch }) => branch === 1).length;
      for (const [n, serial] of all.requests) {
        expect(await mediator.mediate(numberedRequest(codes.a, n))).toMatchObject({
          serial,
          isRepeated: true,
        });
      }
      // What was under way has its record and its answer, or neither.
      let made = 0;
      const serials = new Set(all.requests.values());
      for (let life = 0; life < KILLS.length; life++) {
        const numbers = [...all.requests.keys()].filter((n) => Math.floor(n / LIFE) === life);
        const last = Math.max(life * LIFE, ...numbers);
        for (let n = life * LIFE; n <= last + 2 * CALLERS; n++) {
          if (all.requests.has(n)) continue;
          const outcome = await mediator.mediate(numberedRequest(codes.a, n));
          if (!('serial' in outcome)) throw new Error(outcome.status);
          expect(serials.has(outcome.serial)).toBe(false);
          serials.add(outcome.serial);
          if (!outcome.isRepeated) made++;
        }
      }
      const after = (await records.records({ limit: 100_000 })).filter(({ branch }) => branch === 1).length;
      expect(after).toBe(before + made);
      expect(after).toBe(serials.size);
    } finally {
      await records.close();
    }
  }, 240_000);
});

async function killWhileMediating(
  plan: MediatingPlan,
  lines: number,
  delayMs: number,
  told: Acknowledged,
): Promise<void> {
  const child = new Child('mediating-child.ts', plan);
  expect(await child.line()).toBe('ready');
  const take = (line: string) => {
    const words = line.split(' ');
    if (words[0] === 'request') told.requests.set(Number(words[1]), Number(words[2]));
    else if (words[0] === 'answered') told.answered.push(Number(words[1]));
  };
  for (let n = 0; n < lines; n++) take((await child.line()) ?? '');
  await new Promise((resolve) => setTimeout(resolve, delayMs));
  await child.kill();
  for (let line = await child.line(); line !== undefined; line = await child.line()) {
    // A pipe takes a short line whole or not at all.
    if (/^(request \d+ \d+|answered \d+)$/.test(line)) take(line);
  }
}

async function expectEverythingThere(records: RecordStore, told: Acknowledged): Promise<void> {
  const rows = await records.records({ limit: 100_000 });
  const entries = await records.logEntries({ from: 0, limit: 100_000 });
  expect(entries).toHaveLength(rows.length);
  const firsts = new Map(rows.filter(({ branch }) => branch === 1).map((row) => [row.serial, row]));
  for (const { serial, branch, period, digest, entry } of rows) {
    expect(JSON.parse(entries[entry] as string)).toMatchObject({
      event: 'record',
      details: { serial, branch, period, digest },
    });
  }
  expect([...firsts.keys()]).toEqual(Array.from(firsts, (_, k) => k + 1));
  for (const serial of told.requests.values()) expect(firsts.has(serial)).toBe(true);
  for (const last of await records.latest(told.answered)) expect(last?.content.providedAt).toBeDefined();
  expect(told.requests.size).toBeGreaterThan(0);
}
