import { copyFileSync } from 'node:fs';
import { createMemoryStore, openIssuer } from 'renkei';
import { openSoftwareVault } from 'renkei/software';
import { openSqliteStore } from 'renkei/sqlite';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { BATCH_ROWS, type BulkLoadPlan, PIECES } from '../../support/bulk-load-child.js';
import { Child } from '../../support/child.js';
import { testKeys } from '../../support/named-keys.js';
import { inBatches, liveThrough, makePopulation } from '../../support/population.js';
import { makeScratchFolder } from '../../support/scratch-folder.js';
import { KEY_NAMES, openSoftwareIssuer, type SoftwareIssuer } from '../../support/software-issuer.js';
import { type Answer, answersOf, onlineAnswers } from './answers.js';

const POPULATION = makePopulation(260);
const LOADS = 7;
const LIVES = 6;

/** A life ends after so many lines and milliseconds, or by its own hand after so many transactions. */
const lifeOf = (load: number, life: number) =>
  life % 2 === 1
    ? { transactions: 1 + ((load * 3 + life) % 4), lines: Number.POSITIVE_INFINITY, delayMs: 0 }
    : { transactions: 0, lines: 1 + ((load * 11 + life * 7) % 23), delayMs: (load * 5 + life * 3) % 7 };

describe('kill −9 in the middle of a bulk load', () => {
  const folder = makeScratchFolder();
  const past = folder.path('past.sqlite');
  const killedWhile: string[] = [];
  let expected: Answer[];

  /** An issuer on a database that is closed afterwards. */
  async function withIssuer(path: string, work: (world: SoftwareIssuer) => Promise<void>): Promise<void> {
    const vault = await openSoftwareVault({ keys: testKeys(KEY_NAMES) });
    await using store = await openSqliteStore({ path });
    const issuer = await openIssuer({ vault, store });
    await work({ issuer, store, vault });
  }

  beforeAll(async () => {
    await withIssuer(past, async (world) => {
      await world.issuer.registerInstitution('A1');
      await liveThrough(world, POPULATION);
    });
    const undisturbed = await openSoftwareIssuer({ store: createMemoryStore() });
    await liveThrough(undisturbed, POPULATION);
    expected = await onlineAnswers(undisturbed.issuer, POPULATION.list, true);
  });

  afterAll(() => {
    expect(killedWhile.length).toBeGreaterThanOrEqual(40);
    expect(new Set(killedWhile)).toEqual(new Set(['receiving', 'storing', 'answering']));
  });

  test.each(Array.from({ length: LOADS }, (_, load) => load))(
    `load ${'%i'}: after ${LIVES} kills the answers and the store are those of an undisturbed run`,
    async (number) => {
      const database = folder.path(`${number}.sqlite`);
      const spill = folder.path(`spill-${number}`);
      copyFileSync(past, database);
      let durable = 0;
      for (let life = 0; life < LIVES; life++) {
        const { transactions, lines, delayMs } = lifeOf(number, life);
        const plan: BulkLoadPlan = { database, folder: spill, list: POPULATION.list, transactions };
        const child = new Child('bulk-load-child.ts', plan);
        const said: string[] = [];
        for (let line: string | undefined; said.length < Math.min(lines, 150); said.push(line)) {
          line = await child.line();
          if (line === undefined) break;
        }
        await new Promise((resolve) => setTimeout(resolve, delayMs));
        await child.kill();
        for (let line = await child.line(); line !== undefined; line = await child.line()) said.push(line);
        killedWhile.push(said.at(-1)?.split(' ')[0] ?? 'opening');
        const [first] = said;
        // What an earlier life was told is durable is there.
        if (first?.startsWith('receiving'))
          expect(Number(first.split(' ')[1])).toBeGreaterThanOrEqual(durable);
        for (const line of said) if (line.startsWith('receiving')) durable = Number(line.split(' ')[1]);
      }
      await withIssuer(database, async ({ issuer }) => {
        const load = await issuer.openBulkLoad('A1', { folder: spill, reissue: true, ...PIECES });
        if (load.state === 'receiving') {
          await load.receive(inBatches(POPULATION.list.slice(load.received), BATCH_ROWS));
        }
        await load.store();
        expect(await answersOf(load)).toEqual(expected);
        await load.erase();
        expect(await issuer.checkStore()).toEqual([]);
        // Everybody in the list has a code, once: the list again finds everybody there.
        const again = await onlineAnswers(issuer, POPULATION.list, true);
        expect(again.filter(({ status }) => status === 'issued')).toEqual([]);
      });
    },
    300_000,
  );
});
