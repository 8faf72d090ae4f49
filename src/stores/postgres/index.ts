export type { PostgresConnection, PostgresStoreOptions } from './options.js';
export { openPostgresStore } from './postgres-store.js';
