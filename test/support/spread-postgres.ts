import type { PostgresStoreOptions, SpreadServer } from 'renkei/postgres';
import { type ScratchDatabase, ScratchPostgres } from './postgres.js';

const SETTINGS = ['shared_buffers=32MB', 'max_connections=60', 'deadlock_timeout=50ms'];

/** A coordinator and the servers that hold the rows, all of our own. */
export class ScratchSpread {
  readonly coordinator: ScratchPostgres;
  readonly servers: readonly ScratchPostgres[];

  private constructor(coordinator: ScratchPostgres, servers: readonly ScratchPostgres[]) {
    this.coordinator = coordinator;
    this.servers = servers;
  }

  static async start(servers = 3): Promise<ScratchSpread> {
    const all: ScratchPostgres[] = [];
    for (let k = 0; k <= servers; k++) all.push(await ScratchPostgres.start(SETTINGS));
    const [coordinator, ...rest] = all;
    return new ScratchSpread(coordinator as ScratchPostgres, rest);
  }

  /** How a store there is made. */
  options(schema: string): PostgresStoreOptions & {
    readonly connection: ScratchDatabase;
    readonly spread: { readonly servers: readonly SpreadServer[] };
  } {
    return {
      connection: this.coordinator.main,
      schema,
      spread: { servers: this.servers.map((server) => server.main) },
      poolSize: 4,
    };
  }

  /** Runs one statement on every server that holds rows. */
  query(sql: (k: number) => string): Promise<Record<string, unknown>[][]> {
    return Promise.all(this.servers.map((server, k) => server.query(sql(k))));
  }

  /** All that the servers have logged. */
  log(): string {
    return [this.coordinator, ...this.servers].map((server) => server.log()).join('');
  }

  async remove(): Promise<void> {
    for (const server of [this.coordinator, ...this.servers]) await server.remove();
  }
}
