import type { PostgresStoreOptions } from 'renkei/postgres';
import { type ScratchDatabase, ScratchPostgres } from './postgres.js';

const SETTINGS = ['shared_buffers=32MB', 'max_connections=60', 'deadlock_timeout=100ms'];

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

  /** How a store there is opened. */
  options(schema: string): PostgresStoreOptions & { readonly connection: ScratchDatabase } {
    return {
      connection: this.coordinator.main,
      schema,
      spread: { servers: this.servers.map((server) => server.main) },
      poolSize: 4,
    };
  }

  /** Runs one statement on every server that holds rows. */
  async query(sql: (k: number) => string): Promise<Record<string, unknown>[][]> {
    return Promise.all(this.servers.map((server, k) => server.query(sql(k))));
  }

  async remove(): Promise<void> {
    for (const server of [this.coordinator, ...this.servers]) await server.remove();
  }
}
