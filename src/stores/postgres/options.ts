import {
  booleanRule,
  checkOptions,
  integerRule,
  type OptionRule,
  objectRule,
  required,
  textRule,
} from '../../errors/options.js';

/** Where the database is, and as whom to enter it. What is left out is taken from `PGHOST`, `PGUSER` and the like. */
export interface PostgresConnection {
  /** As `postgresql://user:password@host:5432/database`, instead of the others. */
  readonly connectionString?: string;
  /** Name or address of the server, or the folder of its socket. */
  readonly host?: string;
  /** 1 to 65,535. Default 5432. */
  readonly port?: number;
  /** Name of the database. */
  readonly database?: string;
  /** Who enters. */
  readonly user?: string;
  /** The password, or what gives it when a connection is made. */
  readonly password?: string | (() => string | Promise<string>);
  /** TLS: `true`, or the options of Node.js's `tls.connect`. Default none. */
  readonly ssl?: boolean | object;
}

/** A server that holds a part of the rows, as the first server, the coordinator, reaches it. */
export interface SpreadServer {
  /** Name or address. */
  readonly host: string;
  /** 1 to 65,535. */
  readonly port: number;
  /** Name of the database. */
  readonly database: string;
  /** Who enters, and owns the tables there. */
  readonly user: string;
  /** The password. The coordinator keeps it (`pg_user_mapping`), for it enters by it. */
  readonly password: string;
  /** TLS, as of {@link PostgresConnection}; the coordinator then asks for it too. Default none. */
  readonly ssl?: boolean | object;
}

/** A store whose large tables lie on several servers. */
export interface PostgresSpread {
  /** 2 to 64 servers, each of which holds one part of the people and all their issuances. */
  readonly servers: readonly SpreadServer[];
}

/** How a store enters its server, whatever it holds. */
export interface PostgresServerOptions {
  /** The primary server; a standby is refused. */
  readonly connection: PostgresConnection;
  /** Makes a store where there is none. Default true; `false` refuses with `STORE_SCHEMA`. */
  readonly create?: boolean;
  /** Most connections, 1 to 1,000: as many calls work at once, the others wait. Default 8. */
  readonly poolSize?: number;
  /** How long one statement may take, 100 to 86,400,000 ms. Default 300,000. */
  readonly statementTimeoutMs?: number;
  /** How long a statement waits for a lock, 10 to 86,400,000 ms. Default 30,000. */
  readonly lockTimeoutMs?: number;
  /** How long making a connection may take, 10 to 600,000 ms. Default 10,000. */
  readonly connectTimeoutMs?: number;
}

/** Options of {@link openPostgresStore}. */
export interface PostgresStoreOptions extends PostgresServerOptions {
  /** Schema of the tables, made when it is not there: 1 to 48 of a–z, 0–9 and _, no digit first. Default `renkei`. */
  readonly schema?: string;
  /**
   * Partitions of the two large tables, 1 to 256. Taken when the tables are made, and from them after that.
   * Default 8.
   */
  readonly partitions?: number;
  /**
   * Puts the large tables on other servers, one partition on each. Used when the tables are made, and then instead of
   * `partitions`; later it may be left out, and is compared with the servers on record when it is not.
   */
  readonly spread?: PostgresSpread;
}

/** Options of {@link openPostgresRecordStore}. */
export interface PostgresRecordStoreOptions extends PostgresServerOptions {
  /**
   * Schema of the tables, made when it is not there: 1 to 48 of a–z, 0–9 and _, no digit first. Default
   * `renkei_records`.
   */
  readonly schema?: string;
}

/** All options of a server but where it is, each with its value. */
export type ConnectionSettings = Required<Omit<PostgresServerOptions, 'connection'>> & {
  readonly schema: string;
};

/** The same, with what an issuance store has besides. */
export type PostgresSettings = ConnectionSettings & { readonly partitions: number };

/** The name of the call that opens an issuance store. */
export const CALL = 'openPostgresStore';

const passwordRule: OptionRule = {
  expects: 'a non-empty string or a function',
  check: (value) => typeof value === 'function' || textRule.check(value),
};

const sslRule: OptionRule = {
  expects: 'true, false or an object',
  check: (value) => booleanRule.check(value) || (typeof value === 'object' && value !== null),
};

const schemaRule: OptionRule = {
  expects: '1 to 48 of a-z, 0-9 and _, no digit first, not beginning with pg_',
  check: (value) => typeof value === 'string' && /^(?!pg_)[a-z_][a-z0-9_]{0,47}$/.test(value),
};

const portRule = integerRule(1, 65_535);

const MOST_SERVERS = 64;

function checkSpread(spread: PostgresSpread): void {
  checkOptions(`${CALL}: spread`, spread, {
    servers: required({
      expects: `2 to ${MOST_SERVERS} servers`,
      check: (value) => Array.isArray(value) && value.length >= 2 && value.length <= MOST_SERVERS,
    }),
  });
  for (const server of spread.servers) {
    checkOptions(`${CALL}: spread: server`, server, {
      host: required(textRule),
      port: required(portRule),
      database: required(textRule),
      user: required(textRule),
      password: required(textRule),
      ssl: sslRule,
    });
  }
}

/** Checks the options; gives them with the defaults filled in. */
export function checkPostgresOptions(options: PostgresStoreOptions): PostgresSettings {
  const settings = checkServerOptions(CALL, options, 'renkei', {
    partitions: integerRule(1, 256),
    spread: objectRule('an object'),
  });
  const { spread, partitions = 8 } = options;
  if (spread !== undefined) checkSpread(spread);
  return { ...settings, partitions };
}

/**
 * Checks the options that every store has; gives them with the defaults filled in.
 *
 * @param call the name of the call that opens the store
 * @param schema its default
 * @param rules of further options
 */
export function checkServerOptions(
  call: string,
  options: PostgresServerOptions & { readonly schema?: string },
  schema: string,
  rules: Readonly<Record<string, OptionRule>> = {},
): ConnectionSettings {
  checkOptions(call, options, {
    connection: required(objectRule('an object')),
    schema: schemaRule,
    create: booleanRule,
    ...rules,
    poolSize: integerRule(1, 1_000),
    statementTimeoutMs: integerRule(100, 86_400_000),
    lockTimeoutMs: integerRule(10, 86_400_000),
    connectTimeoutMs: integerRule(10, 600_000),
  });
  checkOptions(`${call}: connection`, options.connection, {
    connectionString: textRule,
    host: textRule,
    port: portRule,
    database: textRule,
    user: textRule,
    password: passwordRule,
    ssl: sslRule,
  });
  // Named one by one: an option that is given as `undefined` has its default, too.
  const {
    create = true,
    poolSize = 8,
    statementTimeoutMs = 300_000,
    lockTimeoutMs = 30_000,
    connectTimeoutMs = 10_000,
  } = options;
  const timeouts = { statementTimeoutMs, lockTimeoutMs, connectTimeoutMs };
  return { schema: options.schema ?? schema, create, poolSize, ...timeouts };
}
