import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { chownSync, closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { Client } from 'pg';
import { postgresPrograms } from './postgres-programs.js';
import { ensureSystemPackages } from './system-packages.js';

/** How a program of ours finds a database of a scratch server. */
export interface ScratchDatabase {
  readonly host: string;
  readonly port: number;
  readonly database: string;
  readonly user: string;
  readonly password: string;
}

const USER = 'renkei';
const WAIT_MS = 20;
const MOST_WAITS = 1_500;
/** Who runs the server when we are root, whom PostgreSQL refuses. */
const UNPRIVILEGED = 'postgres';

/**
 * A PostgreSQL server of its own: its files in a temporary folder, on a free port of the loopback interface, entered by
 * a random password. Texts sort by another order than that of the character codes there.
 */
export class ScratchPostgres {
  readonly #programs: string;
  readonly #folder: string;
  readonly #port: number;
  readonly #password: string;
  readonly #settings: readonly string[];
  #server: ChildProcess | undefined;
  #databases = 0;

  private constructor(
    programs: string,
    folder: string,
    port: number,
    password: string,
    settings: readonly string[],
  ) {
    this.#programs = programs;
    this.#folder = folder;
    this.#port = port;
    this.#password = password;
    this.#settings = settings;
  }

  /** Makes the files of a server and starts it. @param settings such as `fsync=off` */
  static async start(settings: readonly string[] = []): Promise<ScratchPostgres> {
    ensureSystemPackages('postgresql');
    const programs = postgresPrograms();
    if (programs === undefined) throw new Error('there is no PostgreSQL server');
    const folder = mkdtempSync(join(tmpdir(), 'renkei-postgres-'));
    const password = randomBytes(16).toString('hex');
    const server = new ScratchPostgres(programs, folder, await freePort(), password, settings);
    const passwordFile = join(folder, 'password');
    writeFileSync(passwordFile, password, { mode: 0o600 });
    const { uid, gid } = serverIds();
    for (const path of [folder, passwordFile]) chownSync(path, uid, gid);
    const options = ['--auth=scram-sha-256', `--username=${USER}`, `--pwfile=${passwordFile}`];
    const locale = ['--encoding=UTF8', '--no-locale', '--locale-provider=icu', '--icu-locale=ja'];
    execFileSync(
      join(programs, 'initdb'),
      ['--no-sync', '--data-checksums', ...options, ...locale, server.#data],
      {
        ...{ uid, gid, cwd: folder },
        stdio: ['ignore', 'ignore', 'inherit'],
      },
    );
    await server.restart();
    return server;
  }

  /** The database every server has. */
  get main(): ScratchDatabase {
    return {
      ...{ host: '127.0.0.1', port: this.#port, database: 'postgres' },
      ...{ user: USER, password: this.#password },
    };
  }

  /** A new and empty database. */
  async newDatabase(): Promise<ScratchDatabase> {
    const database = `scratch_${++this.#databases}`;
    await this.query(`CREATE DATABASE ${database}`);
    return { ...this.main, database };
  }

  /** Runs one statement in a connection of its own. */
  async query(sql: string, database = this.main): Promise<Record<string, unknown>[]> {
    const client = new Client(database);
    client.on('error', () => undefined);
    try {
      await client.connect();
      return (await client.query<Record<string, unknown>>(sql)).rows;
    } finally {
      await client.end().catch(() => undefined);
    }
  }

  /** Begins a transaction with one statement, such as a lock. @returns ends it */
  async hold(sql: string): Promise<() => Promise<void>> {
    const client = new Client(this.main);
    client.on('error', () => undefined);
    await client.connect();
    await client.query(`BEGIN; ${sql}`);
    return () => client.end();
  }

  /** All that the server has logged. */
  log(): string {
    return readFileSync(this.#logFile, 'utf8');
  }

  /** Path of a file of the server, as it names it itself. */
  dataFile(path: string): string {
    return join(this.#data, path);
  }

  /** Runs a program of PostgreSQL, such as `pg_dump`, on a database; gives what it writes. */
  run(program: string, database: ScratchDatabase, ...options: readonly string[]): Buffer {
    return this.load(program, database, Buffer.alloc(0), ...options);
  }

  /** The same, with something to read. */
  load(program: string, database: ScratchDatabase, input: Buffer, ...options: readonly string[]): Buffer {
    const { host, port, user, password } = database;
    return execFileSync(join(this.#programs, program), options, {
      env: {
        ...process.env,
        PGHOST: host,
        PGPORT: String(port),
        PGUSER: user,
        PGPASSWORD: password,
        PGDATABASE: database.database,
      },
      input,
      stdio: ['pipe', 'pipe', 'inherit'],
      maxBuffer: 1_073_741_824,
    });
  }

  /** Ends the connections of everybody else. */
  async cutConnections(): Promise<void> {
    await this.query(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
        WHERE pid <> pg_backend_pid() AND backend_type = 'client backend'`,
    );
  }

  /** Stops the server, if it runs, and starts it again; as a standby that recovers for good when wanted. */
  async restart({ standby = false } = {}): Promise<void> {
    await this.#end('SIGINT');
    const signalFile = join(this.#data, 'standby.signal');
    if (standby) writeFileSync(signalFile, '');
    else rmSync(signalFile, { force: true });
    for (let k = 0; k < MOST_WAITS; k++) {
      this.#server ??= this.#spawn();
      if (this.#server.exitCode !== null || this.#server.signalCode !== null) this.#server = undefined;
      else if (await this.#answers()) return;
      await wait(WAIT_MS);
    }
    throw new Error('the server does not start');
  }

  /** Stops the server in an orderly way. */
  stop(): Promise<void> {
    return this.#end('SIGINT');
  }

  /** Kills the server as a power failure would: nothing is written any more. */
  kill(): Promise<void> {
    return this.#end('SIGKILL');
  }

  /** Stops the server and removes its files. */
  async remove(): Promise<void> {
    await this.#end('SIGQUIT');
    rmSync(this.#folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
  }

  get #logFile(): string {
    return join(this.#folder, 'log');
  }

  get #data(): string {
    return join(this.#folder, 'data');
  }

  #spawn(): ChildProcess {
    const settings = [
      `port=${this.#port}`,
      'listen_addresses=127.0.0.1',
      'unix_socket_directories=',
      'logging_collector=off',
      ...this.#settings,
    ];
    const options = settings.flatMap((setting) => ['-c', setting]);
    const log = openSync(this.#logFile, 'a');
    const { uid, gid } = serverIds();
    const asUser = process.getuid?.() === uid ? [] : ['--reuid', uid, '--regid', gid, '--clear-groups'];
    // A run that is killed cannot stop its server: the kernel does.
    const command = ['--pdeathsig', 'QUIT', ...asUser.map(String), join(this.#programs, 'postgres')];
    const server = spawn('setpriv', [...command, '-D', this.#data, ...options], {
      cwd: this.#folder,
      stdio: ['ignore', log, log],
    });
    closeSync(log);
    return server;
  }

  async #answers(): Promise<boolean> {
    try {
      await this.query('SELECT 1');
      return true;
    } catch {
      return false;
    }
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    if (server === undefined || server.exitCode !== null || server.signalCode !== null) return;
    const gone = once(server, 'exit');
    server.kill(signal);
    await gone;
  }
}

/** The tables of a schema, column by column, with keys, checks and indexes; without the versions of the schema. */
export function tablesOf(server: ScratchPostgres, schema: string): Promise<Record<string, unknown>[]> {
  return server.query(`
    SELECT relname, attname, format_type(atttypid, atttypmod) AS type, attnotnull, attidentity,
      (SELECT array_agg(pg_get_constraintdef(oid) ORDER BY conname)::text FROM pg_constraint
        WHERE conrelid = pg_class.oid) AS constraints,
      (SELECT array_agg(replace(pg_get_indexdef(indexrelid), '${schema}', '') ORDER BY 1)::text
        FROM pg_index WHERE indrelid = pg_class.oid) AS indexes, pg_get_partkeydef(pg_class.oid) AS partitioned
    FROM pg_class JOIN pg_attribute ON attrelid = pg_class.oid AND attnum > 0
    WHERE relnamespace = '${schema}'::regnamespace AND relkind IN ('r', 'p') AND NOT relispartition
      AND relname NOT IN ('migration', 'record_migration')
    ORDER BY relname, attnum`);
}

/** Ids of the user that runs the server: our own unless we are root. */
function serverIds(): { readonly uid: number; readonly gid: number } {
  const [uid, gid] = [process.getuid?.() ?? 0, process.getgid?.() ?? 0];
  if (uid !== 0) return { uid, gid };
  const id = (option: string) => Number(execFileSync('id', [option, UNPRIVILEGED], { encoding: 'utf8' }));
  return { uid: id('-u'), gid: id('-g') };
}

/** A port that nobody listens on. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('there is no free port');
  return address.port;
}
