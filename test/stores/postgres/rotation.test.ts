import { setTimeout as wait } from 'node:timers/promises';
import {
  createMemoryStore,
  type IssuanceStore,
  institutionAudience,
  type KeyName,
  linkKey,
  parseInstitutionCode,
  storeAudience,
} from 'renkei';
import { openPostgresStore } from 'renkei/postgres';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Child } from '../../support/child.js';
import type { MovingPlan } from '../../support/moving-child.js';
import { ScratchPostgres } from '../../support/postgres.js';
import { withCode } from '../../support/with-code.js';
import { batchOf, changeOf, registerInstitutions, storeCodes } from '../contract.js';

type NewRotation = Parameters<IssuanceStore['beginRotation']>[0];
type RotationStatus = Parameters<IssuanceStore['moveRotation']>[0]['to'];

const [A, B] = [parseInstitutionCode('A1'), parseInstitutionCode('B2')];
/** Number of the code under the new store key of the person or alias of a number. */
const NEW = 1_000_000;
const PEOPLE = 60;

const ROTATION: NewRotation = {
  kind: 'generation',
  subject: '*',
  notes: 'everything',
  successor: { generation: 2, storeKeyVersion: 2 },
  parts: 0,
  plan: '',
  createdAt: 1_000,
};
const INSTITUTION: NewRotation = {
  kind: 'institution',
  subject: A,
  notes: [A],
  parts: 2,
  plan: 'plan',
  createdAt: 1_000,
};

const numbers = (from: number, to: number) => Array.from({ length: to - from }, (_, k) => from + k);

/** Moves a rotation on, status by status. */
async function move(store: IssuanceStore, id: number, ...path: readonly RotationStatus[]): Promise<void> {
  for (const [k, to] of path.slice(1).entries()) {
    const from = path[k] as RotationStatus;
    expect(await store.moveRotation({ id, from, to, at: 5_000 })).toBe('inserted');
  }
}

/** People of two institutions, with aliases, in a rotation of the generation that is retiring, nothing moved. */
async function fill(store: IssuanceStore): Promise<void> {
  await registerInstitutions(store, A, B);
  await store.registerKey({ name: linkKey(2), fingerprint: 'd'.repeat(16), registeredAt: 1_000 });
  const people = numbers(0, PEOPLE);
  await store.issue(batchOf(A, storeCodes(...people)));
  await store.issue(batchOf(B, storeCodes(...people.filter((n) => n % 3 === 0))));
  const aliases = people.filter((n) => n % 4 === 0);
  await store.change(changeOf(aliases.map((n) => [n, n + 1_000] as const)));
  const id = (await store.beginRotation(ROTATION)) as number;
  const succeeded = [...people, ...aliases.filter((n) => n % 8 === 0).map((n) => n + 1_000)];
  const outcomes = await store.succeed({
    oldCodes: storeCodes(...succeeded),
    newCodes: storeCodes(...succeeded.map((n) => n + NEW)),
  });
  expect(new Set(outcomes)).toEqual(new Set(['inserted']));
  await move(store, id, 'running', 'verified', 'switched');
  // After the switch a new person, and a new alias of one who stands under the old store key.
  await store.issue(batchOf(A, storeCodes(NEW + 500), { generation: 2 }));
  await store.change(changeOf([[NEW + 1, NEW + 2_001]], { generation: 2 }));
  await move(store, id, 'switched', 'retiring');
}

async function contentOf(store: IssuanceStore) {
  return [
    await store.persons({ limit: 1_000 }),
    await store.issuances(A, { limit: 1_000 }),
    await store.issuances(B, { limit: 1_000 }),
    await store.check(),
  ];
}

