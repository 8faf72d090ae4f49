import assert from 'node:assert/strict';
import type { IssuanceStore } from '../../stores/port.js';
import type { NewRotation } from '../../stores/rotation-port.js';
import { heldOf, hex, versionsOf } from '../answers.js';
import { assertSound, assertUnchanged, contentOf } from '../content.js';
import { type CaseBody, storeKeyCasesOf } from '../contract-case.js';
import { begun, GENERATION_ROTATION, go, pairsOf, STORE_ROTATION } from '../rotation-samples.js';
import { A, B, BEGINNING, batchOf, changeOf, range, storeCode, storeCodes } from '../samples.js';

const code = (number: number) => hex(storeCode(number));
const PEOPLE = range(1, 9);

/** Nine persons with codes of both institutions; person 1 has the alias 11. All but the alias have a successor. */
async function retiring(store: IssuanceStore, rotation = GENERATION_ROTATION): Promise<number> {
  await store.begin(BEGINNING);
  await store.issue(batchOf(A, storeCodes(...PEOPLE), { issuedAt: 3_000 }));
  await store.issue(batchOf(B, storeCodes(...PEOPLE)));
  await store.change(changeOf([[1, 11]]));
  const id = await begun(store, { ...rotation, parts: 0 });
  await store.succeed(pairsOf(...PEOPLE.map((person) => [person, person + 100] as const)));
  await go(store, id, 'running', 'verified', 'switched', 'retiring');
  return id;
}

async function moveAll(store: IssuanceStore, limit: number): Promise<number> {
  let all = 0;
  for (;;) {
    const moved = await store.moveRows(limit);
    if (moved === 0) return all;
    all += moved;
  }
}

/**
 * Person 1 has an alias with a successor, one without, and one that came after the switch, which stays. So does
 * person 2, who has no successor, in all.
 */
function aliasesIn(rotation: NewRotation): CaseBody {
  const { generation } = rotation.successor as NonNullable<NewRotation['successor']>;
  return async (store) => {
    await store.begin(BEGINNING);
    await store.issue(batchOf(A, storeCodes(1, 2)));
    const before = [
      [1, 11],
      [1, 21],
      [2, 12],
    ] as const;
    await store.change(changeOf(before));
    const id = await begun(store, rotation);
    await store.succeed(pairsOf([1, 101], [11, 111]));
    await go(store, id, 'running', 'verified', 'switched');
    const after = [
      [101, 31],
      [1, 41],
      [2, 32],
    ] as const;
    assert.deepEqual(await store.change(changeOf(after, { generation })), [
      'inserted',
      'inserted',
      'inserted',
    ]);
    await go(store, id, 'switched', 'retiring');
    assert.equal(await moveAll(store, 1), 2);
    const { persons } = await assertSound(store);
    const moved = [101, 111, 31, 41].map((number) => ({ code: code(number), generation, own: code(101) }));
    const left = [2, 12, 32].map((number) => ({
      code: code(number),
      generation: number === 32 ? generation : 1,
      own: code(2),
    }));
    assert.deepEqual(
      persons,
      [...moved, ...left].sort((a, b) => (a.code < b.code ? -1 : 1)),
    );
    await go(store, id, 'retiring', 'retired');
    assert.deepEqual(await versionsOf(store.lookUp(A, storeCodes(21, 31, 41))), [0, 1, 1]);
  };
}

