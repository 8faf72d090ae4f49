import assert from 'node:assert/strict';
import type { IssuanceStore } from '../../stores/port.js';
import { heldOf, hex, hexRows, refused, versionsOf } from '../answers.js';
import { assertSound, assertUnchanged, contentOf } from '../content.js';
import { storeKeyCasesOf } from '../contract-case.js';
import {
  begun,
  GENERATION_ROTATION,
  go,
  pairsOf,
  STORE_ROTATION,
  successorsOf,
} from '../rotation-samples.js';
import { A, B, BEGINNING, batchOf, changeOf, range, storeCode, storeCodes } from '../samples.js';

const code = (number: number) => hex(storeCode(number));
/** Of persons 1 and 2; 12 is an alias of 2. Each has under the new store key a number that is 100 higher. */
async function withSuccessors(store: IssuanceStore): Promise<number> {
  await store.begin(BEGINNING);
  await store.issue(batchOf(A, storeCodes(1, 2)));
  await store.change(changeOf([[2, 12]]));
  const id = await begun(store, { ...STORE_ROTATION, parts: 0 });
  const pairs = pairsOf([1, 101], [2, 102], [12, 112]);
  assert.deepEqual(await store.succeed(pairs), ['inserted', 'inserted', 'inserted']);
  return id;
}

