import assert from 'node:assert/strict';
import type { NewRotation, RotationRecord, RotationStatus } from '../../stores/rotation-port.js';
import { assertUnchanged } from '../content.js';
import { casesOf, storeKeyCasesOf } from '../contract-case.js';
import {
  begun,
  GENERATION_ROTATION,
  go,
  moveOf,
  pairsOf,
  rotationOf,
  STORE_ROTATION,
} from '../rotation-samples.js';
import { A, B, batchOf, storeCodes } from '../samples.js';

const OF_ALL = rotationOf(A, { subject: '*' });

function recorded({ notes: _, ...rotation }: NewRotation, changes: Partial<RotationRecord>): RotationRecord {
  const { createdAt } = rotation;
  return { ...rotation, id: 1, status: 'running', changedAt: createdAt, notebook: '', ...changes };
}

export const beginningRotationsCases = [
  ...casesOf('beginning rotations', {
    'numbers them from 1 on, and lists them as they were given': async (store) => {
      const period: NewRotation = {
        ...rotationOf(B),
        kind: 'record-period',
        subject: 'record/2025',
        parts: 3,
      };
      assert.equal(await store.beginRotation(rotationOf(A)), 1);
      assert.equal(await store.beginRotation(period), 2);
      assert.deepEqual(await store.rotations(), [recorded(rotationOf(A), {}), recorded(period, { id: 2 })]);
      await go(store, 1, 'running', 'aborting', 'aborted');
      await go(store, 2, 'running', 'aborting', 'aborted');
      assert.equal(await store.beginRotation(rotationOf(A)), 3);
    },

    'refuses a second one of the same subject until the first is over': async (store) => {
      const id = await begun(store, rotationOf(A));
      const path: RotationStatus[] = [
        'running',
        'paused',
        'running',
        'verified',
        'switched',
        'retiring',
        'retired',
      ];
      for (const [k, status] of path.entries()) {
        if (k > 0) await go(store, id, path[k - 1] as RotationStatus, status);
        if (status === 'retired') break;
        await assertUnchanged(store, async () => {
          assert.equal(await store.beginRotation(rotationOf(A)), undefined);
          assert.equal(await store.beginRotation(OF_ALL), undefined);
        });
      }
      const next = await begun(store, rotationOf(A));
      await go(store, next, 'running', 'aborting');
      assert.equal(await store.beginRotation(rotationOf(A)), undefined);
      await go(store, next, 'aborting', 'aborted');
      await begun(store, rotationOf(A));
      assert.equal((await store.rotations()).length, 3);
    },

    'lets one whose subject is * exclude every other, and be excluded by every other': async (store) => {
      const one = await begun(store, rotationOf(A));
      assert.equal(await store.beginRotation(OF_ALL), undefined);
      await begun(store, rotationOf(B));
      await go(store, one, 'running', 'aborting', 'aborted');
      await go(store, 2, 'running', 'aborting', 'aborted');
      await begun(store, OF_ALL);
      assert.equal(await store.beginRotation(rotationOf(A)), undefined);
      assert.equal(await store.beginRotation({ ...OF_ALL, kind: 'record-period' }), undefined);
    },

    'begins one of several that are begun at once': async (store) => {
      const ids = await Promise.all([1, 2, 3, 4].map(() => store.beginRotation(rotationOf(A))));
      assert.deepEqual(
        ids.filter((id) => id !== undefined),
        [1],
      );
    },

    'keeps nothing of the object it was given': async (store) => {
      const notes = [A];
      const rotation = { ...rotationOf(A), notes };
      await begun(store, rotation);
      notes.pop();
      rotation.plan = 'another';
      await store.issue(batchOf(A, storeCodes(1)));
      assert.deepEqual(await store.rotations(), [recorded(rotationOf(A), {})]);
      assert.equal((await store.noted(10)).length, 1);
    },
  }),
  ...storeKeyCasesOf('beginning rotations', {
    'lists what it leads to': async (store) => {
      assert.equal(await store.beginRotation(GENERATION_ROTATION), 1);
      assert.deepEqual(await store.rotations(), [recorded(GENERATION_ROTATION, {})]);
    },
  }),
];

