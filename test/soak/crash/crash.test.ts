import { describe, expect, it } from 'vitest';
import { isClean, runCrashSoak, summaryLine } from './crash-soak.js';
import { readOptions } from './options.js';
import { PHASES } from './phases.js';

const phasesOf = (store: string, ...names: readonly string[]) =>
  PHASES.filter((phase) => phase.store === store && names.includes(phase.name));

/** What a soak says, for when it finds something: the seed repeats it. */
const silent = (lines: string[]) => (line: string) => void lines.push(line);

describe('a short crash soak: acknowledged work survives kill −9, nothing is issued twice, no code is wrong', () => {
  it.each([
    ['sqlite', ['everything at once', 'disk full'], 12],
    ['postgres', ['everything at once', 'server killed'], 12],
  ] as const)('%s: %s', async (store, names, kills) => {
    const lines: string[] = [];
    const summary = await runCrashSoak(
      phasesOf(store, ...names),
      { kills, seed: 4, lossy: false },
      silent(lines),
    );
    expect(summary, lines.join('\n')).toMatchObject({ lost: 0, duplicated: 0, wrong: 0, fsckFindings: 0 });
    expect(summary.kills).toBeGreaterThanOrEqual(kills);
    expect(summary.acknowledged).toBeGreaterThan(100);
  });

  it('catches a store that acknowledges before it stores', async () => {
    const options = { kills: 8, seed: 5, lossy: true };
    const summary = await runCrashSoak(phasesOf('sqlite', 'batches and singles'), options, silent([]));
    expect(summary.lost).toBeGreaterThan(0);
    expect(summary.duplicated).toBeGreaterThan(0);
    expect(isClean(summary)).toBe(false);
  });
});

describe('how the crash soak is called', () => {
  it('kills 400 times unless told otherwise: 200 on each store', () => {
    expect(readOptions([])).toMatchObject({ kills: 400, lossy: false });
    expect(readOptions(['--kills', '20', '--seed', '7', '--store', 'sqlite'])).toEqual({
      kills: 20,
      seed: 7,
      store: 'sqlite',
      lossy: false,
    });
  });

  it.each([['--kills', '0'], ['--store', 'oracle'], ['--what'], ['--seed', 'x']])(
    '%s %s is refused',
    (...args) => {
      expect(() => readOptions(args)).toThrow('usage: npm run soak:crash');
    },
  );

  it('says at the end what it comes to', () => {
    const summary = { kills: 200, acknowledged: 9, lost: 0, duplicated: 0, wrong: 0, fsckFindings: 0 };
    expect(summaryLine(summary)).toBe(
      'kills 200, acknowledged 9, lost 0, duplicated 0, wrong 0, fsck findings 0',
    );
    for (const name of ['lost', 'duplicated', 'wrong', 'fsckFindings']) {
      expect(isClean({ ...summary, [name]: 1 })).toBe(false);
    }
    expect(isClean(summary)).toBe(true);
  });
});
