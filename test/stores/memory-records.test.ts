import { inspect } from 'node:util';
import { createMemoryRecordStore } from 'renkei';
import { describe, expect, it } from 'vitest';
import { describeRecordStore } from './contract.js';

describe('the memory record store', () => {
  describeRecordStore({ open: async () => createMemoryRecordStore() });

  it('shows nothing of its content', async () => {
    const store = createMemoryRecordStore();
    for (const text of [
      String(store),
      JSON.stringify(store),
      inspect(store, { showHidden: true, depth: null }),
    ]) {
      expect(text.replaceAll('"', '')).toBe('[MemoryRecordStore: redacted]');
    }
  });
});