export const movingRotationsCases = [
  ...casesOf('moving rotations', {
    'moves to the next status, and says when it came there': async (store) => {
      const id = await begun(store, rotationOf(A));
      assert.equal(await store.moveRotation(moveOf(id, 'running', 'paused', { at: 6_000 })), 'inserted');
      assert.deepEqual(await store.rotations(), [
        recorded(rotationOf(A), { status: 'paused', changedAt: 6_000 }),
      ]);
    },

    'says that a move was made already': async (store) => {
      const id = await begun(store, rotationOf(A));
      const move = moveOf(id, 'running', 'verified', { notebook: 'a receipt' });
      await store.moveRotation(move);
      await assertUnchanged(store, async () => {
        assert.equal(await store.moveRotation({ ...move, at: 9_000 }), 'existed');
        const { notebook: _, ...plain } = move;
        assert.equal(await store.moveRotation(plain), 'existed');
      });
    },

    'refuses a move from another status, or of a rotation that is none, and changes nothing': async (
      store,
    ) => {
      const id = await begun(store, rotationOf(A));
      await assertUnchanged(store, async () => {
        for (const move of [
          moveOf(id, 'paused', 'aborting'),
          moveOf(id, 'verified', 'switched'),
          moveOf(id, 'paused', 'paused', { notebook: 'other' }),
          moveOf(id + 1, 'running', 'paused'),
        ]) {
          assert.equal(await store.moveRotation(move), 'conflict');
        }
      });
      await store.moveRotation(moveOf(id, 'running', 'paused', { notebook: 'one' }));
      await assertUnchanged(store, async () => {
        const other = moveOf(id, 'running', 'paused', { notebook: 'other' });
        assert.equal(await store.moveRotation(other), 'conflict');
      });
    },

    'writes the notebook alone where the status stays, and keeps it over other moves': async (store) => {
      const id = await begun(store, rotationOf(A));
      const notebook = `連携 ${'x'.repeat(100_000)}`;
      const written = moveOf(id, 'running', 'running', { notebook, at: 6_000 });
      assert.equal(await store.moveRotation(written), 'inserted');
      assert.deepEqual(await store.rotations(), [recorded(rotationOf(A), { notebook })]);
      assert.equal(await store.moveRotation(written), 'existed');
      await go(store, id, 'running', 'verified');
      assert.equal((await store.rotations())[0]?.notebook, notebook);
      await store.moveRotation(moveOf(id, 'verified', 'verified', { notebook: '' }));
      assert.equal((await store.rotations())[0]?.notebook, '');
    },

    'verifies only when no part is open': async (store) => {
      const id = await begun(store, rotationOf(A, { parts: 2 }));
      await store.finishPart(id, 1, 'done');
      await assertUnchanged(store, async () => {
        assert.equal(await store.moveRotation(moveOf(id, 'running', 'verified')), 'conflict');
      });
      await store.finishPart(id, 0, 'done');
      await go(store, id, 'running', 'verified');
    },

    'switches only when none of the rows that it wants is noted': async (store) => {
      const id = await begun(store, rotationOf(A));
      await begun(store, rotationOf(B));
      await store.issue(batchOf(B, storeCodes(1)));
      await store.issue(batchOf(A, storeCodes(1)));
      await go(store, id, 'running', 'verified');
      await assertUnchanged(store, async () => {
        assert.equal(await store.moveRotation(moveOf(id, 'verified', 'switched')), 'conflict');
      });
      await store.settle((await store.noted(10, A)).map(({ note }) => note));
      await go(store, id, 'verified', 'switched');
      assert.equal((await store.noted(10)).length, 1);
    },

    'forgets parts and notes when it is aborted or retired, but not what another rotation wants': async (
      store,
    ) => {
      for (const end of [
        ['running', 'aborting', 'aborted'],
        ['running', 'verified', 'switched', 'retiring', 'retired'],
      ] as const) {
        const id = await begun(store, rotationOf(A, { parts: 1, notes: [A] }));
        const other = await begun(store, rotationOf(B, { notes: [A, B] }));
        await store.finishPart(id, 0, 'done');
        if (end.length === 3) await store.issue(batchOf(A, storeCodes(id)));
        await store.issue(batchOf(B, storeCodes(id)));
        const noted = (await store.noted(10)).length;
        await go(store, id, ...end);
        assert.deepEqual(await store.parts(id), []);
        assert.equal((await store.noted(10)).length, noted);
        await go(store, other, 'running', 'aborting', 'aborted');
        assert.deepEqual(await store.noted(10), []);
      }
    },

    'is moved by one of several calls at once': async (store) => {
      const id = await begun(store, rotationOf(A));
      const moves = (['verified', 'paused', 'aborting'] as const).map((to) => moveOf(id, 'running', to));
      const outcomes = await Promise.all(moves.map((move) => store.moveRotation(move)));
      assert.deepEqual(outcomes.toSorted(), ['conflict', 'conflict', 'inserted']);
      const winner = moves[outcomes.indexOf('inserted')];
      assert.equal((await store.rotations())[0]?.status, winner?.to);
    },
  }),
  ...storeKeyCasesOf('moving rotations', {
    'retires and ends an abortion only when no successor is recorded any more': async (store) => {
      await store.issue(batchOf(A, storeCodes(1)));
      const id = await begun(store, { ...STORE_ROTATION, parts: 0 });
      await store.succeed(pairsOf([1, 101]));
      await go(store, id, 'running', 'aborting');
      await assertUnchanged(store, async () => {
        assert.equal(await store.moveRotation(moveOf(id, 'aborting', 'aborted')), 'conflict');
      });
      assert.equal(await store.discardSuccessors(10), 1);
      await go(store, id, 'aborting', 'aborted');
      const next = await begun(store, { ...STORE_ROTATION, parts: 0 });
      await store.succeed(pairsOf([1, 102]));
      await go(store, next, 'running', 'verified', 'switched', 'retiring');
      await assertUnchanged(store, async () => {
        assert.equal(await store.moveRotation(moveOf(next, 'retiring', 'retired')), 'conflict');
      });
      assert.equal(await store.moveRows(10), 1);
      await go(store, next, 'retiring', 'retired');
    },
  }),
];
