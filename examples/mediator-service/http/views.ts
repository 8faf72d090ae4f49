import { randomBytes } from 'node:crypto';

/** What a person's page shows. */
export interface View {
  /** The person's code at the disclosure system. */
  readonly code: string;
  /** 受付番号. */
  readonly receiptNumber: string;
  /** In milliseconds since 1970-01-01 UTC. */
  readonly expiresAt: number;
}

/** Options of {@link Views}. */
export interface ViewsOptions {
  /** Most views that are open at the same time; with one more the oldest goes. */
  readonly most: number;
  /** How long a view is open. */
  readonly openMs: number;
  /** The clock, in milliseconds since 1970-01-01 UTC. */
  readonly now: () => number;
}

/**
 * Pages that are open for a while, each under a random name: a code of a person must not stand in an address, which
 * browsers and logs keep. In memory only: after a restart the disclosure system opens a page anew.
 */
export class Views {
  readonly #options: ViewsOptions;
  readonly #views = new Map<string, View>();

  constructor(options: ViewsOptions) {
    this.#options = options;
  }

  /** Opens a view; its name has 256 random bits. */
  open(code: string, receiptNumber: string): { readonly name: string; readonly expiresAt: number } {
    const { most, openMs, now } = this.#options;
    const at = now();
    for (const [name, { expiresAt }] of this.#views) {
      if (expiresAt > at && this.#views.size < most) break;
      this.#views.delete(name);
    }
    const name = randomBytes(32).toString('base64url');
    const expiresAt = at + openMs;
    this.#views.set(name, { code, receiptNumber, expiresAt });
    return { name, expiresAt };
  }

  /** The view of a name; undefined once it is over. */
  find(name: string): View | undefined {
    const view = this.#views.get(name);
    return view !== undefined && view.expiresAt > this.#options.now() ? view : undefined;
  }
}
