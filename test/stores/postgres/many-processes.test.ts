import { parseInstitutionCode } from 'renkei';
import { openPostgresStore } from 'renkei/postgres';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Child } from '../../support/child.js';
import { ScratchPostgres } from '../../support/postgres.js';
import type { SiblingPlan, ToldRow } from '../../support/postgres-child.js';
import { registerInstitutions, storeCodes } from '../contract.js';

const INSTITUTION = parseInstitutionCode('A1');
const PEOPLE = 6_000;
const PROCESSES = 5;

describe('many processes that issue for the same people at once', () => {
  let server: ScratchPostgres;
  beforeAll(async () => {
    server = await ScratchPostgres.start(['deadlock_timeout=50ms']);
  });
  afterAll(() => server.remove());

  it('get one row a person and the same answers, and no deadlock reaches them', async () => {
    const schema = 'renkei';
    const store = await openPostgresStore({ connection: server.main, schema });
    await registerInstitutions(store, INSTITUTION);
    const plans = Array.from(
      { length: PROCESSES },
      (_, k): SiblingPlan => ({
        ...{ connection: server.main, schema, institution: INSTITUTION },
        ...{ keyVersion: k + 1, people: PEOPLE, batches: 12, batchRows: 1_500 },
      }),
    );
    const children = plans.map((plan) => new Child('postgres-child.ts', plan));
    try {
      for (const child of children) expect(await child.line()).toBe('ready');
      const answers = await Promise.all(children.map((child) => child.ask('begin')));
      const people = Array.from({ length: PEOPLE }, (_, person) => person);
      const { versions } = await store.lookUp(INSTITUTION, storeCodes(...people));
      const insertions = people.map(() => 0);
      answers.forEach((answer, k) => {
        for (const { person, version } of JSON.parse(answer ?? 'null') as ToldRow[]) {
          expect(version === 0 ? k + 1 : version).toBe(versions[person]);
          if (version === 0) insertions[person] = (insertions[person] as number) + 1;
        }
      });
      expect(insertions).toEqual(people.map(() => 1));
      expect(await store.count()).toMatchObject({ persons: PEOPLE, issuances: PEOPLE });
      // Several processes won some: they did run at once.
      expect(new Set(versions).size).toBeGreaterThan(1);
      expect(server.log()).not.toContain('deadlock');
    } finally {
      for (const child of children) await child.kill();
      await store.close();
    }
  });
});
