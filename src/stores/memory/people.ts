import { Redacted } from '../../bytes/redacted.js';
import type { InstitutionCode } from '../../subjects/institution-code.js';
import type { RemovedIssuance, RemovedPerson, WriteOutcome } from '../port.js';
import { Succession } from './succession.js';

/** A store code on record. */
export interface PersonRow {
  readonly generation: number;
  /** The person's own store code, where this is an alias. */
  readonly canonical?: string;
}

/** An issued code. */
export interface IssuanceRow {
  readonly keyVersion: number;
  readonly issuedAt: number;
}

/**
 * People, their aliases, what was issued to them, and their codes under the store key of a rotation. Store codes are
 * texts, a character a byte. A code given to a method may be under either store key; what a row is stored under is
 * called its own code here.
 */
export class People extends Redacted {
  readonly rows = new Map<string, PersonRow>();
  /** By institution, then by the person's own store code. */
  readonly issuances = new Map<InstitutionCode, Map<string, IssuanceRow>>();
  readonly succession = new Succession();
  /** Aliases by the person's own store code. */
  readonly #aliases = new Map<string, string[]>();
  /** Aliases that are under the new store key while their person's rows are under the old. */
  readonly #ahead = new Set<string>();

  /** The person's own store code, or the code itself of a person that is not known. */
  ownCode(code: string): string {
    const row = this.rowCode(code);
    return this.rows.get(row)?.canonical ?? row;
  }

  /** The code that the row of a code is stored under, or the code itself of a person that is not known. */
  rowCode(code: string): string {
    return this.succession.predecessor(code) ?? code;
  }

  /** True for a code of a changed resident record code. */
  isAlias(code: string): boolean {
    return this.rows.get(this.rowCode(code))?.canonical !== undefined;
  }

  /** Makes an institution known. */
  know(institution: InstitutionCode): void {
    if (!this.issuances.has(institution)) this.issuances.set(institution, new Map());
  }

  /** Makes a person known; false where somebody has the code already. */
  add(own: string, generation: number): boolean {
    if (this.rows.has(own)) return false;
    this.rows.set(own, { generation });
    return true;
  }

  /**
   * Leads a new code to the person of an old one.
   *
   * @param isSwitched true when new codes are under the store key that a rotation has led to
   * @returns the codes that are on record from now on
   */
  change(
    oldCode: string,
    newCode: string,
    generation: number,
    isSwitched: boolean,
  ): [WriteOutcome, readonly string[]] {
    const own = this.ownCode(oldCode);
    if (this.ownCode(newCode) === own) return ['existed', []];
    if (this.rows.has(this.rowCode(newCode))) return ['conflict', []];
    const isNew = this.add(own, generation);
    this.rows.set(newCode, { generation, canonical: own });
    this.#aliases.set(own, [...this.#aliasesOf(own), newCode]);
    if (isSwitched && this.succession.successor(own) !== undefined) this.#ahead.add(newCode);
    return ['inserted', isNew ? [own, newCode] : [newCode]];
  }

  /** Deletes a person; gives the store codes that are gone with what the port tells. */
  remove(code: string): [RemovedPerson, readonly string[]] {
    const own = this.ownCode(code);
    const issuances = this.issuancesOf(own);
    for (const rows of this.issuances.values()) rows.delete(own);
    const codes = [own, ...this.#aliasesOf(own)].filter((one) => this.rows.delete(one));
    for (const one of codes) {
      this.succession.forget(one);
      this.#ahead.delete(one);
    }
    this.#aliases.delete(own);
    return [{ storeCodes: codes.length, issuances }, codes];
  }

  /** Records the successor of a code that a row is stored under. */
  succeed(row: string, successor: string): WriteOutcome {
    if (!this.rows.has(row)) return 'existed';
    return this.rows.has(successor) ? 'conflict' : this.succession.add(row, successor);
  }

  /** Gives successors of aliases to people who have none; says how many. */
  lendSuccessors(): number {
    let lent = 0;
    for (const [own, aliases] of this.#aliases) {
      if (this.succession.successor(own) !== undefined) continue;
      const [lender] = aliases.filter((alias) => this.succession.successor(alias) !== undefined).sort();
      if (lender === undefined) continue;
      const successor = this.succession.forget(lender) as string;
      this.succession.add(own, successor);
      lent++;
    }
    return lent;
  }

  /** Re-keys the rows of up to `limit` people; says how many store codes were replaced. */
  moveRows(limit: number, generation: number): number {
    const people = new Set<string>();
    for (const code of this.succession.codes()) {
      if (people.size === limit) break;
      people.add(this.ownCode(code));
    }
    let replaced = 0;
    for (const own of people) replaced += this.#movePerson(own, generation);
    return replaced;
  }

  /** What was issued to a person, by the character codes of the institutions. */
  issuancesOf(own: string): RemovedIssuance[] {
    return this.institutions().flatMap(([institution, rows]) => {
      const row = rows.get(own);
      return row === undefined ? [] : [{ institution, ...row }];
    });
  }

  /** By the character codes of the institutions. */
  institutions(): [InstitutionCode, Map<string, IssuanceRow>][] {
    return [...this.issuances].sort(([a], [b]) => (a < b ? -1 : 1));
  }

  #aliasesOf(own: string): readonly string[] {
    return this.#aliases.get(own) ?? [];
  }

  #movePerson(own: string, generation: number): number {
    const aliases = this.#aliasesOf(own);
    const successor = this.succession.forget(own);
    const canonical = successor ?? own;
    let replaced = 0;
    if (successor !== undefined) {
      this.rows.delete(own);
      this.rows.set(successor, { generation });
      for (const rows of this.issuances.values()) move(rows, own, successor);
      replaced++;
    }
    const kept = aliases.flatMap((alias) => {
      const row = this.rows.get(alias) as PersonRow;
      const next = this.succession.forget(alias);
      this.rows.delete(alias);
      const isAhead = this.#ahead.delete(alias);
      if (next === undefined && successor !== undefined && !isAhead) return [];
      if (next !== undefined) replaced++;
      const code = next ?? alias;
      this.rows.set(code, { generation: next === undefined ? row.generation : generation, canonical });
      return [code];
    });
    this.#aliases.delete(own);
    if (kept.length > 0) this.#aliases.set(canonical, kept);
    return replaced;
  }
}

function move<T>(rows: Map<string, T>, from: string, to: string): void {
  const row = rows.get(from);
  if (row !== undefined && rows.delete(from)) rows.set(to, row);
}
