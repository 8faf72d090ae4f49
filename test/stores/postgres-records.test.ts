import { inspect } from 'node:util';
import { openPostgresRecordStore } from 'renkei/postgres';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ScratchPostgres } from '../support/postgres.js';
import { describeRecordStore } from './contract.js';
import { expectLargeBatchesLikeMemory, expectRecordsLikeMemory } from './records-like-memory.js';

describe('the PostgreSQL record store', () => {
  let server: ScratchPostgres;
  let schemas = 0;
  beforeAll(async () => {
    server = await ScratchPostgres.start();
  });
  afterAll(() => server.remove());

  const newSchema = () => `records_${schemas++}`;
  const openAt = (schema: string) =>
    openPostgresRecordStore({ connection: server.main, schema, poolSize: 4 });

  describeRecordStore({ newPlace: newSchema, open: openAt });

  it(
    'answers as the store in memory does, and keeps the same bytes, whatever is asked in whatever order',
    { timeout: 300_000 },
    () => expectRecordsLikeMemory(() => openAt(newSchema()), 40),
  );

  it('keeps the same bytes of batches that take several statements, pages and log entries', {
    timeout: 120_000,
  }, async () => {
    await using store = await openAt(newSchema());
    await expectLargeBatchesLikeMemory(store);
  });

  it('shows nothing of its content or its connection', async () => {
    const store = await openAt(newSchema());
    for (const text of [
      String(store),
      JSON.stringify(store),
      inspect(store, { showHidden: true, depth: null }),
    ]) {
      expect(text.replaceAll('"', '')).toBe('[PostgresRecordStore: redacted]');
    }
    await store.close();
  });
});
