import { inspect } from 'node:util';
import { createMemoryStore } from 'renkei';
import { describe, expect, it } from 'vitest';
import { describeIssuanceStore } from './contract.js';

describe('the memory store', () => {
  describeIssuanceStore({ open: async () => createMemoryStore() });

  it('shows nothing of its content', async () => {
    const store = createMemoryStore();
    for (const text of [
      String(store),
      JSON.stringify(store),
      inspect(store, { showHidden: true, depth: null }),
    ]) {
      expect(text.replaceAll('"', '')).toBe('[MemoryStore: redacted]');
    }
  });
});
