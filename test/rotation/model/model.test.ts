import { createMemoryStore } from 'renkei';
import { openSqliteStore } from 'renkei/sqlite';
import { describe, expect, it } from 'vitest';
import { makeScratchFolder } from '../../support/scratch-folder.js';
import { runModel } from './run-model.js';

const folder = makeScratchFolder();

describe('any order of issues, translations, changes, deletions and steps of rotations, against a reference model', () => {
  it('on the memory store', async () => {
    const tally = await runModel({
      commands: 1_500,
      seed: 11,
      openStore: async () => createMemoryStore(),
      folder: folder.path('memory'),
    });
    expect(tally.commands).toBeGreaterThanOrEqual(1_500);
    // biome-ignore lint: for now
    console.log(tally);
  });

  it('on SQLite', async () => {
    await runModel({
      commands: 500,
      seed: 12,
      openStore: (store) => openSqliteStore({ path: folder.path(`${store}.sqlite`) }),
      folder: folder.path('sqlite'),
    });
  });
});
