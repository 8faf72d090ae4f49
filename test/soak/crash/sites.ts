import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { ScratchPostgres } from '../../support/postgres.js';
import { limitFiles } from './limit-files.js';
import type { StorePlace } from './places.js';

const POLL_MS = 10;

/** An empty store of its own, and what can happen to it. */
export interface Site {
  readonly place: StorePlace;
  /** Where the store writes first. */
  readonly folder: string;
  /** Waits until no killed process has anything under way any more. */
  readonly quiet: () => Promise<void>;
  /** The server dies of kill −9 and is started again. */
  readonly killServer?: () => Promise<void>;
  /** The server's processes can write no file beyond this length, those that are there now: a disk that is full. */
  readonly fillDisk?: (bytes: number) => Promise<void>;
  /** All connections are cut, and the server is started anew. */
  readonly restartServer?: () => Promise<void>;
  readonly remove: () => Promise<void>;
}

export async function sqliteSite(): Promise<Site> {
  const folder = mkdtempSync(join(tmpdir(), 'renkei-crash-'));
  return {
    place: { kind: 'sqlite', path: join(folder, 'store.sqlite') },
    folder,
    quiet: async () => undefined,
    remove: async () => rmSync(folder, { recursive: true, force: true }),
  };
}

export async function postgresSite(): Promise<Site> {
  const server = await ScratchPostgres.start();
  const connection = await server.newDatabase();
  const [settings] = await server.query('SHOW data_directory');
  /** Processes of the server that serve somebody; `undefined` while it recovers. */
  const serving = async (): Promise<number[] | undefined> => {
    try {
      const rows = await server.query(`SELECT pid FROM pg_stat_activity
        WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()`);
      return rows.map(({ pid }) => pid as number);
    } catch {
      return undefined;
    }
  };
  return {
    place: { kind: 'postgres', connection },
    folder: join(settings?.data_directory as string, 'pg_wal'),
    quiet: async () => {
      while ((await serving())?.length !== 0) await wait(POLL_MS);
    },
    killServer: async () => {
      await server.kill();
      await server.restart();
    },
    fillDisk: async (bytes) => {
      for (const pid of (await serving()) ?? []) limitFiles(pid, bytes);
    },
    restartServer: async () => {
      await server.cutConnections();
      await server.restart();
    },
    remove: () => server.remove(),
  };
}
