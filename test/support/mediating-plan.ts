import { openPostgresRecordStore, type PostgresConnection } from 'renkei/postgres';
import { openSqliteRecordStore } from 'renkei/sqlite';
import { requestOf } from './mediation-world.js';

/** Where a record file is. */
export type RecordFilePlace =
  | { readonly path: string }
  | { readonly connection: PostgresConnection; readonly schema: string };

/** Opens a record file. */
export function openRecordFile(place: RecordFilePlace) {
  return 'path' in place ? openSqliteRecordStore(place) : openPostgresRecordStore({ ...place, poolSize: 4 });
}

/** The n-th request: the same in every process. */
export function numberedRequest(codes: readonly string[], n: number) {
  return requestOf(codes[n % codes.length] as string, `R-${n}`);
}
