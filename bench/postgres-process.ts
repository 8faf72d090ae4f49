import { openPostgresStore } from 'renkei/postgres';
import { ScratchPostgres } from '../test/support/postgres.js';
import { compareWithBareInsert } from './bare-comparison.js';
import { BarePostgres } from './bare-postgres.js';
import { fail, type Issuing, measureIssuing } from './issuing.js';
import { peakRssMiB } from './peak-rss.js';
import { POSTGRES_SETTINGS } from './postgres-settings.js';
import type { BenchResult } from './results.js';

/** Online issuance into PostgreSQL, in a process of its own and on a server of its own. */

async function main(): Promise<void> {
  const server = await ScratchPostgres.start(POSTGRES_SETTINGS);
  try {
    const database = await server.newDatabase();
    const compare = async (issuing: Issuing): Promise<BenchResult> => {
      const bare = await BarePostgres.open(database);
      const rounds = {
        rounds: issuing.options.quick ? 2 : 5,
        residents: issuing.options.quick ? 100_000 : 200_000,
      };
      try {
        const result = await compareWithBareInsert('issue.postgres', issuing, bare, rounds);
        return { ...result, peakRssMiB: peakRssMiB() };
      } finally {
        await bare.close();
      }
    };
    await measureIssuing(() => openPostgresStore({ connection: { ...database } }), compare);
  } finally {
    await server.remove();
  }
}

main().catch(fail);
