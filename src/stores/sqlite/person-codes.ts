import type { Database, Statement } from 'better-sqlite3';
import { copyOf, row } from '../../bytes/packed.js';
import { CODE_LENGTH } from '../../codes/per-institution-code.js';
import type { HeldRows } from '../port.js';
import { orderCodes, SLICES, type Slices } from './ordered-codes.js';
import { storedCode } from './stored-values.js';
import { replaced, type Succession } from './succession.js';

/** Packed codes, each replaced by the one that the person's rows stand under. */
export interface OwnCodes extends Pick<HeldRows, 'canonical' | 'aliases'> {
  /** n × 24 bytes; the given ones when nothing was to be replaced. */
  readonly codes: Uint8Array;
}

const NO_CODES: ReadonlyMap<number, Uint8Array> = new Map();
const NO_ROWS: ReadonlySet<number> = new Set();

/**
 * Finds the person's own store code: of changed resident record codes, and of codes under either store key of a
 * rotation. Belongs inside a transaction with what uses it.
 */
export class PersonCodes {
  readonly #succession: Succession;
  readonly #anyAlias: Statement<[], number>;
  readonly #among: Statement<[Slices], readonly [place: number, own: unknown]>;
  readonly #ofOne: Statement<[Uint8Array], unknown>;

  constructor(database: Database, succession: Succession) {
    this.#succession = succession;
    this.#anyAlias = database
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

  /** The persons' own codes of packed codes. Costs next to nothing in a store without aliases and rotation. */
  ofAll(codes: Uint8Array): OwnCodes {
    if (!this.#succession.any()) {
      const canonical = this.#aliasesAmong(codes);
      return { codes: replaced(codes, canonical), canonical, aliases: rowsOf(canonical) };
    }
    const stored = replaced(codes, this.#succession.predecessors(codes));
    const aliases = this.#aliasesAmong(stored);
    const own = replaced(stored, aliases);
    const active = this.#succession.isSwitched() ? replaced(own, this.#succession.successors(own)) : own;
    const canonical = new Map<number, Uint8Array>();
    const held = Buffer.from(codes.buffer, codes.byteOffset, codes.byteLength);
    for (let k = 0; k < held.length / CODE_LENGTH; k++) {
      const start = k * CODE_LENGTH;
      if (held.compare(active, start, start + CODE_LENGTH, start, start + CODE_LENGTH) === 0) continue;
      canonical.set(k, copyOf(row(active, CODE_LENGTH, k)));
    }
    return { codes: own, canonical, aliases: rowsOf(aliases) };
  }

  /** The code that one person's rows stand under: another one for an alias, else where the code itself is stored. */
  ofOne(code: Uint8Array): Uint8Array {
    const stored = this.#succession.storedUnder(code);
    const own = this.#ofOne.get(stored);
    return own === undefined ? stored : storedCode(own);
  }

  #aliasesAmong(codes: Uint8Array): ReadonlyMap<number, Uint8Array> {
    if (this.#anyAlias.get() === 0) return NO_CODES;
    const { slices, givenAt } = orderCodes(codes);
    return new Map(this.#among.all(slices).map(([place, own]) => [givenAt(place), storedCode(own)]));
  }
}

function rowsOf(codes: ReadonlyMap<number, Uint8Array>): ReadonlySet<number> {
  return codes.size === 0 ? NO_ROWS : new Set(codes.keys());
}
