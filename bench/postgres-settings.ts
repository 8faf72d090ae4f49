/** What docs/stores/postgresql.md recommends for a server; memory is the least of it. Durability is as it comes: on. */
export const POSTGRES_SETTINGS = [
  'shared_buffers=1GB',
  'max_wal_size=8GB',
  'checkpoint_timeout=15min',
  'wal_buffers=64MB',
  'autovacuum_vacuum_insert_scale_factor=0.05',
] as const;
