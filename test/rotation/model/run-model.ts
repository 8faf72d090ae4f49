import assert from 'node:assert/strict';
import { join } from 'node:path';
import fc from 'fast-check';
import type { IssuanceStore } from 'renkei';
import { assertMatches } from './assert-matches.js';
import {
  askCommands,
  changeCommands,
  issueCommands,
  type ModelCommand,
  registerCommands,
  removeCommands,
  restartCommands,
  Tally,
  translateCommands,
} from './commands.js';
import { ReferenceModel } from './reference-model.js';
import { rotationCommands } from './rotation-commands.js';
import { World } from './world.js';

/** What a run of the model is to be. */
export interface ModelRun {
  /** Commands to run at least, over as many stores as it takes. */
  readonly commands: number;
  /** The same seed gives the same commands. */
  readonly seed: number;
  /** Opens an empty store of this number. */
  readonly openStore: (store: number) => Promise<IssuanceStore>;
  /** For the folders of rotations. */
  readonly folder: string;
}

/** Most commands on one store. */
const COMMANDS_A_STORE = 200;

/**
 * Holds the system against the reference model, on one store after the other.
 *
 * @returns how often each command was run and each step of a rotation was completed
 */
export async function runModel({ commands, seed, openStore, folder }: ModelRun): Promise<Tally> {
  const tally = new Tally();
  let stores = 0;
  const all = fc.commands([...arbitraries(tally)], { maxCommands: COMMANDS_A_STORE, size: 'max' });
  for (let k = 0; tally.commands < commands; k++) {
    await fc.assert(
      fc.asyncProperty(all, async (chosen) => {
        const number = stores++;
        const world = await World.open(await openStore(number), join(folder, `${number}`));
        const model = new ReferenceModel();
        try {
          await fc.asyncModelRun(() => ({ model, real: world }), chosen);
          await holdToAccount(model, world);
        } finally {
          await world.close();
        }
      }),
      { seed: seed + k, numRuns: 1, endOnFailure: false, interruptAfterTimeLimit: 45_000 },
    );
  }
  return tally;
}

function* arbitraries(tally: Tally): Generator<fc.Arbitrary<ModelCommand>> {
  // Named as often as it is to be chosen.
  for (let k = 0; k < 4; k++) yield issueCommands(tally);
  for (let k = 0; k < 4; k++) yield translateCommands(tally);
  for (let k = 0; k < 2; k++) yield changeCommands(tally);
  yield askCommands(tally);
  yield removeCommands(tally);
  yield registerCommands(tally);
  yield restartCommands(tally);
  yield* rotationCommands(tally);
}

/** What is on record at the end is what the model has. */
async function holdToAccount(model: ReferenceModel, world: World): Promise<void> {
  assert.deepEqual(await world.store.check(), []);
  const counts = await world.store.count();
  const keys = await world.store.listKeys();
  const people = [...model.people.everybody];
  assert.equal(counts.persons, people.length);
  assert.equal(
    counts.issuances,
    people.reduce((sum, { holders }) => sum + holders.size, 0),
  );
  for (const [institution, versions] of model.institutions) {
    for (const [version, { state, generation }] of versions) {
      const name = `institution/${institution}/${version}`;
      assertMatches(
        keys.find((key) => key.name === name),
        { state, generation },
      );
    }
  }
}