describe('the PostgreSQL store, while keys are rotated', () => {
  let server: ScratchPostgres;
  let schemas = 0;
  beforeAll(async () => {
    server = await ScratchPostgres.start();
  });
  afterAll(() => server.remove());

  const newSchema = () => `rotation_${schemas++}`;
  const openAt = (schema: string) =>
    openPostgresStore({ connection: server.main, schema, partitions: 3, poolSize: 4 });

  it('ends in the same rows when the process that moves them is killed again and again', async () => {
    const expected = createMemoryStore();
    await fill(expected);
    while ((await expected.moveRows(1_000)) > 0);
    const schema = newSchema();
    await using store = await openAt(schema);
    await fill(store);
    const plan: MovingPlan = { connection: server.main, schema, people: 1 };
    let kills = 0;
    for (let ended = false; !ended; ) {
      const child = new Child('moving-child.ts', plan);
      expect(await child.line()).toBe('ready');
      // Later each time, so that different statements are met.
      const moved = await child.line();
      await wait(kills % 7);
      ended = moved !== 'moved';
      if (!ended) kills++;
      await child.kill();
    }
    expect(kills).toBeGreaterThan(3);
    expect(await contentOf(store)).toEqual(await contentOf(expected));
    expect(await store.moveRows(10)).toBe(0);
    expect(await store.moveRotation({ id: 1, from: 'retiring', to: 'retired', at: 6_000 })).toBe('inserted');
  });

  it('waits for issuers under way when a rotation begins, so that no row is missed', async () => {
    const schema = newSchema();
    await using store = await openAt(schema);
    await using other = await openAt(schema);
    await registerInstitutions(store, A);
    // Keeps the first issuer from inserting, after it has begun.
    const release = await server.hold(`LOCK TABLE ${schema}.issuance IN SHARE MODE`);
    const issued = store.issue(batchOf(A, storeCodes(1)));
    await wait(200);
    const begun: number[] = [];
    const beginning = other.beginRotation(INSTITUTION).then((id) => begun.push(id as number));
    await wait(200);
    const later = store.issue(batchOf(A, storeCodes(2)));
    await wait(200);
    expect(begun).toEqual([]);
    await release();
    await Promise.all([issued, beginning, later]);
    expect(begun).toEqual([1]);
    // What was under way is on record when the rotation has begun; what came after it is noted.
    const { storeCodes: rows } = await store.issuances(A, { limit: 10 });
    expect(rows).toHaveLength(48);
    const noted = await store.noted(10);
    expect(noted).toEqual([{ note: 1, institution: A, storeCode: storeCodes(2) }]);
  });

  it('notes a person whom two transactions insert at once, whichever of them is undone', async () => {
    const schema = newSchema();
    await using store = await openAt(schema);
    await registerInstitutions(store, A, B);
    await store.beginRotation(ROTATION);
    const people = storeCodes(...numbers(0, 200));
    await Promise.all([store.issue(batchOf(A, people)), store.issue(batchOf(B, people))]);
    const noted = await store.noted(10_000);
    const persons = noted.filter(({ institution }) => institution === undefined);
    expect(new Set(persons.map(({ storeCode }) => Buffer.from(storeCode).toString('hex'))).size).toBe(200);
  });

  it('gives two workers different parts at the same time, and neither waits for the other', async () => {
    const schema = newSchema();
    await using store = await openAt(schema);
    await using other = await openAt(schema);
    await registerInstitutions(store, A);
    const id = (await store.beginRotation({ ...INSTITUTION, parts: 40 })) as number;
    const claim = (worker: string) => ({ id, worker, now: 2_000, leaseMs: 1_000 });
    // Somebody is just claiming the lowest part.
    const release = await server.hold(
      `SELECT FROM ${schema}.rotation_part WHERE rotation_id = ${id} AND part = 0 FOR UPDATE`,
    );
    expect(await store.claimPart(claim('a'))).toBe(1);
    await release();
    const claimed = await Promise.all(
      numbers(0, 39).map((k) => (k % 2 === 0 ? store : other).claimPart(claim(`worker-${k}`))),
    );
    expect(claimed.map(Number).sort((a, b) => a - b)).toEqual([0, ...numbers(2, 40)]);
    expect(await other.claimPart(claim('late'))).toBeUndefined();
    expect(await other.claimPart({ ...claim('late'), now: 3_000 })).toBe(0);
  });

  it('compares the epoch inside the transaction, also of a call that waited while keys were switched', async () => {
    const schema = newSchema();
    await using store = await openAt(schema);
    await registerInstitutions(store, A);
    const id = (await store.beginRotation({ ...INSTITUTION, parts: 0 })) as number;
    await move(store, id, 'running', 'verified');
    const [lock] = await server.query(
      `SELECT ('x' || left(encode(sha256('renkei ${schema}'), 'hex'), 8))::bit(32)::integer AS space`,
    );
    const release = await server.hold(`SELECT pg_advisory_xact_lock(${lock?.space}, 3)`);
    const waiting = store.issue(batchOf(A, storeCodes(1)), { epoch: 0 });
    const refused = expect(waiting).rejects.toThrow(withCode('KEYS_CHANGED', { retryable: true }));
    await wait(200);
    await server.query(`UPDATE ${schema}.rotation_state SET epoch = 1`);
    await release();
    await refused;
    expect(await store.count()).toMatchObject({ persons: 0, issuances: 0 });
    for (const call of [
      () => store.lookUp(A, storeCodes(1), { epoch: 0 }),
      () => store.persons({ limit: 1, epoch: 0 }),
      () => store.change(changeOf([[1, 2]]), { epoch: 0 }),
      () => store.check({ epoch: 0 }),
      () => store.moveRows(1, { epoch: 0 }),
    ]) {
      await expect(call()).rejects.toThrow(withCode('KEYS_CHANGED', { retryable: true }));
    }
    expect(await store.lookUp(A, storeCodes(1), { epoch: 1 })).toMatchObject({ canonical: new Map() });
  });

  it('lends successors however long it takes', async () => {
    const schema = newSchema();
    await using store = await openPostgresStore({ connection: server.main, schema, statementTimeoutMs: 400 });
    await registerInstitutions(store, A);
    await store.issue(batchOf(A, storeCodes(1)));
    await store.change(changeOf([[1, 2]]));
    await store.beginRotation(ROTATION);
    await store.succeed({ oldCodes: storeCodes(2), newCodes: storeCodes(NEW) });
    await server.query(`CREATE FUNCTION ${schema}.slow() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN PERFORM pg_sleep(1); RETURN NEW; END $$;
      CREATE TRIGGER slow BEFORE UPDATE ON ${schema}.succession
        FOR EACH ROW EXECUTE FUNCTION ${schema}.slow()`);
    expect(await store.lendSuccessors()).toBe(1);
    expect((await store.successors(storeCodes(1))).newCodes).toEqual(storeCodes(NEW));
  });

  it('gives keys of an older release their states and the dates of these', async () => {
    const schema = newSchema();
    const { STEPS } = await import('../../../src/stores/postgres/schema.js');
    const settings = { schema, create: true, partitions: 3, poolSize: 1 };
    const timeouts = { statementTimeoutMs: 1_000, lockTimeoutMs: 1_000, connectTimeoutMs: 1_000 };
    await server.query(`CREATE SCHEMA ${schema}; SET search_path = ${schema};
      CREATE TABLE migration (version integer PRIMARY KEY, applied_at bigint NOT NULL);
      INSERT INTO migration VALUES (1, 0); ${STEPS[0]?.({ ...settings, ...timeouts })}
      INSERT INTO institution (code) VALUES ('A1'), ('B2');
      INSERT INTO key VALUES ('link/1', '${'1'.repeat(16)}', 100), ('link/10', '${'2'.repeat(16)}', 300),
        ('link/9', '${'3'.repeat(16)}', 200), ('store/1', '${'4'.repeat(16)}', 100), ('store/2', '${'b'.repeat(16)}', 120),
        ('institution/A1/2', '${'5'.repeat(16)}', 150), ('institution/A1/10', '${'6'.repeat(16)}', 250),
        ('institution/B2/1', '${'7'.repeat(16)}', 100), ('record/2025', '${'8'.repeat(16)}', 100),
        ('record/2026', '${'9'.repeat(16)}', 200), ('audit/1', '${'a'.repeat(16)}', 100), ('audit/2', '${'c'.repeat(16)}', 130);
      INSERT INTO person SELECT 0, 1, substring(sha256('x') FROM 1 FOR 24)`);
    await using store = await openAt(schema);
    const states = (await store.listKeys()).map(({ name, state, since, generation }) => [
      name,
      state,
      since,
      generation,
    ]);
    const expected: readonly [KeyName | string, ...unknown[]][] = [
      ['audit/1', 'accepting', { active: 100, accepting: 130 }, undefined],
      ['audit/2', 'active', { active: 130 }, undefined],
      [institutionAudience(A, 10), 'active', { active: 250 }, 10],
      [institutionAudience(A, 2), 'accepting', { active: 150, accepting: 250 }, 10],
      [institutionAudience(B, 1), 'active', { active: 100 }, 10],
      [linkKey(1), 'retired', { active: 100, retired: 200 }, 1],
      [linkKey(10), 'active', { active: 300 }, 10],
      [linkKey(9), 'retired', { active: 200, retired: 300 }, 9],
      ['record/2025', 'active', { active: 100 }, undefined],
      ['record/2026', 'active', { active: 200 }, undefined],
      [storeAudience(1), 'accepting', { active: 100, accepting: 120 }, 10],
      [storeAudience(2), 'active', { active: 120 }, 10],
    ];
    expect(states).toEqual(expected);
    expect(await store.count()).toMatchObject({ keys: 12, persons: 1 });
    expect(await store.outlook()).toEqual({ epoch: 0, holdUntil: 0 });
    expect(await store.beginRotation(INSTITUTION)).toBe(1);
  });
});
