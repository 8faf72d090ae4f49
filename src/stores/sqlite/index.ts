export { type BackUpSqliteOptions, type BackupProgress, backUpSqliteStore } from './backup.js';
export { openSqliteRecordStore } from './records/sqlite-record-store.js';
export { type RestoreSqliteOptions, restoreSqliteStore } from './restore.js';
export { openSqliteStore } from './sqlite-store.js';
export type { SqliteStoreOptions } from './sqlite-store-options.js';
