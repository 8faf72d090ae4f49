import { openPostgresStore } from 'renkei/postgres';
import { afterAll, beforeAll, describe, it } from 'vitest';
import { ScratchSpread } from '../../support/spread-postgres.js';
import { describeIssuanceStore } from '../contract.js';
import { expectLikeMemory } from '../like-memory.js';

describe('the PostgreSQL store spread over three servers', { timeout: 120_000 }, () => {
  let spread: ScratchSpread;
  let schemas = 0;
  beforeAll(async () => {
    spread = await ScratchSpread.start();
  }, 60_000);
  afterAll(() => spread.remove());

  const newSchema = () => `store_${schemas++}`;
  const openAt = (schema: string) => openPostgresStore(spread.options(schema));

  describeIssuanceStore({ newPlace: newSchema, open: openAt });

  it('answers as the store in memory does, whatever is asked in whatever order', { timeout: 300_000 }, () =>
    expectLikeMemory(() => openAt(newSchema()), 30),
  );
});
