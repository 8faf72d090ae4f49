import type { Issuer } from 'renkei';
import { count, perSecond, type Row } from './figures.js';
import type { Holder } from './holder.js';
import { PERIOD, residentsFrom } from './population.js';

const RECORD_CODES = 100;
const BATCH = 10_000;

/** Old codes of an institution that was concerned are refused, new ones are translated into what the other has now. */
export async function checkCodes(
  issuer: Issuer,
  holders: readonly Holder[],
  concerned: readonly Holder[],
): Promise<Row[]> {
  const [from] = concerned as [Holder];
  const [to] = holders.filter((one) => one !== from) as [Holder];
  const people = from.people.filter(
    (n) => from.newCode(n) !== undefined && from.oldCode(n) !== undefined && to.people.includes(n),
  );
  const ask = (codes: readonly (string | undefined)[]) =>
    issuer.translate(codes as string[], { from: from.code, to: to.code });
  const start = performance.now();
  const answers = await ask(people.map((n) => from.newCode(n)));
  const ms = performance.now() - start;
  for (const item of answers) {
    const n = people[item.index] as number;
    const expected = concerned.includes(to) ? to.newCode(n) : to.oldCode(n);
    if (item.status === 'translated' && item.code === expected) continue;
    throw new Error(`the delivered code of resident ${n} was not translated rightly`);
  }
  for (const item of await ask(people.map((n) => from.oldCode(n)))) {
    const isRetired = item.status === 'refused' && item.error === 'CODE_VERSION_RETIRED';
    if (!isRetired || item.version !== from.version)
      throw new Error('a retired code was not refused as such');
  }
  return [
    ['delivered codes presented, all translated', count(people.length), perSecond(people.length, ms)],
    [`old codes refused: CODE_VERSION_RETIRED, version ${from.version}`, count(people.length), ''],
  ];
}

/**
 * Everybody who was issued to, meanwhile too, has the code that a delivery says, or that was issued under the new
 * key.
 */
export async function checkEverybody(issuer: Issuer, concerned: readonly Holder[]): Promise<Row[]> {
  let checked = 0;
  for (const holder of concerned) {
    const { people } = holder;
    for (let k = 0; k < people.length; k += BATCH)
      await checkBatch(issuer, holder, people.slice(k, k + BATCH));
    checked += people.length;
  }
  return [['codes derived from the resident record code, all as delivered', count(checked), '']];
}

async function checkBatch(issuer: Issuer, holder: Holder, people: readonly number[]): Promise<void> {
  const residents = new Uint8Array(people.length * 11);
  for (const [k, n] of people.entries()) residents.set(residentsFrom(n, 1), k * 11);
  const request = { acquisitionNumbers: people.map((n) => `check-${n}`), residents };
  for (const item of await issuer.issueBatch(holder.code, request, { reissue: true })) {
    const n = people[item.index] as number;
    const code = item.status === 'already-issued' ? item.code : undefined;
    if (code !== undefined && code === holder.newCode(n)) continue;
    throw new Error(`resident ${n} has another code at ${holder.code} than was delivered`);
  }
}

/** Record codes of some residents, in hex. */
export async function recordCodesOf(issuer: Issuer, holders: readonly Holder[]): Promise<readonly string[]> {
  const [from] = holders as [Holder];
  const people = from.people.slice(0, RECORD_CODES);
  const codes = people.map((n) => from.newCode(n) ?? from.oldCode(n)) as string[];
  const { codes: packed } = await issuer.recordCodes(codes, { from: from.code, period: PERIOD });
  const hex = Buffer.from(packed).toString('hex');
  return codes.map((_, k) => hex.slice(48 * k, 48 * (k + 1)));
}

/** The record codes of now are those that were delivered for the ones of before. */
export async function checkRecordCodes(
  issuer: Issuer,
  holders: readonly Holder[],
  before: readonly string[],
  delivered: ReadonlyMap<string, string>,
): Promise<void> {
  if (before.length === 0) return;
  const now = await recordCodesOf(issuer, holders);
  if (before.some((code, k) => delivered.get(code) !== now[k])) {
    throw new Error('a record code is another than was delivered');
  }
}
