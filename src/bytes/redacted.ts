import { inspect } from 'node:util';

/**
 * Base of every class whose content must never be rendered. Its state lives in `#private` fields; `toString`,
 * `toJSON` and `util.inspect` give only the class's name.
 */
export abstract class Redacted {
  /** The class's name in brackets, and nothing of its content. */
  toString(): string {
    return `[${this.constructor.name}: redacted]`;
  }
  /** The class's name in brackets, and nothing of its content. */
  toJSON(): string {
    return this.toString();
  }
  /** The class's name in brackets, and nothing of its content. */
  [inspect.custom](): string {
    return this.toString();
  }
}
