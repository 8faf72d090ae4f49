import { describe, expect, it } from 'vitest';
import { type KillsSummary, runKillsSoak, STORES, summaryLine } from '../soak/rotation-kills/kills-soak.js';
import { readSoakOptions } from '../soak/soak-options.js';

describe('workers of a rotation are killed with kill −9 at random: the end is the same bytes as undisturbed', () => {
  it.each(STORES)(
    '%s',
    async (store) => {
      const lines: string[] = [];
      const summary = await runKillsSoak({ count: 10, seed: 6, store }, (line) => lines.push(line));
      expect(summary.findings, lines.join('\n')).toEqual([]);
      expect(summary.kills).toBeGreaterThanOrEqual(10);
    },
    180_000,
  );
});

describe('how the soak of killed rotations is called', () => {
  const call = { command: 'soak:rotation-kills', count: 'kills', most: 100, stores: STORES };

  it('kills 100 times unless told otherwise', () => {
    expect(readSoakOptions(call, [])).toMatchObject({ count: 100 });
    expect(readSoakOptions(call, ['--kills', '20', '--seed', '7', '--store', 'sqlite'])).toEqual({
      count: 20,
      seed: 7,
      store: 'sqlite',
    });
  });

  it.each([['--kills', '0'], ['--store', 'oracle'], ['--what'], ['--seed', 'x']])(
    '%s %s is refused',
    (...args) => {
      expect(() => readSoakOptions(call, args)).toThrow(
        'usage: npm run soak:rotation-kills -- [--kills N] [--seed N] [--store sqlite|postgres]',
      );
    },
  );

  it('says at the end what it comes to', () => {
    const summary: KillsSummary = {
      ...{ kills: 100, rotations: 9, parts: 80, partsAnew: 30, requests: 400, askedAgain: 1 },
      ...{ killedIn: { work: 90, switch: 10 }, findings: [] },
    };
    expect(summaryLine(summary)).toBe(
      'kills 100 (work 90, switch 10), rotations 9, parts 80, parts done anew 30, requests served 400, ' +
        'asked again 1, differences and wrong answers 0',
    );
  });
});
