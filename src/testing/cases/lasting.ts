import assert from 'node:assert/strict';
import { heldOf, hex, refused, versionsOf } from '../answers.js';
import { assertSound, contentOf } from '../content.js';
import { casesOf, storeKeyCasesOf } from '../contract-case.js';
import { begun, claimOf, go, moveOf, pairsOf, rotationOf, STORE_ROTATION } from '../rotation-samples.js';
import { A, B, BEGINNING, batchOf, changeOf, range, storeCode, storeCodes } from '../samples.js';
import { assertEachInsertedOnce, overlapping } from './overlapping.js';

/** What a store that outlives its process keeps to besides, for it may be open in several at once. */
export const lastingCases = [
  ...casesOf('opened again, or twice at once', {
    'keeps everything over closing and opening': async (first, openAgain) => {
      await first.begin(BEGINNING);
      await first.issue(batchOf(A, storeCodes(1, 2), { keyVersion: 3 }));
      await first.issue(batchOf(B, storeCodes(2, 4), { issuedAt: 7_000, generation: 2 }));
      await first.change(changeOf([[2, 5]]));
      await first.remove(storeCodes(4));
      const [content, statistics] = [await contentOf(first), await first.statistics()];
      const details = await first.details(B, storeCodes(5));
      await first.close();
      const second = await openAgain();
      assert.deepEqual([await contentOf(second), await second.statistics()], [content, statistics]);
      assert.deepEqual(await second.details(B, storeCodes(5)), details);
      assert.deepEqual(await versionsOf(second.lookUp(A, storeCodes(1, 2, 3))), [3, 3, 0]);
      assert.equal(await second.begin(BEGINNING), 'existed');
    },

    'tells every connection of a switch at once, and serves none of the epoch before': async (
      one,
      openAgain,
    ) => {
      const other = await openAgain();
      const id = await begun(one, rotationOf(A));
      await other.issue(batchOf(A, storeCodes(1)), { epoch: 0 });
      assert.equal((await one.noted(10)).length, 1);
      await one.settle((await one.noted(10)).map(({ note }) => note));
      await go(one, id, 'running', 'verified', 'switched');
      await refused(other.issue(batchOf(A, storeCodes(2)), { epoch: 0 }), 'KEYS_CHANGED');
      assert.deepEqual(await other.outlook(), { epoch: 1, holdUntil: 0 });
    },

    'lets each connection see at once what the other has written': async (one, openAgain) => {
      const other = await openAgain();
      await one.issue(batchOf(A, storeCodes(1, 2)));
      assert.deepEqual(await versionsOf(other.lookUp(A, storeCodes(1, 2, 3))), [1, 1, 0]);
      assert.deepEqual(
        await versionsOf(other.issue(batchOf(A, storeCodes(3, 2), { keyVersion: 2 }))),
        [0, 1],
      );
      assert.deepEqual(await versionsOf(one.issue(batchOf(A, storeCodes(3, 4)))), [2, 0]);
      assert.deepEqual(await one.change(changeOf([[3, 13]])), ['inserted']);
      const canonical = [[0, hex(storeCode(3))]];
      assert.deepEqual(heldOf(await other.lookUp(A, storeCodes(13))), {
        versions: [2],
        canonical,
        aliases: [0],
      });
      assert.deepEqual(await one.remove(storeCodes(1)), [
        { storeCodes: 1, issuances: [{ institution: A, keyVersion: 1, issuedAt: 1_000 }] },
      ]);
      assert.deepEqual(await versionsOf(other.lookUp(A, storeCodes(1))), [0]);
      assert.deepEqual(await contentOf(one), await contentOf(other));
    },

    'closes one connection without the other': async (one, openAgain) => {
      const other = await openAgain();
      await one.close();
      await refused(one.count(), 'STORE_CLOSED');
      assert.deepEqual(await versionsOf(other.issue(batchOf(A, storeCodes(1)))), [0]);
    },

    'is begun by one of several connections': async (one, openAgain) => {
      const stores = [one, await openAgain(), await openAgain(), await openAgain()];
      const asked = [BEGINNING, BEGINNING.slice(1), BEGINNING, BEGINNING.slice(1)];
      const outcomes = await Promise.all(stores.map((store, k) => store.begin(asked[k] as typeof BEGINNING)));
      assert.deepEqual(outcomes.toSorted(), ['conflict', 'conflict', 'existed', 'inserted']);
      const begunWith = asked[outcomes.indexOf('inserted')];
      const names = (await one.listKeys()).slice(2).map(({ name }) => name);
      assert.deepEqual(
        names,
        begunWith?.map(({ name }) => name),
      );
    },

    'inserts each row exactly once, though several connections want overlapping sets': async (
      one,
      openAgain,
    ) => {
      const stores = [one, await openAgain(), await openAgain()];
      await one.begin(BEGINNING);
      await assertEachInsertedOnce(stores, overlapping(18, range(0, 120), 60));
      assert.equal((await assertSound(one)).counts.issuances, 120);
    },

    'stays sound when several connections change, remove and issue': async (one, openAgain) => {
      const stores = [one, await openAgain(), await openAgain()] as const;
      await one.begin(BEGINNING);
      const people = range(0, 40);
      let inserted = 0;
      let removed = 0;
      await Promise.all(
        overlapping(24, people, 20).map(async (set, k) => {
          const store = stores[k % 3] as (typeof stores)[0];
          if (k % 4 === 1) await store.change(changeOf(set.map((person) => [person, person + 100])));
          else if (k % 4 === 3) {
            for (const person of await store.remove(storeCodes(...set))) removed += person.issuances.length;
          } else {
            const codes = storeCodes(...set.map((person) => (k % 8 === 0 ? person : person + 100)));
            // `+=` with an `await` behind it would add to what the sum was before the wait.
            const versions = await versionsOf(store.issue(batchOf(A, codes)));
            inserted += versions.filter((version) => version === 0).length;
          }
        }),
      );
      assert.equal((await assertSound(one)).counts.issuances, inserted - removed);
    },
  }),
  ...storeKeyCasesOf('opened again, or twice at once', {
    'keeps rotations, their work and what they noted over closing and opening': async (first, openAgain) => {
      await first.begin(BEGINNING);
      await first.issue(batchOf(A, storeCodes(1)));
      const id = await begun(first, { ...STORE_ROTATION, parts: 2 });
      await first.succeed(pairsOf([1, 101]));
      await first.finishPart(id, 1, 'done');
      await first.claimPart(claimOf(id));
      await first.moveRotation(moveOf(id, 'running', 'running', { notebook: 'one' }));
      await first.hold(9_000);
      await first.issue(batchOf(A, storeCodes(2)));
      const content = await contentOf(first);
      await first.close();
      const second = await openAgain();
      assert.deepEqual(await contentOf(second), content);
      assert.equal(await second.claimPart(claimOf(id, { worker: 'two' })), undefined);
      assert.deepEqual(await versionsOf(second.lookUp(A, storeCodes(101))), [1]);
    },
  }),
];