export const successionCases = storeKeyCasesOf('succession of store codes', {
  'records successors of own codes and aliases, beside the rows': async (store) => {
    await withSuccessors(store);
    const { newCodes, missing } = await store.successors(storeCodes(2, 7, 1, 12, 101));
    assert.deepEqual(hexRows(newCodes), [code(102), '0'.repeat(48), code(101), code(112), '0'.repeat(48)]);
    assert.deepEqual(missing, [1, 4]);
    const { persons } = await assertSound(store);
    assert.deepEqual(persons.map((row) => row.code).sort(), [1, 2, 12].map(code).sort());
  },

  'records nothing of codes that it does not know, and repeats safely': async (store) => {
    await withSuccessors(store);
    await assertUnchanged(store, async () => {
      const pairs = pairsOf([7, 107], [1, 101], [101, 201]);
      assert.deepEqual(await store.succeed(pairs), ['existed', 'existed', 'existed']);
    });
    assert.deepEqual((await store.successors(storeCodes(7))).missing, [0]);
  },

  "refuses another successor, another code's, and a code on record, and serves the pairs around": async (
    store,
  ) => {
    await withSuccessors(store);
    await store.issue(batchOf(A, storeCodes(3, 4)));
    const outcomes = await store.succeed(pairsOf([1, 201], [3, 101], [3, 4], [3, 3], [4, 104], [3, 104]));
    assert.deepEqual(outcomes, ['conflict', 'conflict', 'conflict', 'conflict', 'inserted', 'conflict']);
    const { newCodes } = await store.successors(storeCodes(1, 3, 4));
    assert.deepEqual(hexRows(newCodes), [code(101), '0'.repeat(48), code(104)]);
  },

  'is refused where no rotation before its switch leads to another store key': async (store) => {
    await store.issue(batchOf(A, storeCodes(1)));
    await refused(store.succeed(pairsOf([1, 101])), 'OPTION_INVALID');
    const id = await begun(store, { ...STORE_ROTATION, parts: 0 });
    await store.succeed(pairsOf([1, 101]));
    await go(store, id, 'running', 'paused');
    assert.deepEqual(await store.succeed(pairsOf([1, 101])), ['existed']);
    await go(store, id, 'paused', 'running', 'verified');
    assert.deepEqual(await store.succeed(pairsOf([1, 101])), ['existed']);
    await go(store, id, 'verified', 'switched');
    await refused(store.succeed(pairsOf([1, 101])), 'OPTION_INVALID');
    assert.deepEqual(await store.succeed(pairsOf()), []);
  },

  'lets every call take a code under either key, and answers the one under the old before the switch': async (
    store,
  ) => {
    await withSuccessors(store);
    const given = storeCodes(1, 101, 2, 102, 12, 112, 7);
    const canonical = [1, 1, 2, 2, 2, 2].map((own, row) => [row, code(own)]);
    const expected = {
      versions: [1, 1, 1, 1, 1, 1, 0],
      canonical: canonical.filter((_, row) => row !== 0 && row !== 2),
      aliases: [4, 5],
    };
    assert.deepEqual(heldOf(await store.lookUp(A, given)), expected);
    assert.deepEqual(heldOf(await store.issue(batchOf(A, given.slice(0, -24)))), {
      ...expected,
      versions: [1, 1, 1, 1, 1, 1],
    });
    const details = await store.details(A, given);
    assert.deepEqual(
      details.map((row) => row?.keyVersion),
      [1, 1, 1, 1, 1, 1, undefined],
    );
    assert.deepEqual(await store.holders(given), [[A], [A], [A], [A], [A], [A], []]);
  },

  'answers codes under the new key from the switch on': async (store) => {
    const id = await withSuccessors(store);
    await go(store, id, 'running', 'verified', 'switched');
    const given = storeCodes(1, 101, 2, 102, 12, 112);
    for (const status of ['switched', 'retiring'] as const) {
      if (status === 'retiring') await go(store, id, 'switched', 'retiring');
      assert.deepEqual(heldOf(await store.lookUp(A, given)), {
        versions: [1, 1, 1, 1, 1, 1],
        canonical: [
          [0, code(101)],
          [2, code(102)],
          [4, code(102)],
          [5, code(102)],
        ],
        aliases: [4, 5],
      });
      assert.deepEqual(await store.holders(given), [[A], [A], [A], [A], [A], [A]]);
      assert.deepEqual(
        (await contentOf(store)).issuances.map((row) => row.code).sort(),
        [code(1), code(2)].sort(),
      );
    }
  },

  'knows a person whose successor is not recorded by the code that is': async (store) => {
    const id = await withSuccessors(store);
    await store.issue(batchOf(A, storeCodes(3)));
    await store.settle((await store.noted(10)).map(({ note }) => note));
    await go(store, id, 'running', 'verified', 'switched');
    const expected = { versions: [1, 0], canonical: [], aliases: [] };
    assert.deepEqual(heldOf(await store.lookUp(A, storeCodes(3, 103))), expected);
  },

  'issues to a person under either key as to the same': async (store) => {
    const id = await withSuccessors(store);
    assert.deepEqual(await versionsOf(store.issue(batchOf(B, storeCodes(101, 1)))), [0, 1]);
    await go(store, id, 'running', 'verified', 'switched');
    const held = await store.issue(batchOf(B, storeCodes(112, 102, 2, 12)));
    assert.deepEqual(held.versions, Uint8Array.from([0, 1, 1, 1]));
    assert.deepEqual(await store.issue(batchOf(A, storeCodes(105))).then(heldOf), {
      versions: [0],
      canonical: [],
      aliases: [],
    });
    const { persons, issuances } = await assertSound(store);
    assert.deepEqual(persons.map((row) => row.code).sort(), [1, 2, 12, 105].map(code).sort());
    assert.equal(issuances.length, 5);
  },

  'changes a code under either key': async (store) => {
    const id = await withSuccessors(store);
    const before = changeOf([
      [101, 11],
      [1, 102],
      [112, 12],
      [12, 102],
    ]);
    assert.deepEqual(await store.change(before), ['inserted', 'conflict', 'existed', 'existed']);
    await store.settle((await store.noted(10)).map(({ note }) => note));
    await go(store, id, 'running', 'verified', 'switched');
    const after = changeOf([
      [102, 122],
      [1, 112],
      [2, 102],
    ]);
    assert.deepEqual(await store.change(after), ['inserted', 'conflict', 'existed']);
    const { persons } = await assertSound(store);
    const owns = persons.map(({ code: alias, own }) => `${alias} ${own}`).sort();
    const expected = [
      [1, 1],
      [11, 1],
      [2, 2],
      [12, 2],
      [122, 2],
    ];
    assert.deepEqual(
      owns,
      expected.map(([alias, own]) => `${code(alias as number)} ${code(own as number)}`).sort(),
    );
  },

  'takes the successors that come with a batch': async (store) => {
    await begun(store, GENERATION_ROTATION);
    await store.issue(batchOf(A, storeCodes(1, 2), { successors: successorsOf(101, 102) }));
    await store.change(changeOf([[1, 3]], { successors: successorsOf(103) }));
    await store.issue(batchOf(B, storeCodes(2, 1), { successors: successorsOf(202, 101) }));
    const other = { ...successorsOf(105), storeKeyVersion: 3 };
    await store.issue(batchOf(A, storeCodes(5), { successors: other }));
    const { newCodes, missing } = await store.successors(storeCodes(1, 2, 3, 5));
    assert.deepEqual(hexRows(newCodes).slice(0, 3), [code(101), code(102), code(103)]);
    assert.deepEqual(missing, [3]);
    assert.deepEqual(await versionsOf(store.lookUp(A, storeCodes(101, 102, 103))), [1, 1, 1]);
  },

  'takes no successor that is a code of the batch itself': async (store) => {
    await begun(store, GENERATION_ROTATION);
    await store.issue(batchOf(A, storeCodes(1, 101, 2), { successors: successorsOf(101, 201, 2) }));
    const { newCodes, missing } = await store.successors(storeCodes(1, 101, 2));
    assert.deepEqual([hexRows(newCodes)[1], missing], [code(201), [0, 2]]);
    const people = (await store.noted(10)).filter(({ institution }) => institution === undefined);
    assert.deepEqual(people.map(({ storeCode: noted }) => hex(noted)).sort(), [code(1), code(2)].sort());
    assert.deepEqual(await versionsOf(store.lookUp(A, storeCodes(1, 101, 2))), [1, 1, 1]);
  },

  'takes no successors of a pair that is a conflict, or without a rotation': async (store) => {
    await store.issue(batchOf(A, storeCodes(1, 2), { successors: successorsOf(101, 102) }));
    assert.deepEqual((await store.successors(storeCodes(1, 2))).missing, [0, 1]);
    await begun(store, GENERATION_ROTATION);
    const conflict = changeOf([[1, 2]], { successors: successorsOf(102) });
    assert.deepEqual(await store.change(conflict), ['conflict']);
    assert.deepEqual((await store.successors(storeCodes(1, 2))).missing, [0, 1]);
    const again = changeOf([[2, 2]], { successors: successorsOf(102) });
    assert.deepEqual(await store.change(again), ['existed']);
    assert.deepEqual((await store.successors(storeCodes(1, 2))).missing, [0]);
  },

  'removes a person by any code under either key, and forgets the successors': async (store) => {
    for (const [k, given] of [1, 101, 2, 102, 12, 112].entries()) {
      const id = await withSuccessors(store);
      const [removed] = await store.remove(storeCodes(given));
      assert.equal(removed?.storeCodes, given % 100 === 1 ? 1 : 2);
      assert.equal(removed?.issuances.length, 1);
      const gone = given % 100 === 1 ? [1, 101] : [2, 102, 12, 112];
      assert.deepEqual(
        await versionsOf(store.lookUp(A, storeCodes(...gone))),
        gone.map(() => 0),
      );
      assert.equal((await store.successors(storeCodes(...gone))).missing.length, gone.length);
      await assertSound(store);
      await go(store, id, 'running', 'aborting');
      assert.equal(await store.discardSuccessors(10), gone.length === 2 ? 2 : 1, `case ${k}`);
      await go(store, id, 'aborting', 'aborted');
      await store.remove(storeCodes(1, 2));
    }
  },

  'lists the own codes that have no successor, page by page': async (store) => {
    await withSuccessors(store);
    await store.issue(batchOf(A, storeCodes(...range(20, 7))));
    await store.change(changeOf([[20, 30]]));
    await store.succeed(pairsOf([30, 130], [21, 121]));
    const expected = [20, 22, 23, 24, 25, 26].map(code).sort();
    const listed: string[] = [];
    for (let after: Uint8Array | undefined; ; ) {
      const page = await store.withoutSuccessor({ limit: 4, ...(after === undefined ? {} : { after }) });
      listed.push(...hexRows(page));
      if (page.length < 4 * 24) break;
      after = page.slice(-24);
    }
    assert.deepEqual(listed, expected);
  },

  'lends the successor of an alias to an own code that has none': async (store) => {
    assert.equal(await store.lendSuccessors(), 0);
    await withSuccessors(store);
    await store.issue(batchOf(A, storeCodes(3, 4)));
    await store.change(
      changeOf([
        [3, 13],
        [3, 23],
      ]),
    );
    await store.succeed(pairsOf([13, 113], [23, 123]));
    assert.equal(await store.lendSuccessors(), 1);
    const [lent, left] = code(13) < code(23) ? [113, 23] : [123, 13];
    const { newCodes, missing } = await store.successors(storeCodes(3, left as number, 4, 2, 12));
    const kept = code((left as number) + 100);
    assert.deepEqual(hexRows(newCodes), [code(lent as number), kept, '0'.repeat(48), code(102), code(112)]);
    assert.deepEqual(missing, [2]);
    assert.equal(await store.lendSuccessors(), 0);
    const held = heldOf(await store.lookUp(A, storeCodes(lent as number, left as number)));
    assert.deepEqual(held, {
      versions: [1, 1],
      canonical: [
        [0, code(3)],
        [1, code(3)],
      ],
      aliases: [1],
    });
  },

  'forgets successors when the rotation is aborted, some at a time, as if they had never been': async (
    store,
  ) => {
    const id = await withSuccessors(store);
    assert.equal(await store.discardSuccessors(10), 0);
    await go(store, id, 'running', 'aborting');
    assert.deepEqual(await versionsOf(store.lookUp(A, storeCodes(101))), [1]);
    assert.equal(await store.discardSuccessors(2), 2);
    assert.equal(await store.discardSuccessors(2), 1);
    assert.equal(await store.discardSuccessors(2), 0);
    await go(store, id, 'aborting', 'aborted');
    assert.deepEqual(
      await versionsOf(store.lookUp(A, storeCodes(1, 2, 12, 101, 102, 112))),
      [1, 1, 1, 0, 0, 0],
    );
    assert.equal((await store.successors(storeCodes(1, 2, 12))).missing.length, 3);
    await assertSound(store);
  },
});
