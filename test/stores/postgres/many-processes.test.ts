import { parseInstitutionCode } from 'renkei';
import { openPostgresStore, type PostgresStoreOptions } from 'renkei/postgres';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Child } from '../../support/child.js';
import { ScratchPostgres } from '../../support/postgres.js';
import type { SiblingPlan, ToldRow } from '../../support/postgres-child.js';
import { ScratchSpread } from '../../support/spread-postgres.js';
import { registerInstitutions, storeCodes } from '../contract.js';

const INSTITUTION = parseInstitutionCode('A1');
const PEOPLE = 6_000;
const PROCESSES = 5;

/** Where a store is made, what the servers of it have logged, and how they end. */
interface Place {
  readonly options: PostgresStoreOptions & { readonly schema: string };
  log(): string;
  remove(): Promise<void>;
}

const PLACES: readonly [string, () => Promise<Place>][] = [
  [
    'on one server',
    async () => {
      const server = await ScratchPostgres.start(['deadlock_timeout=50ms']);
      const options = { connection: server.main, schema: 'renkei' };
      return { options, log: () => server.log(), remove: () => server.remove() };
    },
  ],
  [
    'spread over three servers',
    async () => {
      const spread = await ScratchSpread.start();
      const options = { ...spread.options('renkei'), schema: 'renkei' };
      return { options, log: () => spread.log(), remove: () => spread.remove() };
    },
  ],
];

describe.each(PLACES)('many processes that issue for the same people at once, %s', (_, start) => {
  let place: Place;
  beforeAll(async () => {
    place = await start();
  }, 60_000);
  afterAll(() => place.remove());

  it('get one row a person and the same answers, and no deadlock reaches them', async () => {
    const { connection, schema } = place.options;
    const store = await openPostgresStore(place.options);
    await registerInstitutions(store, INSTITUTION);
    const plans = Array.from(
      { length: PROCESSES },
      (_, k): SiblingPlan => ({
        ...{ connection, schema, institution: INSTITUTION },
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
      expect(place.log()).not.toContain('deadlock');
    } finally {
      for (const child of children) await child.kill();
      await store.close();
    }
  });
});
