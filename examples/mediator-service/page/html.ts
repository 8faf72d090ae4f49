/** A piece of HTML whose texts are escaped. Only {@link html} makes one. */
export class Html {
  readonly #text: string;

  private constructor(text: string) {
    this.#text = text;
  }

  /** @internal */
  static of(text: string): Html {
    return new Html(text);
  }

  toString(): string {
    return this.#text;
  }
}

/** What may stand in a template. Nothing is written for undefined. */
type Value = string | number | Html | undefined | readonly Html[];

/** Puts values into HTML: texts are escaped, pieces of HTML stand as they are. */
export function html(parts: TemplateStringsArray, ...values: readonly Value[]): Html {
  return Html.of(parts.map((part, k) => part + written(values[k])).join(''));
}

function written(value: Value): string {
  if (value === undefined) return '';
  if (value instanceof Html) return value.toString();
  if (typeof value === 'object') return value.join('');
  return `${value}`.replaceAll(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
