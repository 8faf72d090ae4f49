import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { openPostgresStore } from 'renkei/postgres';
import { openSqliteStore } from 'renkei/sqlite';
import type { ScratchPostgres } from '../test/support/postgres.js';
import { BarePostgres } from './bare-postgres.js';
import { BareSqlite } from './bare-sqlite.js';
import { bareBulkRate, measureBulkLoad } from './bulk-load.js';
import { fail, type Issuing, measureIssuing } from './issuing.js';
import { onPostgresServer } from './postgres-server.js';
import type { BenchResult } from './results.js';
import { ServerMemory } from './server-memory.js';

/** A bulk load into one store, in a process of its own, and on a server of its own where it needs one. */

function withLimit(result: BenchResult, limit: number): BenchResult {
  return { ...result, limit, ratio: result.rate / limit };
}

async function loadSqlite(issuing: Issuing): Promise<BenchResult> {
  const rows = issuing.options.rows as number;
  const result = await measureBulkLoad('issue.sqlite-bulk', issuing, rows);
  const file = join(issuing.folder, 'bare.sqlite');
  const bare = new BareSqlite(file);
  try {
    return withLimit(result, await bareBulkRate(bare, rows));
  } finally {
    bare.close();
    rmSync(file);
  }
}

async function loadPostgres(server: ScratchPostgres): Promise<void> {
  const database = await server.newDatabase();
  await measureIssuing(
    () => openPostgresStore({ connection: { ...database } }),
    async (issuing) => {
      const rows = issuing.options.rows as number;
      const memory = new ServerMemory(server);
      const result = await measureBulkLoad('issue.postgres-bulk', issuing, rows);
      const serverPeakMiB = await memory.end();
      const bare = await BarePostgres.open(database);
      try {
        const whole = serverPeakMiB === undefined ? result : { ...result, serverPeakMiB };
        return withLimit(whole, await bareBulkRate(bare, rows));
      } finally {
        await bare.close();
      }
    },
  );
}

const running =
  process.argv[2] === 'sqlite'
    ? measureIssuing((folder) => openSqliteStore({ path: join(folder, 'issuance.sqlite') }), loadSqlite)
    : onPostgresServer(loadPostgres);
running.catch(fail);
