import { recordAudience } from '../codes/key-names.js';
import type { KeyState } from '../stores/port.js';
import type { KeyTransition, NewRotation, RotationStatus } from '../stores/rotation-port.js';
import { hex, hexRows } from './answers.js';
import { notesOf } from './content.js';
import type { StoreCalls } from './model-store.js';
import {
  claimOf,
  GENERATION_ROTATION,
  moveOf,
  pairsOf,
  rotationOf,
  STORE_ROTATION,
} from './rotation-samples.js';
import { A, B } from './samples.js';
import type { Seeded } from './seeded.js';
import { nextOf, PEOPLE, pageRequest, people, type Question } from './walk-draws.js';

const ROTATIONS: readonly NewRotation[] = [
  rotationOf(A),
  rotationOf(B, { parts: 2, notes: [A, B] }),
  { ...rotationOf(A), kind: 'record-period', subject: recordAudience('2026'), notes: [] },
  STORE_ROTATION,
  { ...STORE_ROTATION, parts: 0, notes: 'everything' },
  ...Array<NewRotation>(5).fill(GENERATION_ROTATION),
];
/** Where a rotation goes most often; each may go on. */
const WAYS: Readonly<Record<RotationStatus, readonly RotationStatus[]>> = {
  running: [...Array<'verified'>(8).fill('verified'), 'paused', 'aborting'],
  paused: [...Array<'running'>(8).fill('running'), 'aborting'],
  verified: [...Array<'switched'>(10).fill('switched'), 'running', 'aborting'],
  switched: ['retiring'],
  retiring: ['retired'],
  retired: ['destroyed'],
  destroyed: ['destroyed'],
  aborting: ['aborted'],
  aborted: ['aborted'],
};
const NEXT_STATES: Readonly<Record<KeyState, readonly KeyState[]>> = {
  'pre-active': ['active', 'accepting', 'destroyed'],
  active: ['accepting'],
  accepting: ['retired'],
  retired: ['destroyed'],
  destroyed: [],
};
const NOTEBOOKS = [undefined, undefined, '', 'one', 'two'];
const ALL = 1_000;

/**
 * Questions about rotations. They look at where the target is to draw moves that are mostly legal; a target that is
 * elsewhere than the model has given itself away.
 */
export const ROTATION_QUESTIONS: Readonly<Record<string, (draw: Seeded) => Question>> = {
  outlook: () => (target) => target.outlook(),
  hold: (draw) => {
    const until = draw.pick([0, 9_000, 10_000]);
    return (target) => target.hold(until);
  },
  beginRotation: beginOneOf(ROTATIONS),
  rotations: () => (target) => target.rotations(),
  moveRotation: (draw) => {
    const [which, way, key, state] = [draw.below(4), draw.below(60), draw.below(60), draw.below(60)];
    const [at, notebook] = [7_000 + draw.below(3), draw.pick(NOTEBOOKS)];
    return async (target) => {
      const id = await rotationAt(target, which);
      const status = (await target.rotations()).find((one) => one.id === id)?.status ?? 'running';
      const to = WAYS[status][way % WAYS[status].length] as RotationStatus;
      const from = way === 59 ? 'paused' : status;
      const legal = WAYS[from].includes(to) ? to : from;
      const keys = from === legal ? [] : await transitionAt(target, key, state);
      const changes = { at, keys, ...(notebook === undefined ? {} : { notebook }) };
      return [id, from, legal, await target.moveRotation(moveOf(id, from, legal, changes))];
    };
  },
  claimPart: (draw) => {
    const [which, worker, now] = [draw.below(4), draw.pick(['one', 'two']), 6_000 + 500 * draw.below(4)];
    return async (target) => target.claimPart(claimOf(await rotationAt(target, which), { worker, now }));
  },
  finishPart: (draw) => {
    const [which, part, report] = [draw.below(4), draw.below(8), draw.pick(['', 'done'])];
    return async (target) => {
      const id = await rotationAt(target, which);
      const open = (await target.parts(id)).find((one) => one.report === undefined);
      return target.finishPart(id, part < 3 ? part : (open?.part ?? 0), report);
    };
  },
  parts: (draw) => {
    const which = draw.below(4);
    return async (target) => target.parts(await rotationAt(target, which));
  },
  noted: (draw) => {
    const institution = draw.pick([undefined, A, B]);
    return async (target) => {
      const noted = await target.noted(ALL, institution);
      return noted.map(({ storeCode, institution: whose }) => `${whose ?? '-'} ${hex(storeCode)}`).sort();
    };
  },
  settle: (draw) => {
    const institution = draw.pick([undefined, A]);
    return async (target) => {
      const noted = await target.noted(ALL, institution);
      await target.settle(noted.map(({ note }) => note));
      return notesOf(target);
    };
  },
  succeed: (draw) => {
    const numbers = draw.below(3) === 0 ? [...PEOPLE] : draw.some(PEOPLE, 5);
    const pairs = pairsOf(
      ...numbers.map((n) => [n, nextOf(draw.below(20) === 0 ? draw.pick(PEOPLE) : n)] as const),
    );
    return (target) => target.succeed(pairs);
  },
  successors: (draw) => {
    const codes = people(draw);
    return async (target) => {
      const { newCodes, missing } = await target.successors(codes);
      return { newCodes: hexRows(newCodes), missing };
    };
  },
  withoutSuccessor: (draw) => {
    const page = pageRequest(draw);
    return async (target) => hexRows(await target.withoutSuccessor(page));
  },
  lendSuccessors: () => (target) => target.lendSuccessors(),
  moveRows: () => (target) => target.moveRows(ALL),
  discardSuccessors: () => (target) => target.discardSuccessors(ALL),
};

/** In place of the questions above, for a store that does not rotate its own key. */
export const ROTATIONS_BUT_OF_THE_STORE_KEY: typeof ROTATION_QUESTIONS = {
  beginRotation: beginOneOf([
    ...ROTATIONS.filter(({ successor }) => successor === undefined),
    rotationOf(A, { subject: '*', notes: 'everything' }),
  ]),
};

function beginOneOf(rotations: readonly NewRotation[]): (draw: Seeded) => Question {
  return (draw) => {
    const rotation = draw.pick(rotations);
    return (target) => target.beginRotation(rotation);
  };
}

/** The last rotation, mostly, or the one before. */
async function rotationAt(target: StoreCalls, drawn: number): Promise<number> {
  const { length } = await target.rotations();
  return Math.max(1, drawn === 0 ? length - 1 : length);
}

/** A legal change of a key's state, or none. */
async function transitionAt(target: StoreCalls, key: number, state: number): Promise<KeyTransition[]> {
  if (key >= 20) return [];
  const keys = await target.listKeys();
  const one = keys[key % keys.length];
  const states = one === undefined ? [] : NEXT_STATES[one.state];
  const to = states[state % Math.max(1, states.length)];
  return one === undefined || to === undefined ? [] : [{ name: one.name, from: one.state, to }];
}