export const movingRowsCases = storeKeyCasesOf('moving rows', {
  'moves nothing but while a rotation is retiring': async (store) => {
    await store.issue(batchOf(A, storeCodes(1)));
    assert.equal(await store.moveRows(10), 0);
    const id = await begun(store, { ...STORE_ROTATION, parts: 0 });
    await store.succeed(pairsOf([1, 101]));
    await assertUnchanged(store, async () => assert.equal(await store.moveRows(10), 0));
    await go(store, id, 'running', 'verified', 'switched');
    await assertUnchanged(store, async () => assert.equal(await store.moveRows(10), 0));
    await go(store, id, 'switched', 'retiring');
    assert.equal(await store.moveRows(10), 1);
  },

  'puts rows under their successors, with the new generation and all that was issued': async (store) => {
    const id = await retiring(store);
    assert.equal(await moveAll(store, 4), 9);
    const { persons, issuances, successors } = await assertSound(store);
    const moved = PEOPLE.map((person) => code(person + 100)).sort();
    assert.deepEqual(
      persons,
      moved.map((own) => ({ code: own, generation: 2, own })),
    );
    assert.deepEqual(
      issuances.filter(({ institution }) => institution === A).map((row) => row.code),
      moved,
    );
    assert.deepEqual(successors, []);
    const details = await store.details(A, storeCodes(101, 1, 11));
    assert.deepEqual(details, [{ keyVersion: 1, generation: 2, issuedAt: 3_000 }, undefined, undefined]);
    await go(store, id, 'retiring', 'retired', 'destroyed');
    assert.deepEqual(await versionsOf(store.lookUp(B, storeCodes(101, 109, 1))), [1, 1, 0]);
  },

  'moves no more people than wanted, and answers in between as before and after': async (store) => {
    await retiring(store);
    for (let left = 9; left > 0; ) {
      assert.equal(await store.moveRows(2), Math.min(left, 2));
      left = Math.max(0, left - 2);
      const { persons, successors } = await assertSound(store);
      assert.equal(successors.length, left);
      const given = PEOPLE.map((person) => person + 100);
      const held = heldOf(await store.lookUp(A, storeCodes(...given)));
      assert.deepEqual(held, { versions: given.map(() => 1), canonical: [], aliases: [] });
      const old = await versionsOf(store.lookUp(A, storeCodes(...PEOPLE)));
      assert.equal(old.filter((version) => version === 1).length, left);
      assert.equal(persons.filter(({ code: row, own }) => row === own).length, 9);
    }
    assert.equal(await store.moveRows(2), 0);
  },

  'moves aliases with their person in a rotation of the generation, and knows old from new':
    aliasesIn(GENERATION_ROTATION),

  'moves aliases with their person in a rotation of the store key, and knows old from new': aliasesIn({
    ...STORE_ROTATION,
    parts: 0,
  }),

  'leaves people alone who came after the switch': async (store) => {
    const id = await begun(store, { ...STORE_ROTATION, parts: 0 });
    await go(store, id, 'running', 'verified', 'switched');
    await store.issue(batchOf(A, storeCodes(101)));
    await store.change(changeOf([[101, 111]]));
    await go(store, id, 'switched', 'retiring');
    await assertUnchanged(store, async () => assert.equal(await store.moveRows(10), 0));
  },

  'removes a person under either key, moved or not': async (store) => {
    await retiring(store);
    const all = async () => (await contentOf(store)).persons.length;
    assert.equal((await store.remove(storeCodes(2)))[0]?.issuances.length, 2);
    assert.equal((await store.remove(storeCodes(103)))[0]?.issuances.length, 2);
    assert.equal((await store.remove(storeCodes(101)))[0]?.storeCodes, 2);
    assert.equal(await moveAll(store, 3), 6);
    assert.equal(await all(), 6);
    assert.equal((await store.remove(storeCodes(104)))[0]?.issuances.length, 2);
    assert.equal((await store.remove(storeCodes(5)))[0]?.storeCodes, 0);
    assert.equal(await all(), 5);
    await assertSound(store);
  },

  'stays sound when rows are moved, read and written at once': async (store) => {
    await retiring(store, STORE_ROTATION);
    const moving = moveAll(store, 1);
    const asked = range(0, 12).map(async (k) => {
      const person = PEOPLE[k % 9] as number;
      assert.deepEqual(await versionsOf(store.lookUp(A, storeCodes(person + 100))), [1]);
      assert.deepEqual(await versionsOf(store.issue(batchOf(B, storeCodes(person + 100)))), [1]);
    });
    await Promise.all([moving, ...asked]);
    const { persons } = await assertSound(store);
    assert.equal(persons.filter(({ code: row, own }) => row === own).length, 9);
  },
});
