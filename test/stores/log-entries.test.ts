import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { canonicalJson } from '../../src/signatures/canonical-json.js';
import { MerkleTree } from '../../src/signatures/merkle-tree.js';
import { checkDrafts, EMPTY_LOG, extendLog, readLogEntry } from '../../src/stores/log-entries.js';
import type { LogEntry } from '../../src/stores/log-port.js';
import { withCode } from '../support/with-code.js';

const AT = Date.UTC(2026, 3, 1);
const word = fc.stringMatching(/^[a-z0-9-]{1,8}$/);
const event = fc.array(word, { minLength: 1, maxLength: 3 }).map((words) => words.join('.'));
const text = fc
  .string({ unit: 'grapheme', maxLength: 12 })
  .filter((value) => !value.includes('\0') && !/^[a-z2-7]{40}$/.test(value));
const plain = fc.oneof(text, fc.maxSafeInteger());
const details = fc.dictionary(
  fc.stringMatching(/^[A-Za-z]{1,32}$/),
  fc.oneof(plain, fc.boolean(), fc.array(plain, { maxLength: 4 })),
  { maxKeys: 5 },
);
const drafts = fc.array(fc.record({ event, details }, { requiredKeys: ['event'] }), { maxLength: 6 });

/** What an entry must be written as. */
function encoded({ at, ...entry }: LogEntry): string {
  return canonicalJson({ at: new Date(at).toISOString(), ...entry });
}

describe('the entries of a log', () => {
  it('are one hash chain and the leaves of one tree, however they were appended', () => {
    fc.assert(
      fc.property(fc.array(drafts, { maxLength: 5 }), (batches) => {
        let head = EMPTY_LOG;
        const tree = new MerkleTree();
        let previous = '0'.repeat(64);
        for (const batch of batches) {
          const extension = extendLog(head, batch, AT);
          for (const entry of extension.entries) {
            const read = readLogEntry(entry.text);
            expect(read).toMatchObject({ index: tree.size, previous, at: AT });
            previous = createHash('sha256').update('\0').update(entry.text).digest('hex');
            expect(Buffer.from(entry.hash).toString('hex')).toBe(previous);
            tree.append(Buffer.from(entry.text));
          }
          head = extension.head;
        }
        expect(head.subtrees).toEqual(tree.subtrees);
        expect([head.size, Buffer.from(head.last).toString('hex')]).toEqual([tree.size, previous]);
      }),
    );
  });

  it('are the same whether they come one by one or together', () => {
    fc.assert(
      fc.property(drafts, (batch) => {
        const together = extendLog(EMPTY_LOG, batch, AT);
        let head = EMPTY_LOG;
        const texts = batch.flatMap((draft) => {
          const extension = extendLog(head, [draft], AT);
          head = extension.head;
          return extension.entries.map((entry) => entry.text);
        });
        expect(texts).toEqual(together.entries.map((entry) => entry.text));
        expect(head).toEqual(together.head);
      }),
    );
  });

  it('leave the head that they were appended to as it was', () => {
    const { head } = extendLog(EMPTY_LOG, [{ event: 'one' }, { event: 'two' }, { event: 'three' }], AT);
    const bytes = () => [head.last, ...head.subtrees].map((hash) => Buffer.from(hash).toString('hex'));
    const before = [head.size, head.at, ...bytes()];
    extendLog(head, [{ event: 'four' }], AT);
    expect([head.size, head.at, ...bytes()]).toEqual(before);
    expect(EMPTY_LOG).toEqual({ size: 0, at: 0, last: new Uint8Array(32), subtrees: [] });
  });

  it('are read as what was given, and what is read is written as it was', () => {
    fc.assert(
      fc.property(drafts, (batch) => {
        checkDrafts(batch);
        const { entries } = extendLog(EMPTY_LOG, batch, AT);
        entries.forEach((entry, k) => {
          const read = readLogEntry(entry.text) as LogEntry;
          expect(read).toMatchObject({ event: batch[k]?.event, at: AT, index: k });
          expect(canonicalJson(read.details)).toBe(canonicalJson(batch[k]?.details ?? {}));
          expect(encoded(read)).toBe(entry.text);
        });
      }),
    );
  });

  it('with any one character changed are refused, or are another entry that is written in this very way', () => {
    const changed = fc.record({
      draft: fc.record({ event, details }),
      place: fc.nat(),
      character: fc.constantFrom(
        '0',
        '9',
        'a',
        'A',
        ' ',
        '"',
        ',',
        ':',
        '{',
        '}',
        '[',
        '\\',
        '-',
        '.',
        'e',
        '\n',
      ),
      insert: fc.boolean(),
    });
    let refused = 0;
    fc.assert(
      fc.property(changed, ({ draft, place, character, insert }) => {
        const { text } = extendLog(EMPTY_LOG, [draft], AT).entries[0] as { readonly text: string };
        const at = place % text.length;
        const other = text.slice(0, at) + character + text.slice(insert ? at : at + 1);
        if (other === text) return;
        const read = readLogEntry(other);
        if (read === undefined) refused++;
        else expect(encoded(read)).toBe(other);
      }),
      { numRuns: 1_000 },
    );
    expect(refused).toBeGreaterThan(300);
  });

  it.each([
    ['a text that is no JSON', 'x'],
    ['null', 'null'],
    ['a number', '1'],
    ['a member more', (entry: object) => ({ ...entry, more: 1 })],
    ['no details', ({ details, ...entry }: Record<string, unknown>) => entry],
    ['details in a list', (entry: object) => ({ ...entry, details: [] })],
    ['a moment without milliseconds', (entry: object) => ({ ...entry, at: '2026-04-01T00:00:00Z' })],
    ['a moment that is none', (entry: object) => ({ ...entry, at: '2026-02-30T00:00:00.000Z' })],
    ['an index below 0', (entry: object) => ({ ...entry, index: -1 })],
    ['a fraction for an index', (entry: object) => ({ ...entry, index: 0.5 })],
    ['an index that is a text', (entry: object) => ({ ...entry, index: '0' })],
    ['capitals in the hash', (entry: object) => ({ ...entry, previous: 'A'.repeat(64) })],
    ['a hash that is too short', (entry: object) => ({ ...entry, previous: 'a'.repeat(62) })],
    ['an event in capitals', (entry: object) => ({ ...entry, event: 'Event' })],
  ] as const)('are refused with %s', (_, change) => {
    const entry = {
      at: '2026-04-01T00:00:00.000Z',
      details: {},
      event: 'one',
      index: 0,
      previous: '0'.repeat(64),
    };
    expect(readLogEntry(canonicalJson(entry))).toBeDefined();
    expect(readLogEntry(typeof change === 'string' ? change : canonicalJson(change(entry)))).toBeUndefined();
  });

  it('are not taken when they would speak for the record file', () => {
    for (const name of [
      'record',
      'records.re-keyed',
      'records.generation',
      'records.erasing',
      'records.erased',
    ]) {
      expect(() => checkDrafts([{ event: 'right' }, { event: name }])).toThrow(withCode('LOG_ENTRY_INVALID'));
    }
    checkDrafts([{ event: 'record.read' }, { event: 'records' }]);
  });
});
