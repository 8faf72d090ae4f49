import type { Database, Statement } from 'better-sqlite3';
import { CODE_LENGTH } from '../../codes/per-institution-code.js';
import { orderCodes, SLICES, type Slices } from './ordered-codes.js';
import { storedCode } from './stored-values.js';

type Found = readonly [place: number, code: unknown];
export type CodesByRow = Map<number, Uint8Array>;

/**
 * Store codes under the old and the new store key of a rotation: rows stand under the old one until they are moved. A
 * code that leads to itself is of a row that was written under the new key while its person was still under the old.
 * Belongs inside a transaction with what uses it.
 */
export class Succession {
  readonly #any: Statement<[], number>;
  readonly #isSwitched: Statement<[], number>;
  readonly #predecessors: Statement<[Slices], Found>;
  readonly #successors: Statement<[Slices], Found>;
  readonly #predecessor: Statement<[Uint8Array], unknown>;
  readonly #hasSuccessor: Statement<[Uint8Array], number>;
  readonly #insert: Statement<[Uint8Array, Uint8Array]>;
  readonly #delete: Statement<[Uint8Array]>;

  constructor(database: Database) {
    this.#any = database.prepare<[], number>('SELECT EXISTS (SELECT 1 FROM succession)').pluck();
    this.#isSwitched = database
      .prepare<[], number>(
        `SELECT EXISTS (SELECT 1 FROM rotation
                         WHERE store_key_version IS NOT NULL AND status IN ('switched', 'retiring'))`,
      )
      .pluck();
    this.#predecessors = database
      .prepare<[Slices], Found>(
        `SELECT i, old_code FROM (${SLICES}) CROSS JOIN succession WHERE new_code = code AND old_code <> code`,
      )
      .raw();
    this.#successors = database
      .prepare<[Slices], Found>(
        `SELECT i, new_code FROM (${SLICES}) CROSS JOIN succession WHERE old_code = code AND new_code <> code`,
      )
      .raw();
    this.#predecessor = database
      .prepare<[Uint8Array], unknown>('SELECT old_code FROM succession WHERE new_code = ?')
      .pluck();
    this.#hasSuccessor = database
      .prepare<[Uint8Array], number>('SELECT EXISTS (SELECT 1 FROM succession WHERE old_code = ?)')
      .pluck();
    this.#insert = database.prepare('INSERT INTO succession VALUES (?, ?) ON CONFLICT DO NOTHING');
    this.#delete = database.prepare('DELETE FROM succession WHERE old_code = ?');
  }

  /** False in a store without a rotation of its key: then nothing else need be asked. */
  any(): boolean {
    return this.#any.get() === 1;
  }

  /** True when the new store key is the active one. */
  isSwitched(): boolean {
    return this.#isSwitched.get() === 1;
  }

  /** By row, the code that a code under the new key is stored under. */
  predecessors(codes: Uint8Array): CodesByRow {
    return byRow(codes, this.#predecessors);
  }

  /** By row, the code under the new key of what is stored under the old one. */
  successors(codes: Uint8Array): CodesByRow {
    return byRow(codes, this.#successors);
  }

  /** The code that one code is stored under. */
  storedUnder(code: Uint8Array): Uint8Array {
    const old = this.#predecessor.get(code);
    return old === undefined ? code : storedCode(old);
  }

  /** True when the row of this code is yet to be moved. */
  hasSuccessor(code: Uint8Array): boolean {
    return this.#hasSuccessor.get(code) === 1;
  }

  /** Records a successor; false when that of either code is recorded. */
  record(oldCode: Uint8Array, newCode: Uint8Array): boolean {
    return this.#insert.run(oldCode, newCode).changes === 1;
  }

  forget(oldCode: Uint8Array): void {
    this.#delete.run(oldCode);
  }
}

function byRow(codes: Uint8Array, select: Statement<[Slices], Found>): CodesByRow {
  const { slices, givenAt } = orderCodes(codes);
  return new Map(select.all(slices).map(([place, code]) => [givenAt(place), storedCode(code)]));
}

/** Packed codes with some rows replaced: a copy, or the given ones when none is. */
export function replaced(codes: Uint8Array, rows: ReadonlyMap<number, Uint8Array>): Uint8Array {
  if (rows.size === 0) return codes;
  // Not `slice`, which copies nothing of a Buffer.
  const changed = new Uint8Array(codes);
  for (const [row, code] of rows) changed.set(code, row * CODE_LENGTH);
  return changed;
}
