import { Redacted } from '../../bytes/redacted.js';
import { CODE_LENGTH } from '../../codes/per-institution-code.js';
import { RenkeiError } from '../../errors/renkei-error.js';
import type { InstitutionCode } from '../../subjects/institution-code.js';
import { unknownInstitution } from '../arguments.js';
import { codeOfText, codeTexts } from '../code-texts.js';
import type {
  ChangeBatch,
  HeldRows,
  IssuanceBatch,
  IssuanceDetails,
  RemovedPerson,
  Successors,
  WriteOutcome,
} from '../port.js';
import { isBeforeSwitch } from '../rotation-arguments.js';
import type { KnownSuccessors, SuccessorPairs } from '../rotation-port.js';
import type { NoteBook } from './note-book.js';
import { type IssuanceRow, People } from './people.js';
import type { RotationBook } from './rotation-book.js';

/** What the calls of the port do that take store codes. Arguments come checked. */
export class MemoryIssuance extends Redacted {
  readonly people = new People();
  readonly #rotations: RotationBook;
  readonly #notes: NoteBook;

  constructor(rotations: RotationBook, notes: NoteBook) {
    super();
    this.#rotations = rotations;
    this.#notes = notes;
  }

  /** Rows of an institution that a key is on record for. */
  rowsOf(institution: InstitutionCode): Map<string, IssuanceRow> {
    const rows = this.people.issuances.get(institution);
    if (rows === undefined) throw unknownInstitution(institution);
    return rows;
  }

  issue(batch: IssuanceBatch): HeldRows {
    const { institution, keyVersion, generation, issuedAt, storeCodes } = batch;
    const rows = this.rowsOf(institution);
    const issued: string[] = [];
    const added: string[] = [];
    const held = this.#held(storeCodes, (own) => {
      const version = rows.get(own)?.keyVersion ?? 0;
      if (version !== 0) return version;
      if (this.people.add(own, generation)) added.push(own);
      rows.set(own, { keyVersion, issuedAt });
      issued.push(own);
      return 0;
    });
    this.#takeSuccessors(storeCodes, batch.successors);
    this.#notePeople(added);
    if (this.#rotations.wants(institution)) for (const own of issued) this.#notes.add(institution, own);
    return held;
  }

  lookUp(institution: InstitutionCode, storeCodes: Uint8Array): HeldRows {
    const rows = this.rowsOf(institution);
    return this.#held(storeCodes, (own) => rows.get(own)?.keyVersion ?? 0);
  }

  details(institution: InstitutionCode, storeCodes: Uint8Array): readonly (IssuanceDetails | undefined)[] {
    const rows = this.rowsOf(institution);
    return codeTexts(storeCodes).map((code) => {
      const own = this.people.ownCode(code);
      const row = rows.get(own);
      const generation = this.people.rows.get(own)?.generation as number;
      return row === undefined ? undefined : { ...row, generation };
    });
  }

  holders(storeCodes: Uint8Array): readonly (readonly InstitutionCode[])[] {
    return codeTexts(storeCodes).map((code) =>
      this.people.issuancesOf(this.people.ownCode(code)).map(({ institution }) => institution),
    );
  }

  change({ generation, oldCodes, newCodes, successors }: ChangeBatch): readonly WriteOutcome[] {
    const given = codeTexts(newCodes);
    const added: string[] = [];
    const { isSwitched } = this.#rotations;
    const outcomes = codeTexts(oldCodes).map((oldCode, k) => {
      const [outcome, codes] = this.people.change(oldCode, given[k] as string, generation, isSwitched);
      added.push(...codes);
      return outcome;
    });
    this.#takeSuccessors(newCodes, successors, (k) => outcomes[k] !== 'conflict');
    this.#notePeople(added);
    return outcomes;
  }

  remove(storeCodes: Uint8Array): readonly RemovedPerson[] {
    return codeTexts(storeCodes).map((code) => {
      const [removed, codes] = this.people.remove(code);
      const gone = new Set(codes);
      this.#notes.forget((_, noted) => gone.has(noted));
      return removed;
    });
  }

  succeed({ oldCodes, newCodes }: SuccessorPairs): readonly WriteOutcome[] {
    if (this.#rotations.leadingTo(isBeforeSwitch) === undefined) {
      throw new RenkeiError('OPTION_INVALID', 'succeed: no rotation leads to another store key');
    }
    const successors = codeTexts(newCodes);
    return codeTexts(oldCodes).map((code, k) => this.people.succeed(code, successors[k] as string));
  }

  successors(oldCodes: Uint8Array): KnownSuccessors {
    const newCodes = new Uint8Array(oldCodes.length);
    const missing: number[] = [];
    codeTexts(oldCodes).forEach((code, k) => {
      const successor = this.people.succession.successor(code);
      if (successor === undefined) missing.push(k);
      else newCodes.set(codeOfText(successor), k * CODE_LENGTH);
    });
    return { newCodes, missing };
  }

  lendSuccessors(): number {
    return this.#rotations.leadingTo(isBeforeSwitch) === undefined ? 0 : this.people.lendSuccessors();
  }

  moveRows(limit: number): number {
    const target = this.#rotations.leadingTo((status) => status === 'retiring');
    return target === undefined ? 0 : this.people.moveRows(limit, target.generation);
  }

  discardSuccessors(limit: number): number {
    const target = this.#rotations.leadingTo((status) => status === 'aborting');
    return target === undefined ? 0 : this.people.succession.discard(limit);
  }

  #held(storeCodes: Uint8Array, versionOf: (own: string) => number): HeldRows {
    const canonical = new Map<number, Uint8Array>();
    const aliases = new Set<number>();
    const { isSwitched } = this.#rotations;
    const versions = Uint8Array.from(codeTexts(storeCodes), (code, k) => {
      const own = this.people.ownCode(code);
      const current = (isSwitched ? this.people.succession.successor(own) : undefined) ?? own;
      if (current !== code) canonical.set(k, codeOfText(current));
      if (this.people.isAlias(code)) aliases.add(k);
      return versionOf(own);
    });
    return { versions, canonical, aliases };
  }

  /** Records the successors that came with a batch, of the rows that are on record now. */
  #takeSuccessors(
    codes: Uint8Array,
    successors: Successors | undefined,
    isTaken: (row: number) => boolean = () => true,
  ): void {
    const target = this.#rotations.leadingTo(isBeforeSwitch);
    if (successors === undefined || successors.storeKeyVersion !== target?.storeKeyVersion) return;
    const given = codeTexts(successors.codes);
    codeTexts(codes).forEach((code, k) => {
      if (isTaken(k)) this.people.succeed(code, given[k] as string);
    });
  }

  /** Notes people and aliases that are new, but for those whose successor is known. */
  #notePeople(added: readonly string[]): void {
    if (!this.#rotations.wants(undefined)) return;
    for (const code of added) {
      if (this.people.succession.successor(code) === undefined) this.#notes.add(undefined, code);
    }
  }
}
