export type {
  PostgresConnection,
  PostgresRecordStoreOptions,
  PostgresServerOptions,
  PostgresSpread,
  PostgresStoreOptions,
  SpreadServer,
} from './options.js';
export { openPostgresStore } from './postgres-store.js';
export { openPostgresRecordStore } from './records/postgres-record-store.js';
