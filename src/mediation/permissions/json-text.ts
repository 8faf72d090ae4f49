import type { FileFault } from './file-fault.js';

/** A value of a JSON text, with the line on which it begins. */
export type JsonNode =
  | { readonly line: number; readonly kind: 'object'; readonly members: readonly JsonMember[] }
  | { readonly line: number; readonly kind: 'array'; readonly items: readonly JsonNode[] }
  | { readonly line: number; readonly kind: 'text'; readonly text: string }
  | { readonly line: number; readonly kind: 'other' };

/** A member of an object. Names may repeat: it is for the reader to refuse that. */
export interface JsonMember {
  readonly line: number;
  readonly name: string;
  readonly value: JsonNode;
}

const BLANK = /[ \t\r\n]*/y;
/** Up to the closing quote; what may stand before it is for `JSON.parse` to say. */
const TEXT = /"[^"\\]*(?:\\.[^"\\]*)*"/sy;
/** Numbers, true, false and null: nothing that these files have a use for. */
const OTHER = /(?:-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null)(?![\w.+-])/y;
const DEEPEST = 16;

/**
 * Reads JSON (RFC 8259) and keeps the line of every value, which `JSON.parse` does not tell. All members are kept, where
 * `JSON.parse` drops all but the last of one name.
 */
export function readJson(text: string): JsonNode | FileFault {
  const reader = new JsonReader(text);
  try {
    return reader.document();
  } catch (error) {
    if (!(error instanceof Misplaced)) throw error;
    return { line: reader.line, fault: 'this is not JSON' };
  }
}

/** Ends the reading of a text that is not JSON; never leaves this file. */
class Misplaced extends Error {}

class JsonReader {
  readonly #text: string;
  #at = 0;
  line = 1;

  constructor(text: string) {
    this.#text = text;
  }

  document(): JsonNode {
    const value = this.#value(0);
    if (this.#at < this.#text.length) throw new Misplaced();
    return value;
  }

  #value(depth: number): JsonNode {
    this.#blank();
    const { line } = this;
    const node = this.#bare(line, depth);
    this.#blank();
    return node;
  }

  #bare(line: number, depth: number): JsonNode {
    if (depth > DEEPEST) throw new Misplaced();
    if (this.#skip('{')) return { line, kind: 'object', members: this.#list('}', () => this.#member(depth)) };
    if (this.#skip('[')) return { line, kind: 'array', items: this.#list(']', () => this.#value(depth + 1)) };
    if (this.#text[this.#at] === '"') return { line, kind: 'text', text: this.#string() };
    this.#match(OTHER);
    return { line, kind: 'other' };
  }

  #member(depth: number): JsonMember {
    this.#blank();
    const { line } = this;
    const name = this.#string();
    this.#blank();
    if (!this.#skip(':')) throw new Misplaced();
    return { line, name, value: this.#value(depth + 1) };
  }

  #list<T>(end: string, next: () => T): T[] {
    const all: T[] = [];
    this.#blank();
    if (this.#skip(end)) return all;
    do all.push(next());
    while (this.#skip(','));
    if (!this.#skip(end)) throw new Misplaced();
    return all;
  }

  #string(): string {
    const quoted = this.#match(TEXT);
    try {
      return JSON.parse(quoted) as string;
    } catch {
      throw new Misplaced();
    }
  }

  #blank(): void {
    this.line += this.#match(BLANK).split('\n').length - 1;
  }

  #skip(sign: string): boolean {
    if (this.#text[this.#at] !== sign) return false;
    this.#at++;
    return true;
  }

  #match(form: RegExp): string {
    form.lastIndex = this.#at;
    const [found] = form.exec(this.#text) ?? [];
    if (found === undefined) throw new Misplaced();
    this.#at = form.lastIndex;
    return found;
  }
}
