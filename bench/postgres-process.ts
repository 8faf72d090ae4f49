import { openPostgresStore } from 'renkei/postgres';
import { compareWithBareInsert } from './bare-comparison.js';
import { BarePostgres } from './bare-postgres.js';
import { fail, type Issuing, measureIssuing } from './issuing.js';
import { peakRssMiB } from './peak-rss.js';
import { onPostgresServer } from './postgres-server.js';
import type { BenchResult } from './results.js';

/** Online issuance into PostgreSQL, in a process of its own and on a server of its own. */

onPostgresServer(async (server) => {
  const database = await server.newDatabase();
  const compare = async (issuing: Issuing): Promise<BenchResult> => {
    const bare = await BarePostgres.open(database);
    const { quick } = issuing.options;
    const rounds = { rounds: quick ? 2 : 5, residents: quick ? 100_000 : 200_000 };
    try {
      const result = await compareWithBareInsert('issue.postgres', issuing, bare, rounds);
      return { ...result, peakRssMiB: peakRssMiB() };
    } finally {
      await bare.close();
    }
  };
  await measureIssuing(() => openPostgresStore({ connection: { ...database } }), compare);
}).catch(fail);
