import { booleanRule, checkOptions, integerRule, required, textRule } from '../../errors/options.js';

/** Options of `openSqliteStore` and `openSqliteRecordStore`. */
export interface SqliteStoreOptions {
  /**
   * The database file; made when it is not there. Beside it lie its write-ahead log, 64 MiB or more in a large load,
   * and an index of that.
   */
  readonly path: string;
  /** Makes a store where there is none. Default true; `false` refuses with `STORE_SCHEMA`. */
  readonly create?: boolean;
  /** Page cache in MiB, 1 to 65,536. Default 64. */
  readonly cacheMiB?: number;
  /** How long a write waits for another process's, 0 to 600,000 ms. Default 5,000. */
  readonly busyTimeoutMs?: number;
}

/** Checks the options; gives them with the defaults filled in. */
export function checkSqliteOptions(call: string, options: SqliteStoreOptions): Required<SqliteStoreOptions> {
  checkOptions(call, options, {
    path: required(textRule),
    create: booleanRule,
    cacheMiB: integerRule(1, 65_536),
    busyTimeoutMs: integerRule(0, 600_000),
  });
  const { path, create = true, cacheMiB = 64, busyTimeoutMs = 5_000 } = options;
  return { path, create, cacheMiB, busyTimeoutMs };
}
