import { setTimeout as wait } from 'node:timers/promises';
import { type IssuanceStore, linkKey, parseInstitutionCode, storeAudience } from 'renkei';
import { openPostgresStore } from 'renkei/postgres';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { Child } from '../../support/child.js';
import { type LifePlan, peopleOfStep } from '../../support/life-child.js';
import type { ScratchPostgres } from '../../support/postgres.js';
import { seededBytes } from '../../support/seeded-bytes.js';
import { ScratchSpread } from '../../support/spread-postgres.js';
import { withCode } from '../../support/with-code.js';
import { batchOf, changeOf, registerInstitutions, storeCode, storeCodes } from '../contract.js';

const A = parseInstitutionCode('A1');
const ROWS = 500;
const CODE_LENGTH = 24;
const KILLS = 24;
const MOST_POLLS = 500;

describe('faults of a store that is spread over servers', { timeout: 180_000 }, () => {
  let spread: ScratchSpread;
  let schema: string;
  let store: IssuanceStore;
  let schemas = 0;
  const open = () => openPostgresStore(spread.options(schema));
  const batch = (n: number) => batchOf(A, seededBytes(`batch ${n}`, ROWS * CODE_LENGTH));
  const strikes: readonly [string, (server: ScratchPostgres) => Promise<void>][] = [
    ['its connections are cut', (server) => server.cutConnections()],
    ['it restarts', (server) => server.restart()],
    [
      'it is killed',
      async (server) => {
        await server.kill();
        await server.restart();
      },
    ],
  ];

  beforeAll(async () => {
    spread = await ScratchSpread.start();
  }, 60_000);
  beforeEach(async () => {
    schema = `store_${schemas++}`;
    store = await open();
    await store.begin([
      { name: linkKey(1), fingerprint: 'a'.repeat(16), registeredAt: 1 },
      { name: storeAudience(1), fingerprint: 'b'.repeat(16), registeredAt: 1 },
    ]);
    await registerInstitutions(store, A);
  });
  afterEach(() => store.close());
  afterAll(() => spread.remove());

  /**
   * Issues batch after batch until one fails, or until one that began after the strike is served: what is cut between
   * two statements need not be noticed. Gives how many were acknowledged.
   */
  async function issueUntilFault(first: number, isOver: () => boolean): Promise<number> {
    for (let n = first; ; n++) {
      const last = isOver();
      try {
        await store.issue(batch(n));
      } catch (error) {
        expect(error).toEqual(withCode('STORE_FAULT', { retryable: true }));
        return n - first;
      }
      if (last) return n + 1 - first;
    }
  }

  describe.each([
    ['a server that holds rows', () => spread.servers[1] as ScratchPostgres],
    ['the coordinator', () => spread.coordinator],
  ])('when something happens to %s', (_, struck) => {
    it.each(strikes)('loses nothing that was acknowledged: %s', async (_, strike) => {
      let acknowledged = 0;
      for (let round = 0; round < 4; round++) {
        let isOver = false;
        const issuing = issueUntilFault(acknowledged, () => isOver);
        await wait(120 + round * 37);
        await strike(struck());
        isOver = true;
        acknowledged += await issuing;
      }
      expect(acknowledged).toBeGreaterThan(0);
      for (let n = 0; n < acknowledged; n++) {
        const { versions } = await store.issue(batch(n));
        expect(versions.every((version) => version === 1)).toBe(true);
      }
      // Of the batch that was not acknowledged a part may be there: whole people.
      const { persons, issuances } = await store.count();
      expect(persons).toBe(issuances);
      expect(issuances).toBeLessThanOrEqual((acknowledged + 1) * ROWS);
      expect(await store.check()).toEqual([]);
      await store.issue(batch(acknowledged));
      await store.issue(batch(acknowledged));
      expect(await store.count()).toMatchObject({
        persons: (acknowledged + 1) * ROWS,
        issuances: (acknowledged + 1) * ROWS,
      });
    });
  });

  it('says that it cannot while a server is down or a standby, and works on when it is back', async () => {
    const server = spread.servers[2] as ScratchPostgres;
    await store.issue(batch(0));
    const calls = [
      () => store.issue(batch(1)),
      () => store.lookUp(A, batch(0).storeCodes),
      () => store.remove(batch(0).storeCodes),
      () => store.count(),
      () => open(),
    ];
    for (const leave of [() => server.stop(), () => server.restart({ standby: true })]) {
      await leave();
      for (const call of calls) {
        await call().catch(() => undefined);
        await expect(call()).rejects.toThrow(withCode('STORE_FAULT', { retryable: true }));
      }
      await server.restart();
      expect((await store.issue(batch(0))).versions.every((version) => version === 1)).toBe(true);
    }
    expect(await store.count()).toMatchObject({ persons: ROWS, issuances: ROWS });
    expect(await store.check()).toEqual([]);
  });

  it('has a note of every row of a batch that one server committed and another did not, and of no other', async () => {
    const rotation = {
      kind: 'institution',
      subject: A,
      notes: [A],
      parts: 0,
      plan: '',
      createdAt: 1,
    } as const;
    expect(await store.beginRotation(rotation)).toBe(1);
    expect(await store.moveRotation({ id: 1, from: 'running', to: 'verified', at: 2 })).toBe('inserted');
    const switching = { id: 1, from: 'verified', to: 'switched', at: 3 } as const;
    const hex = (codes: Uint8Array, row: number) =>
      Buffer.from(codes).toString('hex', row * 24, row * 24 + 24);
    let halves = 0;
    for (const [k, server] of spread.servers.entries()) {
      await server.query(`CREATE FUNCTION ${schema}.fail() RETURNS trigger LANGUAGE plpgsql AS
          $$ BEGIN RAISE EXCEPTION 'no commit'; END $$;
        CREATE CONSTRAINT TRIGGER fail AFTER INSERT ON ${schema}.person_${k} DEFERRABLE INITIALLY DEFERRED
          FOR EACH ROW EXECUTE FUNCTION ${schema}.fail()`);
      await expect(store.issue(batch(k))).rejects.toThrow(withCode('STORE_FAULT'));
      await server.query(`DROP FUNCTION ${schema}.fail CASCADE`);
      const { storeCodes: codes } = await store.issuances(A, { limit: 100_000 });
      const rows = Array.from({ length: codes.length / CODE_LENGTH }, (_, row) => hex(codes, row));
      if (rows.length > 0 && rows.length < ROWS) halves++;
      expect(await store.moveRotation(switching)).toBe('conflict');
      const notes = await store.noted(100_000);
      expect(notes.map(({ storeCode: code }) => hex(code, 0)).sort()).toEqual(rows);
      await store.settle(notes.map(({ note }) => note));
      await store.remove(codes);
    }
    expect(halves).toBeGreaterThan(0);
    expect(await store.moveRotation(switching)).toBe('inserted');
  });

  /** Lets a call decide, and cuts it off before it can carry out anything. */
  async function cutOffOnceDecided(call: () => Promise<unknown>, table: string): Promise<void> {
    const unlock = await Promise.all(
      spread.servers.map((server, k) => server.hold(`LOCK TABLE ${schema}.person_${k} IN EXCLUSIVE MODE`)),
    );
    const ended = call().catch((error: unknown) => error);
    const decided = () =>
      spread.coordinator.query(`SELECT EXISTS (SELECT FROM ${schema}.${table}) AS decided`);
    for (let k = 0; (await decided())[0]?.decided !== true; k++) {
      if (k > MOST_POLLS) throw new Error('nothing was decided');
      await wait(10);
    }
    await spread.coordinator.cutConnections();
    expect(await ended).toEqual(withCode('STORE_FAULT', { retryable: true }));
    for (const release of unlock) await release();
    expect(await decided()).toEqual([{ decided: true }]);
  }

  it('has a removal that was decided carried out by whoever comes next, before anything is read', async () => {
    const people = Array.from({ length: 30 }, (_, n) => n);
    const pairs = people.map((n) => [n, n + 100] as const);
    await store.issue(batchOf(A, storeCodes(...people)));
    await store.change(changeOf(pairs));
    await cutOffOnceDecided(() => store.remove(storeCodes(...people)), 'decided_removal');
    const other = await open();
    const all = storeCodes(...pairs.flat());
    expect((await other.holders(all)).flat()).toEqual([]);
    expect((await other.lookUp(A, all)).canonical.size).toBe(0);
    expect(await other.count()).toMatchObject({ persons: 0, aliases: 0, issuances: 0 });
    expect((await other.remove(all)).every(({ storeCodes: rows }) => rows === 0)).toBe(true);
    expect(await other.check()).toEqual([]);
    await other.close();
  });

  it('has changes that were decided carried out by whoever comes next, before anything is issued', async () => {
    const pairs = Array.from({ length: 30 }, (_, n) => [n, n + 100] as const);
    await cutOffOnceDecided(() => store.change(changeOf(pairs)), 'decided_person');
    const other = await open();
    const { canonical } = await other.issue(batchOf(A, storeCodes(...pairs.map(([, alias]) => alias))));
    expect(canonical).toEqual(new Map(pairs.map(([own], row) => [row, storeCode(own)])));
    expect(await other.change(changeOf(pairs))).toEqual(pairs.map(() => 'existed'));
    expect(await other.count()).toMatchObject({ persons: 30, aliases: 30, issuances: 30 });
    expect(await other.check()).toEqual([]);
    await other.close();
  });

  it(`is sound after kill −9 at ${KILLS} instants of issuing, changing and removing, and repeating ends the step`, async () => {
    for (let kill = 0; kill < KILLS; kill++) {
      const first = kill * 1_000_000;
      const plan: LifePlan = { connection: spread.coordinator.main, schema, institution: A, first };
      const child = new Child('life-child.ts', plan);
      expect(await child.line()).toBe('ready');
      setTimeout(() => child.kill(), 30 + ((kill * 37) % 150));
      const told = { issued: 0, changed: 0, removed: 0 };
      for (let line = await child.line(); line !== undefined; line = await child.line()) {
        told[line as keyof typeof told]++;
      }
      expect(await store.check()).toEqual([]);
      for (let step = 0; step <= told.issued; step++) {
        const people = peopleOfStep(first, step);
        const [own, aliases] = [0, 1].map((side) =>
          storeCodes(...people.map((pair) => pair[side] as number)),
        ) as [Uint8Array, Uint8Array];
        const { versions, canonical } = await store.lookUp(A, aliases);
        const gone = (await store.holders(own)).every((holders) => holders.length === 0);
        if (step < told.removed) expect(gone).toBe(true);
        else if (step < told.changed - 1) {
          // The removal under way has taken all of a call's people or none.
          expect(canonical.size).toBe(gone ? 0 : people.length);
        } else if (step < told.changed) {
          expect([canonical.size, versions.every((version) => version === 1)]).toEqual([people.length, true]);
        } else if (step < told.issued) {
          expect(gone).toBe(false);
          expect([0, people.length]).toContain(canonical.size);
        }
        await store.issue(batchOf(A, own));
        await store.change(changeOf(people));
        const removed = await store.remove(aliases);
        expect(removed.map(({ storeCodes: rows, issuances }) => [rows, issuances.length])).toEqual(
          people.map(() => [2, 1]),
        );
      }
    }
    expect(await store.check()).toEqual([]);
    expect(await store.count()).toMatchObject({ persons: 0, aliases: 0, issuances: 0 });
  });
});
