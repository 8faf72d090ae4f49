import assert from 'node:assert/strict';

/**
 * What a text is: the code of the person made from one resident record code, at one version of an institution's key.
 */
export interface HandedOut {
  /** Number of the resident record code that the person's codes of this generation are made from. */
  readonly root: number;
  readonly institution: string;
  readonly version: number;
}

/**
 * Every text that came out, with what it is. Codes are deterministic: one meaning has one text, and one text one
 * meaning.
 */
export class Texts {
  readonly #texts = new Map<string, string>();
  readonly #meanings = new Map<string, HandedOut>();

  /** Holds a text that came out against those before it. */
  see(meaning: HandedOut, text: string): void {
    const name = nameOf(meaning);
    assert.equal(this.#texts.get(name) ?? text, text, `the text of ${name}, as it was before`);
    assert.equal(nameOf(this.#meanings.get(text) ?? meaning), name, 'whose text it was before');
    this.#texts.set(name, text);
    this.#meanings.set(text, meaning);
  }

  /** What a text is that came out before. */
  meaning(text: string): HandedOut | undefined {
    return this.#meanings.get(text);
  }

  /** The text that something has, once it came out. */
  text(meaning: HandedOut): string | undefined {
    return this.#texts.get(nameOf(meaning));
  }

  /** The n-th text that an institution ever received, counted round; undefined when there is none. */
  of(institution: string, n: number): readonly string[] {
    const texts = [...this.#meanings].filter(([, meaning]) => meaning.institution === institution);
    return texts.length === 0 ? [] : [(texts[n % texts.length] as [string, HandedOut])[0]];
  }
}

function nameOf({ root, institution, version }: HandedOut): string {
  return `person ${root} at ${institution}/${version}`;
}
