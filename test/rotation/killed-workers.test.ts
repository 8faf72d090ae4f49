import { setTimeout as wait } from 'node:timers/promises';
import { openRotations } from 'renkei';
import { afterAll, describe, expect, it } from 'vitest';
import { Dice } from '../soak/crash/dice.js';
import { openStore } from '../soak/crash/places.js';
import { DoomedWorker } from '../soak/rotation-kills/doomed-worker.js';
import { type KillsSummary, runKillsSoak, STORES, summaryLine } from '../soak/rotation-kills/kills-soak.js';
import { AUDIT_KEY, makeStore, openVault } from '../soak/rotation-kills/population.js';
import { runRound } from '../soak/rotation-kills/run-round.js';
import { Serving } from '../soak/rotation-kills/serving.js';
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

describe('whoever serves while a rotation is worked on', () => {
  const { path } = makeScratchFolder();
  const stores = sqliteStores();
  afterAll(() => stores.remove());

  it('asks nobody for an old code who was first issued to after the switch', async () => {
    const place = await stores.make();
    const { people, rotation: id } = await makeStore(place, 'institution', 100);
    const serving = await Serving.start(place, 'institution', people, new Dice(6));
    const store = await openStore(place);
    const rotations = await openRotations({ vault: await openVault(), store, auditKey: AUDIT_KEY });
    const rotation = await rotations.get(id);
    const folder = path('work');
    await rotation.work({ folder });
    await rotation.verify({ folder });
    await rotation.switch({ folder, graceMs: 0 });
    // Long enough for many to come who have no old code.
    await wait(2_000);
    await rotation.retire();
    const { findings } = await serving.end(folder, id);
    await store.close();
    expect(findings).toEqual([]);
  });
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
  }, 180_000);

  it('is ended when it waits for too long, and tells for what', async () => {
    const store = await stores.make();
    const { people, rotation } = await makeStore(store, 'list', 50);
    const whose = { kind: 'list', worker: 'left-alone', leads: false } as const;
    const plan = { ...whose, store, people, rotation, folder: path('work'), graceMs: 0 };
    const worker = new DoomedWorker();
    const patience = new AbortController();
    const working = worker.work(plan, undefined, patience.signal);
    while (!worker.lines.some(({ event }) => event === 'again')) await wait(50);
    patience.abort();
    await expect(working).rejects.toThrow(
      'a worker was at it for too long, last in the step work, after ROTATION_INCOMPLETE',
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
