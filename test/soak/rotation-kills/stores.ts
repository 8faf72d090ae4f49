import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { ScratchPostgres } from '../../support/postgres.js';
import type { StorePlace } from '../crash/places.js';

const POLL_MS = 10;
/** How long connections may take to end at most. */
const QUIET_MS = 30_000;

/** Empty stores of one kind, and copies of stores. */
export interface Stores {
  readonly make: () => Promise<StorePlace>;
  /** Copies a store that nobody has open. */
  readonly copy: (place: StorePlace) => Promise<StorePlace>;
  readonly remove: () => Promise<void>;
}

export function sqliteStores(): Stores {
  const folder = mkdtempSync(join(tmpdir(), 'renkei-rotation-'));
  let stores = 0;
  const next = () => ({ kind: 'sqlite', path: join(folder, `${++stores}.sqlite`) }) as const;
  return {
    make: async () => next(),
    copy: async (place) => {
      const copy = next();
      // Whoever closed the store last has left nothing beside the file.
      if (place.kind === 'sqlite') copyFileSync(place.path, copy.path);
      return copy;
    },
    remove: async () => rmSync(folder, { recursive: true, force: true }),
  };
}

export async function postgresStores(): Promise<Stores> {
  const server = await ScratchPostgres.start();
  let copies = 0;
  /** Waits until nobody is connected any more: a database that is in use cannot be copied. */
  const quiet = async () => {
    const served = `SELECT count(*)::integer AS n FROM pg_stat_activity
      WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()`;
    const end = performance.now() + QUIET_MS;
    while ((await server.query(served))[0]?.n !== 0) {
      if (performance.now() > end) throw new Error(`after ${QUIET_MS} ms a database is still in use`);
      await wait(POLL_MS);
    }
  };
  return {
    make: async () => ({ kind: 'postgres', connection: await server.newDatabase() }),
    copy: async (place) => {
      if (place.kind !== 'postgres') throw new Error('only a database can be copied here');
      await quiet();
      const database = `copy_${++copies}`;
      await server.query(`CREATE DATABASE ${database} TEMPLATE ${place.connection.database}`);
      return { kind: 'postgres', connection: { ...place.connection, database } };
    },
    remove: () => server.remove(),
  };
}
