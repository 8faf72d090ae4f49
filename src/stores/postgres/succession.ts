import { codeAt, packCodes } from '../../codes/packed-codes.js';
import { CODE_LENGTH } from '../../codes/per-institution-code.js';
import { RenkeiError } from '../../errors/renkei-error.js';
import { codeTexts } from '../code-texts.js';
import { keyOrder } from '../key-order.js';
import type { PageRequest, WriteOutcome } from '../port.js';
import type { KnownSuccessors, SuccessorPairs } from '../rotation-port.js';
import { ANY_GIVEN, GIVEN } from './given.js';
import { knownRows } from './lookups.js';
import { predecessorsOf, successorsOf } from './own-codes.js';
import type { Statement, Transaction } from './transaction.js';

const INSERT_SUCCESSORS: Statement = {
  name: 'insert-successors',
  text: `INSERT INTO succession (old_code, new_code)
    SELECT code, substring($2::bytea FROM i * ${CODE_LENGTH} + 1 FOR ${CODE_LENGTH}) FROM ${GIVEN}
    ON CONFLICT DO NOTHING`,
};
const WITHOUT_SUCCESSOR: Statement = {
  name: 'without-successor',
  text: `SELECT coalesce(string_agg(store_code, ''), '') AS packed
    FROM (SELECT store_code FROM person WHERE canonical IS NULL AND store_code > $1::bytea
      AND NOT EXISTS (SELECT FROM succession WHERE old_code = store_code)
      ORDER BY store_code LIMIT $2::integer) AS page`,
};
/** The lowest alias that has a successor, of each person who has none. */
const LEND: Statement = {
  name: 'lend-successors',
  text: `UPDATE succession SET old_code = lender.canonical FROM (
      SELECT alias.canonical, min(encode(alias.store_code, 'hex')) AS alias
      FROM person AS alias JOIN succession AS own ON own.old_code = alias.store_code
      WHERE alias.canonical IS NOT NULL AND NOT EXISTS (SELECT FROM succession WHERE old_code = alias.canonical)
      GROUP BY alias.canonical
    ) AS lender WHERE old_code = decode(lender.alias, 'hex')`,
};
/** The codes that follow the one that was reached last. */
const PAGE: Statement = {
  name: 'succession-page',
  text: `SELECT coalesce(string_agg(old_code, ''), '') AS packed FROM (
      SELECT old_code FROM succession WHERE old_code > (SELECT reached FROM rotation_state)
      ORDER BY old_code LIMIT $1::integer
    ) AS page`,
};
const REACH: Statement = { name: 'reach', text: 'UPDATE rotation_state SET reached = $1::bytea' };
const FORGET: Statement = {
  name: 'forget-successors',
  text: `DELETE FROM succession WHERE old_code = ${ANY_GIVEN}`,
};
const ANY: Statement = {
  name: 'any-successor',
  text: 'SELECT EXISTS (SELECT FROM succession) AS found',
};

interface Packed {
  readonly packed: Uint8Array;
}

/** Records successors of people the store knows. */
export function succeed(transaction: Transaction, pairs: SuccessorPairs): Promise<WriteOutcome[]> {
  if (transaction.situation.outlook.successor === undefined) {
    throw new RenkeiError(
      'OPTION_INVALID',
      'succeed: no rotation before its switch leads to another store key',
    );
  }
  return recordSuccessors(transaction, pairs);
}

/** The same, where a rotation is known to lead to another store key. Pairs are served one after the other. */
export async function recordSuccessors(
  transaction: Transaction,
  pairs: SuccessorPairs,
): Promise<WriteOutcome[]> {
  const { oldCodes, newCodes } = pairs;
  const outcomes = await outcomesOf(transaction, oldCodes, newCodes);
  const inserted = outcomes.flatMap((outcome, k) => (outcome === 'inserted' ? [k] : []));
  if (inserted.length === 0) return outcomes;
  const rows = [...keyOrder(oldCodes)].filter((k) => outcomes[k] === 'inserted');
  const picked = (codes: Uint8Array) => packCodes(rows.map((k) => codeAt(codes, k)));
  const [from, to] = [picked(oldCodes), picked(newCodes)];
  if ((await transaction.write(INSERT_SUCCESSORS, from, to)) === rows.length) return outcomes;
  // Another worker came between. What it has committed can be seen now.
  const recorded = await successorsOf(transaction, from);
  rows.forEach((row, k) => {
    const isSo = Buffer.from(codeAt(to, k)).equals(recorded.get(k) ?? new Uint8Array(0));
    if (!isSo) outcomes[row] = 'conflict';
  });
  return outcomes;
}

