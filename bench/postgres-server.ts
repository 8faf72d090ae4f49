import { ScratchPostgres } from '../test/support/postgres.js';

/** What docs/stores/postgresql.md recommends for a server; memory is the least of it. Durability is as it comes: on. */
const SETTINGS = [
  'shared_buffers=1GB',
  'max_wal_size=8GB',
  'checkpoint_timeout=15min',
  'wal_buffers=64MB',
  'autovacuum_vacuum_insert_scale_factor=0.05',
] as const;

/** Runs a measurement on a server made for it, which is gone afterwards, also when this process is told to end. */
export async function onPostgresServer(measure: (server: ScratchPostgres) => Promise<void>): Promise<void> {
  const server = await ScratchPostgres.start(SETTINGS);
  const end = () => void server.remove().finally(() => process.exit(1));
  process.once('SIGINT', end).once('SIGTERM', end);
  try {
    await measure(server);
  } finally {
    process.off('SIGINT', end).off('SIGTERM', end);
    await server.remove();
  }
}
