import { CODE_LENGTH } from '../../codes/per-institution-code.js';
import { throwIfAborted } from '../../errors/abort.js';
import { type HeldRows, MAX_BATCH_ROWS, type PersonPage } from '../../stores/port.js';
import type { InstitutionCode } from '../../subjects/institution-code.js';
import { everyRow } from '../every-row.js';
import type { Operation } from '../operation.js';
import { personPages } from '../store-pages.js';
import { SortedCodes } from './listed-codes.js';

/** What a store knows of sorted store codes of a list. */
export interface ResolvedCodes {
  /** One byte a code: 1 when the person is here. */
  readonly isHere: Uint8Array;
  /** By row, the person's own store code where the given one is of a changed resident record code. */
  readonly canonical: ReadonlyMap<number, Uint8Array>;
}

/** Asks a store for the store codes of a list, a stretch after the other in key order. */
export interface ListResolver {
  resolve(codes: Uint8Array, signal: AbortSignal | undefined): Promise<ResolvedCodes>;
}

/** Here is who has a code of an institution. */
export class HeldByInstitution implements ListResolver {
  readonly #operation: Operation;
  readonly #institution: InstitutionCode;

  constructor(operation: Operation, institution: InstitutionCode) {
    this.#operation = operation;
    this.#institution = institution;
  }

  async resolve(codes: Uint8Array, signal: AbortSignal | undefined): Promise<ResolvedCodes> {
    const isHere = new Uint8Array(codes.length / CODE_LENGTH);
    const canonical = new Map<number, Uint8Array>();
    for (let from = 0; from < isHere.length; from += MAX_BATCH_ROWS) {
      throwIfAborted(signal);
      const part = codes.subarray(from * CODE_LENGTH, (from + MAX_BATCH_ROWS) * CODE_LENGTH);
      const { store, keys } = this.#operation;
      const answer = await store.lookUp(this.#institution, part, keys.callOptions(signal));
      const held: HeldRows = everyRow(answer, part.length / CODE_LENGTH);
      held.versions.forEach((version, row) => {
        if (version === 0) return;
        isHere[from + row] = 1;
        const own = held.canonical.get(row);
        if (own !== undefined) canonical.set(from + row, own);
      });
    }
    return { isHere, canonical };
  }
}

/** Here is whom the store knows. Its people are gone through once, alongside the list. */
export class KnownToStore implements ListResolver {
  readonly #pages: AsyncGenerator<PersonPage, void, void>;
  #page: PersonPage | undefined;
  #codes = new SortedCodes(new Uint8Array(0));
  #isAtEnd = false;

  constructor({ store, keys }: Operation, signal: AbortSignal | undefined) {
    this.#pages = personPages(store, MAX_BATCH_ROWS, keys.callOptions(signal));
  }

  async resolve(codes: Uint8Array): Promise<ResolvedCodes> {
    const view = new DataView(codes.buffer, codes.byteOffset, codes.byteLength);
    const isHere = new Uint8Array(codes.length / CODE_LENGTH);
    const canonical = new Map<number, Uint8Array>();
    for (let row = 0; row < isHere.length; ) {
      const found = this.#codes.find(view, row);
      if (found === undefined && this.#codes.isPassed && !this.#isAtEnd) {
        await this.#nextPage();
        continue;
      }
      if (found !== undefined) {
        isHere[row] = 1;
        const own = this.#page?.canonical.get(found);
        if (own !== undefined) canonical.set(row, own);
      }
      row++;
    }
    return { isHere, canonical };
  }

  async #nextPage(): Promise<void> {
    const { done, value } = await this.#pages.next();
    this.#isAtEnd = done === true;
    this.#page = value ?? undefined;
    this.#codes = new SortedCodes(this.#page?.storeCodes ?? new Uint8Array(0));
  }
}
