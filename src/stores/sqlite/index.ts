export { type BackUpSqliteOptions, type BackupProgress, backUpSqliteStore } from './backup.js';
export { type RestoreSqliteOptions, restoreSqliteStore } from './restore.js';
export { openSqliteStore, type SqliteStoreOptions } from './sqlite-store.js';
