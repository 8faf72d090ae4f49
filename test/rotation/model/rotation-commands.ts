import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { IssuanceStore, RotationRequest } from 'renkei';
import { command, institution, type ModelCommand, resident, site, type Tally } from './commands.js';
import { learnKeys, learnVersions } from './learn-keys.js';
import { type ModelRotation, OPEN, type ReferenceModel } from './reference-model.js';
import { nextStep, STEPS, type Step, take } from './rotation-steps.js';
import { outcomeOf } from './world.js';

/** Commands of rotations: begin, the step that comes next, and any step at any time. */

/** Kinds of rotations; of the generation's, where it comes from. */
export const ROTATION_KINDS = [
  'institution',
  'store',
  'generation from store',
  'generation from list',
  'record-period',
] as const;
type Kind = (typeof ROTATION_KINDS)[number];

export function* rotationCommands(tally: Tally): Generator<fc.Arbitrary<ModelCommand>> {
  // Named as often as it is to be chosen: many rotations are to come to their end.
  for (let k = 0; k < 2; k++) yield beginCommands(tally);
  for (let k = 0; k < 7; k++) yield nextCommands(tally);
  yield stepCommands(tally);
  yield receiveCommands(tally);
  yield partCommands(tally);
}

function beginCommands(tally: Tally): fc.Arbitrary<ModelCommand> {
  return fc.record({ kind: fc.constantFrom(...ROTATION_KINDS), institution, site }).map((details) =>
    command(tally, {
      name: 'begin',
      details,
      run: async (model, world) => {
        const { kind, institution } = details;
        const request = requestFor(kind, institution, model.period);
        if (kind === 'record-period') {
          const period = await outcomeOf(world.issuer(details.site).registerRecordPeriod(`${model.period}`));
          // Its codes would not be delivered by the change of generation that is under way.
          if ('error' in period) {
            assert.deepEqual(period, { error: 'ROTATION_IN_PROGRESS' });
            assert(model.rotations.some((one) => one.kind === 'generation' && OPEN.includes(one.status)));
            return;
          }
        }
        const storeKey = await activeStoreKey(world.store);
        const outcome = await outcomeOf(world.rotations(details.site).begin(request));
        if (kind === 'institution' && !model.institutions.has(institution)) {
          assert.deepEqual(outcome, { error: 'INSTITUTION_UNKNOWN' });
          return;
        }
        await learnKeys({ model, world });
        const subject = subjectOf(request);
        if (model.excludes(subject)) {
          assert.deepEqual(outcome, { error: 'ROTATION_CONFLICT' });
          return;
        }
        if ('error' in outcome) throw new Error(`beginning failed: ${outcome.error}`);
        assert.equal(outcome.value.id, model.rotations.length + 1);
        const open = (await outcome.value.progress()).parts > 0;
        const rotation: ModelRotation = {
          id: outcome.value.id,
          kind: request.kind,
          ...('source' in request ? { source: request.source } : {}),
          ...{ subject, storeKey, status: 'running', versions: [], receipts: new Set<string>(), open },
        };
        await learnVersions({ model, world }, rotation);
        // There is no part in a record period, whose codes stay, nor with a list where there is nobody to deliver to.
        const isForNobody = rotation.source === 'list' && rotation.versions.length === 0;
        assert(open || rotation.kind === 'record-period' || isForNobody);
        model.rotations.push(rotation);
        tally.completed(`${kind} begun`);
      },
    }),
  );
}

function requestFor(kind: Kind, institution: string, period: number): RotationRequest {
  switch (kind) {
    case 'institution':
      return { kind, institution };
    case 'store':
      return { kind };
    case 'record-period':
      // It ended so long ago that nothing has to be kept any more.
      return { kind, close: `${period}`, open: `${period + 1}`, endedAt: 0 };
    default:
      return { kind: 'generation', source: kind === 'generation from store' ? 'store' : 'list' };
  }
}

/** What the rotation excludes others of. */
function subjectOf(request: RotationRequest): string {
  if (request.kind === 'institution') return request.institution;
  return request.kind === 'record-period' ? `record/${request.close}` : '*';
}

/** What brings the n-th of the rotations that are under way on. */
function nextCommands(tally: Tally): fc.Arbitrary<ModelCommand> {
  return fc.record({ nth: fc.nat({ max: 7 }), site }).map((details) =>
    command(tally, {
      name: 'next step',
      details,
      check: (model) => underWay(model).length > 0,
      run: async (model, world) => {
        const rotations = underWay(model);
        const rotation = rotations[details.nth % rotations.length] as ModelRotation;
        await take(nextStep(model, rotation) as Step, { model, world, tally, rotation, site: details.site });
      },
    }),
  );
}

/** Any step of any rotation, whether it is the time or not. */
function stepCommands(tally: Tally): fc.Arbitrary<ModelCommand> {
  const step = fc.constantFrom(...STEPS);
  return fc.record({ step, nth: fc.nat({ max: 30 }), site }).map((details) =>
    command(tally, {
      name: details.step,
      details,
      check: (model) => model.rotations.length > 0,
      run: async (model, world) => {
        const rotation = model.rotations.at(-1 - (details.nth % model.rotations.length)) as ModelRotation;
        await take(details.step, { model, world, tally, rotation, site: details.site });
      },
    }),
  );
}

/** A part of a delivered list. */
function receiveCommands(tally: Tally): fc.Arbitrary<ModelCommand> {
  const residents = fc.uniqueArray(resident, { minLength: 1, maxLength: 5 });
  return fc.record({ residents, site }).map((details) =>
    command(tally, {
      name: 'receive some',
      details,
      check: (model) => model.nextGeneration?.source === 'list',
      run: async (model, world) => {
        const rotation = model.nextGeneration as ModelRotation;
        await take('receive', { model, world, tally, rotation, ...details });
      },
    }),
  );
}

/** A worker that gives up on the way. */
function partCommands(tally: Tally): fc.Arbitrary<ModelCommand> {
  return fc.record({ parts: fc.nat({ max: 3 }), site }).map((details) =>
    command(tally, {
      name: 'work some',
      details,
      check: (model) => model.rotations.some(({ status }) => status === 'running'),
      run: async (model, world) => {
        const rotation = model.rotations.find(({ status }) => status === 'running') as ModelRotation;
        await take('work', { model, world, tally, rotation, ...details });
      },
    }),
  );
}

async function activeStoreKey(store: IssuanceStore): Promise<string> {
  const keys = await store.listKeys();
  return keys.find(({ name, state }) => name.startsWith('store/') && state === 'active')?.name ?? '';
}

function underWay(model: ReferenceModel): ModelRotation[] {
  return model.rotations.filter((rotation) => nextStep(model, rotation) !== undefined);
}
