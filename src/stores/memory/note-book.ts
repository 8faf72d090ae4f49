import { Redacted } from '../../bytes/redacted.js';
import type { InstitutionCode } from '../../subjects/institution-code.js';
import { codeOfText } from '../code-texts.js';
import type { NotedRow } from '../rotation-port.js';

interface Note {
  readonly institution: InstitutionCode | undefined;
  readonly code: string;
}

/** Rows that were written while a rotation ran, in the order in which they were noted. */
export class NoteBook extends Redacted {
  readonly #notes = new Map<number, Note>();
  #last = 0;

  /** Notes a row: an institution's, or a person's. */
  add(institution: InstitutionCode | undefined, code: string): void {
    this.#notes.set(++this.#last, { institution, code });
  }

  /** True when a note of such a row is there. */
  some(is: (institution: InstitutionCode | undefined) => boolean): boolean {
    return [...this.#notes.values()].some(({ institution }) => is(institution));
  }

  /** The oldest notes, of one institution or all. */
  oldest(limit: number, wanted: InstitutionCode | undefined): readonly NotedRow[] {
    const rows: NotedRow[] = [];
    for (const [note, { institution, code }] of this.#notes) {
      if (rows.length === limit) break;
      if (wanted !== undefined && institution !== wanted) continue;
      const storeCode = codeOfText(code);
      rows.push({ note, storeCode, ...(institution === undefined ? {} : { institution }) });
    }
    return rows;
  }

  /** Forgets notes by number. */
  settle(notes: readonly number[]): void {
    for (const note of notes) this.#notes.delete(note);
  }

  /** Forgets the notes of such rows. */
  forget(isOver: (institution: InstitutionCode | undefined, code: string) => boolean): void {
    for (const [note, { institution, code }] of this.#notes) {
      if (isOver(institution, code)) this.#notes.delete(note);
    }
  }
}
