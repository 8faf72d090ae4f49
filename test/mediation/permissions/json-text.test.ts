import { fc, test as prop } from '@fast-check/vitest';
import { describe, expect, test } from 'vitest';
import { type JsonNode, readJson } from '../../../src/mediation/permissions/json-text.js';

/** The value of a node, with null for what these files have no use for. */
function contentOf(node: JsonNode): unknown {
  if (node.kind === 'text') return node.text;
  if (node.kind === 'array') return node.items.map(contentOf);
  if (node.kind === 'other') return null;
  return node.members.map(({ name, value }) => [name, contentOf(value)]);
}

function plain(value: unknown): unknown {
  if (typeof value === 'string') return value;
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== 'object' || value === null) return null;
  return Object.entries(value).map(([name, member]) => [name, plain(member)]);
}

const isJson = (text: string) => {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
};

const json = fc.json({ maxDepth: 4, stringUnit: 'binary' });

describe('JSON with the lines of its values (RFC 8259)', () => {
  prop.prop([json, fc.constantFrom(0, 1, '\t')])('reads what JSON.parse reads', (text, indent) => {
    const value = JSON.parse(text);
    const node = readJson(JSON.stringify(value, null, indent));
    expect('kind' in node && contentOf(node)).toEqual(plain(value));
  });

  prop.prop(
    [
      json,
      fc.nat(),
      fc.constantFrom(...'{}[]",:\\0-.e1tn \n\u0001'),
      fc.constantFrom('insert', 'replace', 'delete'),
    ],
    { numRuns: 2000 },
  )(
    'takes a text with one wrong character if, and only if, JSON.parse takes it',
    (text, place, character, how) => {
      const at = place % (text.length + 1);
      const rest = text.slice(how === 'insert' ? at : at + 1);
      const changed = text.slice(0, at) + (how === 'delete' ? '' : character) + rest;
      expect('kind' in readJson(changed)).toBe(isJson(changed));
    },
  );

  test('every value has the line on which it begins, and members of one name are all kept', () => {
    const node = readJson('\n{ "a":\n"b", "a": [\r\n1,\n\n"c"] }\n');
    expect(node).toMatchObject({
      line: 2,
      members: [
        { line: 2, name: 'a', value: { line: 3, text: 'b' } },
        { line: 3, name: 'a', value: { line: 3, items: [{ line: 4 }, { line: 6, text: 'c' }] } },
      ],
    });
  });

  test.each([
    ['{\n"a": 1,\n}', 3],
    ['[1,\n2\n', 3],
    ['{"a"\n:\n"b\nc"}', 3],
    ['', 1],
    ['[]\n[]', 2],
  ])('%j is none: the line is told', (text, line) => {
    expect(readJson(text)).toEqual({ line, fault: 'this is not JSON' });
  });

  test('a text of brackets without end is refused, whatever its length', () => {
    expect(readJson('['.repeat(1_000_000))).toEqual({ line: 1, fault: 'this is not JSON' });
  });
});
