import { createMemoryStore } from 'renkei';
import { openSqliteStore } from 'renkei/sqlite';
import { describe, expect, it } from 'vitest';
import { makeScratchFolder } from '../../support/scratch-folder.js';
import { ROTATION_KINDS } from './rotation-commands.js';
import { runModel } from './run-model.js';

const folder = makeScratchFolder();

/** Steps that every kind of rotation has to come to: a run that reaches few shows little. */
const STEPS = ['begun', 'worked', 'verified', 'switched', 'retired', 'destroyed'];

describe('any order of issues, translations, changes, deletions and steps of rotations, against a reference model', () => {
  it('on the memory store, with every step of every kind of rotation', async () => {
    const { commands, steps } = await runModel({
      commands: 3_000,
      seed: 11,
      openStore: async () => createMemoryStore(),
      folder: folder.path('memory'),
    });
    expect(commands).toBeGreaterThanOrEqual(3_000);
    for (const kind of ROTATION_KINDS)
      for (const step of STEPS) expect(steps[`${kind} ${step}`], `${kind} ${step}`).toBeGreaterThan(2);
    expect(Object.keys(steps)).toContain('generation from list received');
    for (const step of ['paused', 'resumed', 'aborted'])
      expect(Object.keys(steps).some((name) => name.endsWith(step))).toBe(true);
  });

  it('on SQLite', async () => {
    const { commands, steps } = await runModel({
      commands: 500,
      seed: 14,
      openStore: (store) => openSqliteStore({ path: folder.path(`${store}.sqlite`) }),
      folder: folder.path('sqlite'),
    });
    expect(commands).toBeGreaterThanOrEqual(500);
    expect(Object.keys(steps).filter((name) => name.endsWith('retired')).length).toBeGreaterThan(2);
  });
});
