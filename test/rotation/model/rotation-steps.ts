import assert from 'node:assert/strict';
import type { Rotation, SignedReceipt } from 'renkei';
import { assertMatches } from './assert-matches.js';
import type { Tally } from './commands.js';
import type { ModelRotation, ReferenceModel } from './reference-model.js';
import { lowestStoreCode, type Outcome, outcomeOf, RESIDENTS, residentText, type World } from './world.js';

/** The steps of a rotation, each with what the model expects of it. */
export const STEPS = [
  'receive',
  'work',
  'verify',
  'switch',
  'retire',
  'destroy',
  'pause',
  'resume',
  'abort',
] as const;
export type Step = (typeof STEPS)[number];

/** A step that is taken. */
export interface TakenStep {
  readonly model: ReferenceModel;
  readonly world: World;
  readonly tally: Tally;
  readonly rotation: ModelRotation;
  /** Which of the workers takes it. */
  readonly site: number;
  /** Work: so many parts and no more. */
  readonly parts?: number;
  /** Receive: these residents only. */
  readonly residents?: readonly number[];
}

/** What comes next, when all goes well; undefined when a rotation is over. */
export function nextStep(model: ReferenceModel, rotation: ModelRotation): Step | undefined {
  switch (rotation.status) {
    case 'running':
      if (isLacking(model, rotation)) return 'receive';
      return rotation.open ? 'work' : 'verify';
    case 'paused':
      return 'resume';
    case 'verified':
      return 'switch';
    case 'switched':
      return 'retire';
    case 'retired':
      return 'destroy';
    default:
      return undefined;
  }
}

/** Takes a step and holds what comes of it against the model. */
export async function take(step: Step, taken: TakenStep): Promise<void> {
  const { world, rotation, site } = taken;
  await TAKE[step](taken, await world.rotation(site, rotation.id));
  assert.equal(await (await world.rotation(site + 1, rotation.id)).status(), rotation.status);
}

type Take = (taken: TakenStep, real: Rotation) => Promise<void>;

const TAKE: Readonly<Record<Step, Take>> = {
  receive: async ({ model, tally, rotation, residents }, real) => {
    const list = residents ?? everybody(model);
    const outcome = await outcomeOf(real.receiveResidents([list.map(residentText)]));
    if (rotation.source !== 'list') {
      assert.deepEqual(outcome, { error: 'ROTATION_UNSUPPORTED' });
      return;
    }
    if (refusedFor(outcome, rotation, 'running', 'verified')) return;
    const unknown = list.filter((resident) => model.people.named(model.generation, resident) === undefined);
    assert.deepEqual(outcome, { value: { received: list.length, refused: 0, unknown: unknown.length } });
    for (const resident of list) model.people.receive(model.generation, resident);
    lend(model, rotation);
    completed(tally, rotation, 'received');
  },
  work: async ({ model, world, tally, rotation, site, parts }, real) => {
    const giveUp = new AbortController();
    const onProgress = ({ done }: { done: number }) => {
      if (parts !== undefined && done >= parts) giveUp.abort();
    };
    const options = { folder: world.folderOf(rotation.id), worker: `worker-${site}`, onProgress };
    const outcome = await outcomeOf(real.work({ ...options, signal: giveUp.signal }));
    if (refusedFor(outcome, rotation, 'running', 'paused', 'verified')) return;
    if ('error' in outcome) {
      if (outcome.error === 'ROTATION_INCOMPLETE') assert.ok(isLacking(model, rotation));
      else assert.deepEqual([outcome.error, giveUp.signal.aborted], ['ABORTED', true]);
      return;
    }
    const { status, done, parts: all } = outcome.value;
    assert.equal(status, rotation.status);
    if (rotation.status !== 'running') return;
    assert.equal(done, all);
    rotation.open = false;
    completed(tally, rotation, 'worked');
  },
  verify: async ({ model, world, tally, rotation }, real) => {
    const outcome = await outcomeOf(real.verify({ folder: world.folderOf(rotation.id), sampleSize: 10 }));
    if (wasDone(outcome, rotation, 'verify') || refusedFor(outcome, rotation, 'running')) return;
    if (!rotation.open) {
      // Whether it has come to that hangs on what was noted.
      await world.store.lendSuccessors();
      lend(model, rotation);
    }
    if (rotation.open || isLacking(model, rotation)) {
      assert.deepEqual(outcome, { error: 'ROTATION_INCOMPLETE' });
      return;
    }
    const pairs = await accepted({ model, world, rotation }, outcome);
    rotation.status = 'verified';
    rotation.receipts.add('verify');
    for (const { institution, from, to } of rotation.versions) {
      const delivered = new Set<string | undefined>((pairs.get(institution) ?? []).map(([old]) => old));
      for (const person of model.people.holdersOf(institution)) {
        const { root } = model.meaning(person, institution, from);
        const isThere = delivered.has(model.texts.text({ root, institution, version: from }));
        assert.equal(isThere, true, `a person is in the delivery for ${institution}/${to}`);
      }
    }
    completed(tally, rotation, 'verified');
  },
  switch: async ({ model, world, tally, rotation }, real) => {
    const folder = world.folderOf(rotation.id);
    const outcome = await outcomeOf(real.switch({ folder, graceMs: 0 }));
    if (wasDone(outcome, rotation, 'switch') || refusedFor(outcome, rotation, 'verified')) return;
    lend(model, rotation);
    await accepted({ model, world, rotation }, outcome);
    const expected = rotation.versions.flatMap(({ institution, from, to }) =>
      model.people.holdersOf(institution).map((person) => ({ person, institution, from, to })),
    );
    model.switch(rotation);
    rotation.receipts.add('switch');
    for (const { person, institution, from, to } of expected) {
      const before = model.texts.text(model.meaning(person, institution, from));
      const after = model.texts.text(model.meaning(person, institution, to));
      assert.ok(![before, after].includes(undefined), `${institution} has received both codes`);
    }
    completed(tally, rotation, 'switched');
  },
  retire: async ({ model, tally, rotation }, real) => {
    const eraser = { erase: async () => ({ rows: 1 }) };
    const isPeriod = rotation.kind === 'record-period';
    const outcome = await outcomeOf(real.retire({ batchRows: 3, ...(isPeriod ? { eraser } : {}) }));
    if (wasDone(outcome, rotation, 'retire') || refusedFor(outcome, rotation, 'switched')) return;
    if (isPeriod && model.nextGeneration !== undefined) {
      assert.deepEqual(outcome, { error: 'ROTATION_IN_PROGRESS' });
      return;
    }
    succeeded(outcome);
    rotation.receipts.add('retire');
    model.retire(rotation);
    completed(tally, rotation, 'retired');
  },
  destroy: async ({ model, world, tally, rotation }, real) => {
    const outcome = await outcomeOf(real.destroy({ destroyer: world.destroyer }));
    if (wasDone(outcome, rotation, 'destroy') || refusedFor(outcome, rotation, 'retired')) return;
    succeeded(outcome);
    rotation.receipts.add('destroy');
    model.destroy(rotation);
    completed(tally, rotation, 'destroyed');
  },
  pause: async ({ tally, rotation }, real) => {
    const outcome = await outcomeOf(real.pause());
    if (refusedFor(outcome, rotation, 'running', 'paused')) return;
    succeeded(outcome);
    rotation.status = 'paused';
    completed(tally, rotation, 'paused');
  },
  resume: async ({ tally, rotation }, real) => {
    const outcome = await outcomeOf(real.resume());
    if (refusedFor(outcome, rotation, 'running', 'paused')) return;
    succeeded(outcome);
    rotation.status = 'running';
    completed(tally, rotation, 'resumed');
  },
  abort: async ({ model, tally, rotation }, real) => {
    const outcome = await outcomeOf(real.abort());
    if (refusedFor(outcome, rotation, 'running', 'paused', 'verified', 'aborted')) return;
    succeeded(outcome);
    if (rotation.status === 'aborted') return;
    model.abort(rotation);
    completed(tally, rotation, 'aborted');
  },
};

