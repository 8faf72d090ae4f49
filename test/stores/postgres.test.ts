import { openPostgresStore } from 'renkei/postgres';
import { afterAll, beforeAll, describe, it } from 'vitest';
import { ScratchPostgres } from '../support/postgres.js';
import { expectLikeMemory } from './like-memory.js';

describe('the PostgreSQL store', () => {
  let server: ScratchPostgres;
  let schemas = 0;
  beforeAll(async () => {
    server = await ScratchPostgres.start();
  });
  afterAll(() => server.remove());

  /** A store in a schema of its own. */
  const open = () =>
    openPostgresStore({ connection: server.main, schema: `store_${schemas++}`, partitions: 3, poolSize: 4 });

  it(
    'answers as the store in memory does, whatever is asked in whatever order',
    {
      timeout: 300_000,
    },
    () => expectLikeMemory(open, 100),
  );
});
