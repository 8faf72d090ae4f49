import assert from 'node:assert/strict';
import { hex, versionsOf } from '../answers.js';
import { assertSound } from '../content.js';
import { casesOf } from '../contract-case.js';
import { A, B, BEGINNING, batchOf, changeOf, range, storeCode, storeCodes } from '../samples.js';
import { Seeded } from '../seeded.js';
import { assertEachInsertedOnce, overlapping } from './overlapping.js';

export const runningAtOnceCases = casesOf('running at once', {
  'inserts every row for one of several calls, and tells the others under which version': async (store) => {
    const people = range(0, 50);
    const calls = [1, 2, 3, 4].map((version) => ({
      version,
      order: version % 2 === 0 ? people : people.toReversed(),
    }));
    const answers = await Promise.all(
      calls.map(({ version, order }) =>
        versionsOf(store.issue(batchOf(A, storeCodes(...order), { keyVersion: version }))),
      ),
    );
    const held = await versionsOf(store.lookUp(A, storeCodes(...people)));
    for (const person of people) {
      const told = calls.map(({ order }, k) => answers[k]?.[order.indexOf(person)]);
      const winner = calls[told.indexOf(0)];
      assert.deepEqual(
        told,
        calls.map((call) => (call === winner ? 0 : winner?.version)),
      );
      assert.equal(held[person], winner?.version);
    }
    assert.deepEqual(await store.count(), { keys: 2, persons: 50, aliases: 0, issuances: 50 });
  },

  'inserts each row exactly once, however many calls want overlapping sets': async (store) => {
    await store.begin(BEGINNING);
    await assertEachInsertedOnce([store], overlapping(24, range(0, 120), 60));
    const { counts } = await assertSound(store);
    assert.deepEqual(counts, { keys: 5, persons: 120, aliases: 0, issuances: 120 });
  },

  'makes a person known once, though several institutions ask at once': async (store) => {
    await store.begin(BEGINNING);
    const people = storeCodes(...range(0, 200));
    await Promise.all([A, B, A, B].map((institution) => store.issue(batchOf(institution, people))));
    const { counts } = await assertSound(store);
    assert.deepEqual(counts, { keys: 5, persons: 200, aliases: 0, issuances: 400 });
  },

  'changes and issues: a new code leads to the old person, or was another person first': async (store) => {
    await store.begin(BEGINNING);
    const people = range(0, 60);
    const pairs = people.map((person) => [person, person + 100] as const);
    const draw = new Seeded(1);
    const sets = range(0, 12).map(() =>
      draw.shuffled([...people, ...people.map((n) => n + 100)]).slice(0, 50),
    );
    const issuing = sets.map(async (set) => versionsOf(store.issue(batchOf(A, storeCodes(...set)))));
    const changing = range(0, 6).map((k) => store.change(changeOf(pairs.slice(10 * k, 10 * k + 10))));
    const outcomes = (await Promise.all(changing)).flat();
    const inserted = (await Promise.all(issuing)).flat().filter((version) => version === 0).length;
    const { persons, counts } = await assertSound(store);
    assert.equal(counts.issuances, inserted);
    assert.equal(counts.aliases, outcomes.filter((outcome) => outcome === 'inserted').length);
    const ownByCode = new Map(persons.map(({ code, own }) => [code, own]));
    for (const [k, [oldCode, newCode]] of pairs.entries()) {
      const [old, changed] = [hex(storeCode(oldCode)), hex(storeCode(newCode))];
      assert.equal(ownByCode.get(changed), outcomes[k] === 'inserted' ? old : changed);
    }
  },

  'removes and issues: what is told as issued and not as removed is there': async (store) => {
    await store.begin(BEGINNING);
    const sets = overlapping(20, range(0, 40), 25);
    let inserted = 0;
    let removed = 0;
    await Promise.all(
      sets.map(async (set, k) => {
        if (k % 3 === 2) {
          for (const person of await store.remove(storeCodes(...set))) removed += person.issuances.length;
          return;
        }
        const versions = await versionsOf(store.issue(batchOf(k % 2 === 0 ? A : B, storeCodes(...set))));
        inserted += versions.filter((version) => version === 0).length;
      }),
    );
    const { counts } = await assertSound(store);
    assert.equal(counts.issuances, inserted - removed);
  },

  'removes once: of several calls one tells what was there': async (store) => {
    const people = range(0, 50);
    await store.issue(batchOf(A, storeCodes(...people)));
    await store.change(changeOf(people.map((person) => [person, person + 100])));
    const sets = [people, people.toReversed(), people.map((person) => person + 100)];
    const removed = await Promise.all(sets.map((set) => store.remove(storeCodes(...set))));
    const all = removed.flat();
    assert.equal(
      all.reduce((sum, { storeCodes: rows }) => sum + rows, 0),
      100,
    );
    assert.equal(
      all.reduce((sum, { issuances }) => sum + issuances.length, 0),
      50,
    );
    assert.deepEqual((await assertSound(store)).persons, []);
  },

  'gives a code that several people want at once to one of them': async (store) => {
    await store.begin(BEGINNING);
    const wanted = range(100, 20);
    const changes = range(0, 5).map((person) =>
      changeOf(wanted.map((code) => [1_000 * code + person, code] as const)),
    );
    const outcomes = await Promise.all(changes.map((batch) => store.change(batch)));
    for (const k of wanted.keys()) {
      const told = outcomes.map((outcome) => outcome[k]).sort();
      assert.deepEqual(told, ['conflict', 'conflict', 'conflict', 'conflict', 'inserted']);
    }
    const { counts } = await assertSound(store);
    assert.deepEqual([counts.persons, counts.aliases], [20, 20]);
  },

  'changes, removes and issues, all at once, and stays sound': async (store) => {
    await store.begin(BEGINNING);
    const draw = new Seeded(2);
    const numbers = range(0, 30);
    const calls = range(0, 90).map((k) => async () => {
      const set = draw.some(numbers, 12);
      if (k % 3 === 0) await store.issue(batchOf(draw.pick([A, B]), storeCodes(...set)));
      else if (k % 3 === 1) await store.change(changeOf(set.map((number) => [number, draw.pick(numbers)])));
      else await store.remove(storeCodes(...set.slice(0, 3)));
    });
    await Promise.all(calls.map((call) => call()));
    await assertSound(store);
  },
});