/** True for a step that was done before: whoever asks again gets its receipt again. */
function wasDone(outcome: Outcome<SignedReceipt>, { receipts }: ModelRotation, step: string): boolean {
  if (receipts.has(step)) succeeded(outcome);
  return receipts.has(step);
}

/** True when a step was refused because of the status, as it had to be. */
function refusedFor(
  outcome: Outcome<unknown>,
  rotation: ModelRotation,
  ...statuses: readonly ModelRotation['status'][]
): boolean {
  if (statuses.includes(rotation.status)) return false;
  assert.deepEqual(outcome, { error: 'ROTATION_STATUS' });
  return true;
}

function succeeded(outcome: Outcome<unknown>): void {
  if ('error' in outcome) throw new Error(`the step failed: ${outcome.error}`);
}

function completed(tally: Tally, { kind, source }: ModelRotation, step: string): void {
  tally.completed(`${source === undefined ? kind : `${kind} from ${source}`} ${step}`);
}

/** Reads what a step delivered: old codes that were handed out, and new ones that are right from now on. */
async function accepted(
  { model, world, rotation }: Pick<TakenStep, 'model' | 'world' | 'rotation'>,
  outcome: Outcome<SignedReceipt>,
): Promise<ReadonlyMap<string, [string, string][]>> {
  if ('error' in outcome) throw new Error(`the step failed: ${outcome.error}`);
  const pairs = await world.delivered(rotation.id, outcome.value);
  for (const { institution, from, to } of rotation.versions) {
    for (const [old, successor] of pairs.get(institution) ?? []) {
      const meaning = model.texts.meaning(old);
      assertMatches(
        meaning,
        {
          institution,
          version: from,
        },
        `an old code that ${institution} never received`,
      );
      const root = nextRoot(model, rotation, meaning?.root as number);
      // Of whoever was deleted meanwhile it is not known any more what the new code is made from.
      if (root !== undefined) model.texts.see({ root, institution, version: to }, successor);
    }
  }
  return pairs;
}

/** What the new code of a person is made from. */
function nextRoot(model: ReferenceModel, { kind, source }: ModelRotation, root: number): number | undefined {
  if (kind !== 'generation' || source === 'store') return root;
  return model.people.rooted(model.generation, root)?.roots.get(model.generation + 1);
}

function isLacking(model: ReferenceModel, { source }: ModelRotation): boolean {
  if (source !== 'list') return false;
  return [...model.people.everybody].some((person) => !person.roots.has(model.generation + 1));
}

function lend(model: ReferenceModel, { source, storeKey }: ModelRotation): void {
  if (source !== 'list') return;
  const { generation } = model;
  model.people.lend(generation, (residents) => lowestStoreCode(residents, storeKey, generation));
}

/** The resident record codes of today: the last one of each person. */
function everybody(model: ReferenceModel): number[] {
  const known = [...model.people.everybody].flatMap((person) =>
    [...person.namesIn(model.generation)].slice(-1),
  );
  // A list holds others too, whom no institution has asked for.
  return [
    ...known,
    ...Array.from({ length: RESIDENTS }, (_, k) => k)
      .filter((k) => model.people.named(model.generation, k) === undefined)
      .slice(0, 2),
  ];
}
