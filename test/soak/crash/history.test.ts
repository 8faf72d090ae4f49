import { describe, expect, it } from 'vitest';
import { History } from './history.js';
import { Lineage, type Step } from './lineage.js';

const ISSUE: Step = { kind: 'issue', code: 0, institution: 'A1' };
const REMOVE: Step = { kind: 'remove', code: 0 };
const CHANGE: Step = { kind: 'change', code: 0, to: 1 };
const ISSUED = Lineage.of(new Map([[0, 0]]), new Map([[0, ['A1']]]));
const CHANGED = Lineage.of(
  new Map([
    [0, 0],
    [1, 0],
  ]),
  new Map([[0, ['A1']]]),
);

describe('what a crash soak finds', () => {
  it('nothing in a store that has what was acknowledged', () => {
    const history = new History();
    history.begin('a', [ISSUE], false);
    expect(history.end('a', ['issued 0'])).toBeUndefined();
    expect(history.observe(ISSUED).violation).toBeUndefined();
  });

  it('an acknowledged code that is not on record: lost', () => {
    const history = new History();
    history.begin('a', [ISSUE], false);
    history.end('a', ['issued 0']);
    expect(history.observe(Lineage.empty).violation).toBe('lost');
  });

  it('an acknowledged deletion of a person who is still there: lost', () => {
    const history = new History();
    history.observe(ISSUED);
    history.begin('a', [REMOVE], false);
    expect(history.end('a', ['removed 1 A1'])).toBeUndefined();
    expect(history.observe(ISSUED).violation).toBe('lost');
  });

  it('a code said to be issued a second time: duplicated', () => {
    const history = new History();
    for (const operation of ['a', 'b']) history.begin(operation, [ISSUE], false);
    expect(history.end('a', ['issued 0'])).toBeUndefined();
    expect(history.end('b', ['issued 0'])).toBe('duplicated');
  });

  it('a code of somebody else: wrong', () => {
    const history = new History();
    history.begin('a', [ISSUE], false);
    expect(history.end('a', ['issued 1'])).toBe('wrong');
  });

  it('a code made from the new resident record code although the change was acknowledged: wrong', () => {
    const history = new History();
    history.begin('a', [ISSUE], false);
    history.end('a', ['issued 0']);
    history.begin('b', [CHANGE], false);
    expect(history.end('b', ['changed'])).toBeUndefined();
    history.begin('c', [{ kind: 'issue', code: 1, institution: 'B2' }], false);
    expect(history.end('c', ['issued 1'])).toBe('wrong');
  });
});

describe('what a crash soak allows', () => {
  it.each([
    ['done', ISSUED],
    ['not done', Lineage.empty],
  ])('an operation that a kill cut off to be %s', (_, read) => {
    const history = new History();
    history.begin('a', [ISSUE], false);
    expect(history.observe(read).violation).toBeUndefined();
  });

  it('but not both in turn: what was read stays', () => {
    const history = new History();
    history.begin('a', [ISSUE], false);
    history.observe(ISSUED);
    history.forget('a');
    expect(history.observe(Lineage.empty).violation).toBe('lost');
  });

  it('operations at the same time in any order that explains all answers', () => {
    const history = new History();
    history.observe(ISSUED);
    for (const [operation, step] of Object.entries({ a: REMOVE, b: ISSUE, c: CHANGE })) {
      history.begin(operation, [step], false);
    }
    expect(history.end('b', ['already-issued 0'])).toBeUndefined();
    expect(history.end('a', ['removed 2 A1'])).toBeUndefined();
    expect(history.end('c', ['changed'])).toBeUndefined();
    expect(history.observe(Lineage.empty).violation).toBeUndefined();
  });

  it('a repeated operation to find what an attempt without an answer has done', () => {
    const history = new History();
    history.begin('a', [ISSUE], true);
    expect(history.end('a', ['already-issued 0'])).toBeUndefined();
    expect(history.observe(ISSUED).violation).toBeUndefined();
  });

  it('an operation that another process finishes later, with the answer of when it was done', () => {
    const history = new History();
    history.begin('load', [ISSUE], false);
    expect(history.observe(ISSUED).violation).toBeUndefined();
    history.begin('change', [CHANGE], false);
    history.end('change', ['changed']);
    expect(history.end('load', ['issued 0'])).toBeUndefined();
    expect(history.observe(CHANGED).violation).toBeUndefined();
  });
});

it('Of an operation that was cut off, it is known whether it was done', () => {
  const history = new History();
  history.begin('done', [ISSUE], false);
  history.begin('undone', [CHANGE], false);
  const { cutOff } = history.observe(ISSUED);
  expect(cutOff.get('done')).toEqual({ mayBeDone: true, mayBeUndone: false });
  expect(cutOff.get('undone')).toEqual({ mayBeDone: false, mayBeUndone: true });
});
