import { RenkeiError } from '../errors/renkei-error.js';
import type { PageRequest, WriteOutcome } from '../stores/port.js';
import type { KnownSuccessors, SuccessorPairs } from '../stores/rotation-port.js';
import { hexRows } from './answers.js';
import { byText, bytes, ModelRows, pageOf } from './model-rows.js';

/** Codes under two store keys in the model. */
export class ModelSuccession extends ModelRows {
  async succeed({ oldCodes, newCodes }: SuccessorPairs): Promise<readonly WriteOutcome[]> {
    if (oldCodes.length > 0 && this.rotationList.outlook().successor === undefined) {
      throw new RenkeiError('OPTION_INVALID', 'no rotation leads to another store key');
    }
    const successors = hexRows(newCodes);
    return hexRows(oldCodes).map((code, k) => this.pair(code, successors[k] as string));
  }

  async successors(oldCodes: Uint8Array): Promise<KnownSuccessors> {
    const found = hexRows(oldCodes).map((code) => this.successor(code));
    return {
      newCodes: bytes(found.map((successor) => successor ?? '00'.repeat(24)).join('')),
      missing: found.flatMap((successor, k) => (successor === undefined ? [k] : [])),
    };
  }

  async withoutSuccessor(page: PageRequest): Promise<Uint8Array> {
    const people = this.personRows.filter(
      ({ code, own }) => code === own && this.successor(code) === undefined,
    );
    return bytes(
      pageOf(people, ({ code }) => code, page)
        .map(({ code }) => code)
        .join(''),
    );
  }

  async lendSuccessors(): Promise<number> {
    if (this.rotationList.outlook().successor === undefined) return 0;
    let lent = 0;
    for (const { code: own } of this.personRows.filter((person) => person.code === person.own)) {
      const codes = this.personRows.filter((person) => person.own === own).map(({ code }) => code);
      const [lender] = codes.filter((code) => this.successor(code) !== undefined).sort(byText);
      if (lender === undefined || this.successor(own) !== undefined) continue;
      this.pairRows = this.pairRows.map(([code, successor]) => [code === lender ? own : code, successor]);
      lent++;
    }
    return lent;
  }

  async moveRows(limit: number): Promise<number> {
    const target = this.rotationList.successorIn('retiring');
    const inPairs = this.pairRows.map(([code]) => this.own(code));
    const people = target === undefined ? [] : [...new Set(inPairs)].slice(0, limit);
    let replaced = 0;
    for (const own of people) {
      const next = this.successor(own);
      const codes = this.personRows.filter((person) => person.own === own).map(({ code }) => code);
      this.issuanceRows = this.issuanceRows.map((row) =>
        row.own === own ? { ...row, own: next ?? own } : row,
      );
      this.personRows = this.personRows.flatMap((person) => {
        if (person.own !== own) return [person];
        const moved = this.successor(person.code);
        const owner = next ?? own;
        if (moved !== undefined) {
          replaced++;
          return [{ code: moved, own: owner, generation: target?.generation as number }];
        }
        if (next === undefined) return [{ ...person, own: owner }];
        return person.isAhead === true
          ? [{ code: person.code, own: owner, generation: person.generation }]
          : [];
      });
      this.pairRows = this.pairRows.filter(([code]) => !codes.includes(code));
    }
    return replaced;
  }

  async discardSuccessors(limit: number): Promise<number> {
    if (this.rotationList.successorIn('aborting') === undefined) return 0;
    return this.pairRows.splice(0, limit).length;
  }
}
