import { afterAll, describe, expect, it } from 'vitest';
import { Dice } from '../soak/crash/dice.js';
import { DoomedWorker } from '../soak/rotation-kills/doomed-worker.js';
import { type KillsSummary, runKillsSoak, STORES, summaryLine } from '../soak/rotation-kills/kills-soak.js';
import { makeStore } from '../soak/rotation-kills/population.js';
import { runRound } from '../soak/rotation-kills/run-round.js';
import { sqliteStores } from '../soak/rotation-kills/stores.js';
import { readSoakOptions } from '../soak/soak-options.js';
import { makeScratchFolder } from '../support/scratch-folder.js';

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

describe('whoever works beside a worker that is killed', () => {
  const { path } = makeScratchFolder();
  const stores = sqliteStores();
  afterAll(() => stores.remove());

  it('is not left to wait for a list that nobody delivers any more', async () => {
    const round = { kind: 'list', people: 1_000, kills: 1, serving: false } as const;
    // By this seed the first who leads is killed six milliseconds after it has begun to deliver.
    const { killedIn, findings } = await runRound(round, stores, new Dice(27));
    expect(killedIn).toHaveProperty('receive', 1);
    expect(findings).toEqual([]);
  }, 120_000);

  it('is ended when it waits for too long, and tells for what', async () => {
    const store = await stores.make();
    const { people, rotation } = await makeStore(store, 'list', 50);
    const whose = { kind: 'list', worker: 'left-alone', leads: false } as const;
    const plan = { ...whose, store, people, rotation, folder: path('work'), graceMs: 0 };
    await expect(new DoomedWorker().work(plan, undefined, 10_000)).rejects.toThrow(
      'a worker was at it for more than 10000 ms, last in the step work, after ROTATION_INCOMPLETE',
    );
  });
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
