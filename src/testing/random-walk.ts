import assert from 'node:assert/strict';
import {
  institutionAudience,
  type KeyName,
  linkKey,
  recordAudience,
  storeAudience,
} from '../codes/key-names.js';
import type { IssuanceStore, PersonPage } from '../stores/port.js';
import { heldOf, hexRows, outcomeOf, ownCodes } from './answers.js';
import { contentOf } from './content.js';
import { ModelStore } from './model-store.js';
import { ROTATION_QUESTIONS, ROTATIONS_BUT_OF_THE_STORE_KEY } from './rotation-questions.js';
import { A, B, batchOf, changeOf, keyRecord, registerInstitutions, UNKNOWN } from './samples.js';
import type { Seeded } from './seeded.js';
import {
  eitherCodes,
  epochOrNone,
  MOST,
  PEOPLE,
  pageRequest,
  people,
  type Question,
  successorsOrNone,
} from './walk-draws.js';

const INSTITUTIONS = [A, B, UNKNOWN];
/** The last comes before the second as a text. */
const VERSIONS = [1, 2, 10];
const NAMES: readonly KeyName[] = [
  linkKey(1),
  linkKey(2),
  storeAudience(1),
  recordAudience('2026'),
  institutionAudience(A, 2),
  institutionAudience(B, 2),
  institutionAudience(UNKNOWN, 1),
];
const BEGINNINGS = [
  [keyRecord(linkKey(1), 'aa'), keyRecord(storeAudience(1), 'ab')],
  [keyRecord(linkKey(1), 'aa'), keyRecord(linkKey(2), 'ac'), keyRecord(storeAudience(1), 'ab')],
] as const;
/** About midnight in Japan. */
const MOMENTS = [-1, 0, 1, 86_400_000].map((moment) => Date.UTC(2026, 2, 31, 15) + moment);

/** What may be asked. Each draws its own particulars. */
const QUESTIONS: Readonly<Record<string, (draw: Seeded) => Question>> = {
  begin: (draw) => {
    const records = draw.pick(BEGINNINGS);
    return (target) => target.begin(records);
  },
  registerKey: (draw) => {
    const record = keyRecord(draw.pick(NAMES), draw.pick(['aa', 'ab', 'ac', 'ad', 'ae', 'af', 'a0', 'a1']));
    return (target) => target.registerKey(record);
  },
  listKeys: () => (target) => target.listKeys(),
  issue: (draw) => {
    const numbers = draw.some(PEOPLE, MOST);
    const batch = batchOf(draw.pick(INSTITUTIONS), eitherCodes(draw, numbers), {
      keyVersion: draw.pick(VERSIONS),
      generation: 1 + draw.below(3),
      issuedAt: draw.pick(MOMENTS),
      ...successorsOrNone(draw, numbers),
    });
    const epoch = epochOrNone(draw);
    return async (target) => heldOf(await target.issue(batch, await epoch(target)));
  },
  lookUp: (draw) => {
    const [institution, codes] = [draw.pick(INSTITUTIONS), people(draw)];
    const epoch = epochOrNone(draw);
    return async (target) => heldOf(await target.lookUp(institution, codes, await epoch(target)));
  },
  details: (draw) => {
    const [institution, codes] = [draw.pick(INSTITUTIONS), people(draw)];
    return (target) => target.details(institution, codes);
  },
  holders: (draw) => {
    const codes = people(draw);
    return (target) => target.holders(codes);
  },
  change: (draw) => {
    const oldNumbers = draw.some(PEOPLE, 4);
    const newNumbers = oldNumbers.map(() => draw.pick(PEOPLE));
    const batch = changeOf([], {
      generation: 1 + draw.below(3),
      oldCodes: eitherCodes(draw, oldNumbers),
      newCodes: eitherCodes(draw, newNumbers),
      ...successorsOrNone(draw, newNumbers),
    });
    return (target) => target.change(batch);
  },
  remove: (draw) => {
    const codes = eitherCodes(draw, draw.some(PEOPLE, 2));
    return (target) => target.remove(codes);
  },
  persons: (draw) => {
    const page = pageRequest(draw);
    return async (target) => plainPersons(await target.persons(page));
  },
  issuances: (draw) => {
    const [institution, page] = [draw.pick(INSTITUTIONS), pageRequest(draw)];
    return async (target) => {
      const { storeCodes: codes, keyVersions } = await target.issuances(institution, page);
      return { codes: hexRows(codes), keyVersions: [...keyVersions] };
    };
  },
  statistics: () => (target) => target.statistics(),
  check: () => async (target) => {
    const found = (await target.check()).map(({ invariant, rows }) => `${invariant}: ${rows}`);
    return found.sort();
  },
  count: () => (target) => target.count(),
  ...ROTATION_QUESTIONS,
};
const CALLS = Object.keys(QUESTIONS);
/** What writes is asked more often, and issuance most. */
const ASKED = [
  ...CALLS,
  ...['issue', 'issue', 'issue', 'issue', 'change', 'change', 'remove', 'lookUp', 'lookUp'],
  ...['beginRotation', 'beginRotation', 'succeed', 'succeed', 'finishPart', 'finishPart'],
  ...['settle', 'settle', 'settle', 'moveRows', 'discardSuccessors'],
  ...Array<string>(8).fill('moveRotation'),
];

/** Asks a store and the model the same questions, one after the other, and holds their answers against each other. */
export async function walkAtRandom(
  store: IssuanceStore,
  draw: Seeded,
  steps: number,
  rotatesStoreKey: boolean,
): Promise<void> {
  const questions = rotatesStoreKey ? QUESTIONS : { ...QUESTIONS, ...ROTATIONS_BUT_OF_THE_STORE_KEY };
  const model = new ModelStore();
  await registerInstitutions(model, A, B);
  for (let step = 0; step < steps; step++) {
    const call = draw.pick(ASKED);
    const question = (questions[call] as (draw: Seeded) => Question)(draw);
    const [told, expected] = [await outcomeOf(question(store)), await outcomeOf(question(model))];
    assert.deepEqual(told, expected, `step ${step}: ${call} answers as the model does`);
  }
  assert.deepEqual(await contentOf(store, 3), await contentOf(model));
}

function plainPersons({ storeCodes: codes, generations, canonical }: PersonPage) {
  return { codes: hexRows(codes), generations: [...generations], own: ownCodes(canonical) };
}