async function outcomesOf(
  transaction: Transaction,
  oldCodes: Uint8Array,
  newCodes: Uint8Array,
): Promise<WriteOutcome[]> {
  const [oldTexts, newTexts] = [codeTexts(oldCodes), codeTexts(newCodes)];
  const known = await knownRows(transaction, oldCodes);
  const taken = await knownRows(transaction, newCodes);
  const textOf = (code: Uint8Array) => codeTexts(code)[0] as string;
  const successors = new Map<string, string>();
  for (const [k, code] of await successorsOf(transaction, oldCodes)) {
    successors.set(oldTexts[k] as string, textOf(code));
  }
  const successorsSoFar = new Set(
    [...(await predecessorsOf(transaction, newCodes)).keys()].map((k) => newTexts[k] as string),
  );
  return oldTexts.map((oldCode, k): WriteOutcome => {
    const newCode = newTexts[k] as string;
    if (!known.has(k)) return 'existed';
    if (taken.has(k)) return 'conflict';
    const recorded = successors.get(oldCode);
    if (recorded !== undefined || successorsSoFar.has(newCode)) {
      return recorded === newCode ? 'existed' : 'conflict';
    }
    successors.set(oldCode, newCode);
    successorsSoFar.add(newCode);
    return 'inserted';
  });
}

/** What is recorded of the successors of codes. */
export async function successors(transaction: Transaction, oldCodes: Uint8Array): Promise<KnownSuccessors> {
  const found = await successorsOf(transaction, oldCodes);
  const newCodes = new Uint8Array(oldCodes.length);
  const missing: number[] = [];
  for (let k = 0; k < oldCodes.length / CODE_LENGTH; k++) {
    const code = found.get(k);
    if (code === undefined) missing.push(k);
    else newCodes.set(code, k * CODE_LENGTH);
  }
  return { newCodes, missing };
}

/** Persons' own codes that have no successor. */
export async function withoutSuccessor(transaction: Transaction, page: PageRequest): Promise<Uint8Array> {
  const after = page.after ?? new Uint8Array(0);
  await transaction.takeTime();
  return (await transaction.row<Packed>(WITHOUT_SUCCESSOR, after, page.limit)).packed;
}

/** Gives successors of aliases to people who have none, in a transaction that is alone. */
export async function lendSuccessors(transaction: Transaction): Promise<number> {
  if (transaction.situation.outlook.successor === undefined) return 0;
  await transaction.takeTime();
  return transaction.write(LEND);
}

/** Forgets successors while they are being discarded, in a transaction that is alone. */
export async function discardSuccessors(transaction: Transaction, limit: number): Promise<number> {
  if (transaction.situation.succession?.status !== 'aborting') return 0;
  return forgetSuccessors(transaction, await nextSuccession(transaction, limit));
}

/**
 * The next old codes in their order, packed. Where the last page ended is kept, since what was deleted before it would
 * else be passed over by the index again and again; after the last code it begins anew.
 */
export async function nextSuccession(transaction: Transaction, limit: number): Promise<Uint8Array> {
  let { packed } = await transaction.row<Packed>(PAGE, limit);
  if (packed.length === 0) {
    await transaction.write(REACH, new Uint8Array(0));
    ({ packed } = await transaction.row<Packed>(PAGE, limit));
  }
  if (packed.length > 0) await transaction.write(REACH, packed.subarray(-CODE_LENGTH));
  return packed;
}

/** Forgets the successors of codes; says how many there were. */
export async function forgetSuccessors(transaction: Transaction, oldCodes: Uint8Array): Promise<number> {
  return oldCodes.length === 0 ? 0 : transaction.write(FORGET, oldCodes);
}

/** True while a successor is recorded. */
export async function anySuccessor(transaction: Transaction): Promise<boolean> {
  return (await transaction.row<{ found: boolean }>(ANY)).found;
}
