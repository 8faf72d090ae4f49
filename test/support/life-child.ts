import { parseInstitutionCode } from 'renkei';
import { openPostgresStore, type PostgresConnection } from 'renkei/postgres';
import { batchOf, changeOf, storeCodes } from 'renkei/testing';

/** A process that issues to people, changes their codes and removes the people before them, until it is killed. */

/** What this process is told in its first argument, as JSON. */
export interface LifePlan {
  readonly connection: PostgresConnection;
  readonly schema: string;
  readonly institution: string;
  /** Number of the first person. */
  readonly first: number;
}

/** People of one step. */
const PEOPLE = 8;
/** Between the numbers of two steps. */
const STRIDE = 100;

/** Numbers of the people of a step, each with the number of the new code. */
export function peopleOfStep(first: number, step: number): [number, number][] {
  return Array.from({ length: PEOPLE }, (_, k) => {
    const person = first + step * STRIDE + k;
    return [person, person + STRIDE / 2];
  });
}

async function live({ connection, schema, institution, first }: LifePlan): Promise<never> {
  const store = await openPostgresStore({ connection, schema, poolSize: 2 });
  process.stdout.write('ready\n');
  for (let step = 0; ; step++) {
    const people = peopleOfStep(first, step);
    await store.issue(batchOf(parseInstitutionCode(institution), storeCodes(...people.map(([own]) => own))));
    process.stdout.write('issued\n');
    await store.change(changeOf(people));
    process.stdout.write('changed\n');
    if (step === 0) continue;
    await store.remove(storeCodes(...peopleOfStep(first, step - 1).map(([, alias]) => alias)));
    process.stdout.write('removed\n');
  }
}

const [, , plan] = process.argv;
if (plan?.startsWith('{')) await live(JSON.parse(plan) as LifePlan);
