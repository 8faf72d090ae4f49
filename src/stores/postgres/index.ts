export type { PostgresConnection, PostgresSpread, PostgresStoreOptions, SpreadServer } from './options.js';
export { openPostgresStore } from './postgres-store.js';
