import { openPostgresRecordStore, openPostgresStore } from 'renkei/postgres';
import { fail } from './issuing.js';
import { measureMediating, measureRate } from './mediating.js';
import { onPostgresServer } from './postgres-server.js';

/** Mediation on PostgreSQL, in a process of its own and on a server of its own. */

onPostgresServer(async (server) => {
  const connection = { ...(await server.newDatabase()) };
  const openStores = async () => ({
    issuance: await openPostgresStore({ connection }),
    records: await openPostgresRecordStore({ connection }),
  });
  await measureMediating(openStores, measureRate);
}).catch(fail);
