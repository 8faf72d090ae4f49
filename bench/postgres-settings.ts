/** What docs/stores/postgresql.md recommends for a server that takes a bulk load. Durability is as it comes: on. */
export const POSTGRES_SETTINGS = [
  'shared_buffers=512MB',
  'max_wal_size=8GB',
  'checkpoint_timeout=15min',
  'wal_compression=lz4',
] as const;
