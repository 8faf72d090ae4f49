import { randomBytes } from 'node:crypto';

/** Something that a provider is to be told. */
export interface Notice {
  /** Name of the notice: the same notice again has the same. */
  readonly id: string;
  /** It lapses then, in milliseconds since 1970-01-01 UTC. */
  readonly validUntil: number;
}

/** Notices of one institution, and who waits for them. */
interface Box<N> {
  readonly notices: Map<string, { readonly place: number; readonly notice: N }>;
  readonly waiting: Set<() => void>;
}

/** Notices, and from where on to ask next. */
export interface FetchedNotices<N> {
  readonly notices: readonly N[];
  readonly cursor: string;
}

/** Options of {@link Outbox}. */
export interface OutboxOptions {
  /** Most notices that may wait for one institution. */
  readonly most: number;
  /** Most notices that are given out at once. */
  readonly page: number;
  /** The clock, in milliseconds since 1970-01-01 UTC. */
  readonly now: () => number;
}

/**
 * Notices that wait for institutions, in memory: the mediator stores no institution's code, and a notice holds one. A
 * crash empties it, and the inquirer's request fills it again when it is made again under its id.
 *
 * A notice stays until its institution has acknowledged it or it lapses, so it may be fetched more than once.
 */
export class Outbox<N extends Notice> {
  readonly #options: OutboxOptions;
  readonly #boxes = new Map<string, Box<N>>();
  /** Cursors of another process mean nothing here. */
  readonly #epoch = randomBytes(6).toString('hex');
  #place = 0;
  #isClosed = false;

  constructor(options: OutboxOptions) {
    this.#options = options;
  }

  /** Notices that wait. */
  get size(): number {
    let size = 0;
    for (const [institution, box] of this.#boxes) {
      this.#dropLapsed(box);
      size += box.notices.size;
      this.#forgetEmpty(institution, box);
    }
    return size;
  }

  /** Whether no more notices are to be made for an institution. */
  isFull(institution: string): boolean {
    const box = this.#boxes.get(institution);
    if (box === undefined || box.notices.size < this.#options.most) return false;
    this.#dropLapsed(box);
    return box.notices.size >= this.#options.most;
  }

  /** Puts a notice in, unless it is there. */
  put(institution: string, notice: N): void {
    const box = this.#box(institution);
    if (box.notices.has(notice.id)) return;
    box.notices.set(notice.id, { place: ++this.#place, notice });
    for (const wake of box.waiting) wake();
  }

  /** Takes a notice out; false when it is not there. */
  acknowledge(institution: string, id: string): boolean {
    const box = this.#boxes.get(institution);
    const isThere = box?.notices.delete(id) ?? false;
    if (box !== undefined) this.#forgetEmpty(institution, box);
    return isThere;
  }

  /**
   * Notices of an institution behind a cursor, or all of them; waits for some when there are none.
   *
   * @param signal gives up waiting, with no notices
   */
  async fetch(
    institution: string,
    cursor: string | undefined,
    waitMs: number,
    signal: AbortSignal,
  ): Promise<FetchedNotices<N>> {
    const after = this.#placeOf(cursor);
    const box = this.#box(institution);
    let fetched = this.#behind(box, after);
    if (fetched.notices.length === 0 && waitMs > 0) {
      await this.#wait(box, waitMs, signal);
      fetched = this.#behind(box, after);
    }
    this.#forgetEmpty(institution, box);
    return fetched;
  }

  /** Ends all waiting, now and later. */
  close(): void {
    this.#isClosed = true;
    for (const { waiting } of this.#boxes.values()) for (const wake of waiting) wake();
  }

  async #wait({ waiting }: Box<N>, waitMs: number, signal: AbortSignal): Promise<void> {
    if (this.#isClosed || signal.aborted) return;
    await new Promise<void>((resolve) => {
      const wake = () => {
        clearTimeout(timer);
        waiting.delete(wake);
        signal.removeEventListener('abort', wake);
        resolve();
      };
      const timer = setTimeout(wake, waitMs);
      waiting.add(wake);
      signal.addEventListener('abort', wake);
    });
  }

  #behind(box: Box<N>, after: number): FetchedNotices<N> {
    this.#dropLapsed(box);
    const notices: N[] = [];
    let last = after;
    for (const { place, notice } of box.notices.values()) {
      if (place <= after) continue;
      notices.push(notice);
      last = place;
      if (notices.length === this.#options.page) break;
    }
    return { notices, cursor: `${this.#epoch}.${last}` };
  }

  #placeOf(cursor: string | undefined): number {
    const [epoch, place] = cursor?.split('.') ?? [];
    return epoch === this.#epoch ? Number(place) : 0;
  }

  #box(institution: string): Box<N> {
    const box = this.#boxes.get(institution) ?? { notices: new Map(), waiting: new Set() };
    this.#boxes.set(institution, box);
    return box;
  }

  #dropLapsed({ notices }: Box<N>): void {
    const now = this.#options.now();
    for (const [id, { notice }] of notices) if (notice.validUntil < now) notices.delete(id);
  }

  /** A box that nobody needs. While somebody waits at one it stays: the next notice must find who waits. */
  #forgetEmpty(institution: string, { notices, waiting }: Box<N>): void {
    if (notices.size === 0 && waiting.size === 0) this.#boxes.delete(institution);
  }
}
