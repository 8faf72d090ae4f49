import type { Database, Statement } from 'better-sqlite3';
import { CODE_LENGTH } from '../../codes/per-institution-code.js';
import { orderCodes, SLICES, type Slices } from './ordered-codes.js';
import { storedCode } from './stored-values.js';

/** Packed codes with every alias replaced. */
export interface OwnCodes {
  /** n × 24 bytes: the persons' own codes; the given ones when no alias is among them. */
  readonly codes: Uint8Array;
  /** By row, the person's own code where an alias was given. */
  readonly canonical: ReadonlyMap<number, Uint8Array>;
}

const NONE: ReadonlyMap<number, Uint8Array> = new Map();

/** Finds the person's own store code of changed resident record codes. Belongs inside a transaction with what uses it. */
export class Aliases {
  readonly #any: Statement<[], number>;
  readonly #among: Statement<[Slices], readonly [place: number, own: unknown]>;
  readonly #ofOne: Statement<[Uint8Array], unknown>;

  constructor(database: Database) {
    this.#any = database
      .prepare<[], number>(
        'SELECT EXISTS (SELECT 1 FROM person INDEXED BY alias WHERE canonical IS NOT NULL)',
      )
      .pluck();
    this.#among = database
      .prepare<[Slices], readonly [number, unknown]>(
        `SELECT i, canonical FROM (${SLICES}) CROSS JOIN person INDEXED BY alias
          WHERE store_code = code AND canonical IS NOT NULL`,
      )
      .raw();
    this.#ofOne = database
      .prepare<[Uint8Array], unknown>(
        'SELECT canonical FROM person INDEXED BY alias WHERE store_code = ? AND canonical IS NOT NULL',
      )
      .pluck();
  }

  /** The persons' own codes of packed codes. Costs next to nothing in a store without aliases. */
  ownCodes(codes: Uint8Array): OwnCodes {
    if (this.#any.get() === 0) return { codes, canonical: NONE };
    const { slices, givenAt } = orderCodes(codes);
    const found = this.#among.all(slices);
    if (found.length === 0) return { codes, canonical: NONE };
    const canonical = new Map(found.map(([place, own]) => [givenAt(place), storedCode(own)]));
    const ownCodes = codes.slice();
    for (const [row, own] of canonical) ownCodes.set(own, row * CODE_LENGTH);
    return { codes: ownCodes, canonical };
  }

  /** The person's own code of one code: another one for an alias, else the code itself. */
  ownCode(code: Uint8Array): Uint8Array {
    const own = this.#ofOne.get(code);
    return own === undefined ? code : storedCode(own);
  }
}
