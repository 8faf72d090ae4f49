import { openPostgresStore, type PostgresConnection } from 'renkei/postgres';

/**
 * A process that moves rows to the store key of a rotation, a few people a call, until it is killed or none are left.
 */

/** What this process is told in its first argument, as JSON. */
export interface MovingPlan {
  readonly connection: PostgresConnection;
  readonly schema: string;
  readonly people: number;
}

const { connection, schema, people } = JSON.parse(process.argv[2] as string) as MovingPlan;
const store = await openPostgresStore({ connection, schema, poolSize: 2 });
process.stdout.write('ready\n');
while ((await store.moveRows(people)) > 0) process.stdout.write('moved\n');
await store.close();
process.stdout.write('done\n');
