import { copyOf } from '../../bytes/packed.js';
import { packCodes } from '../../codes/packed-codes.js';
import { CODE_LENGTH } from '../../codes/per-institution-code.js';
import { throwIfAborted } from '../../errors/abort.js';
import type { InstitutionCode } from '../../subjects/institution-code.js';
import type { Operation } from '../operation.js';
import { distinctRows } from '../spill/distinct-rows.js';
import { PARTITIONS } from '../spill/partition-buffers.js';
import type { Spill } from '../spill/spill.js';
import { personPages, storePages } from '../store-pages.js';
import { SortedCodes } from './listed-codes.js';
import type { ListResolver } from './resolve-list.js';

/** Outcomes of the entries of a list. */
export const ONLY_THERE = 1;
const KNOWN_OR_REPEATED = 0;

/** Own store codes of people whom the list gives under a changed resident record code, by first byte. */
export type RenamedPeople = readonly Uint8Array[][];

/**
 * Holds each distinct code of a list against the store and writes down which are only there.
 *
 * @returns the people who are here and listed under a changed resident record code
 */
export async function resolveList<About>(
  spill: Spill<About>,
  resolver: ListResolver,
  signal: AbortSignal | undefined,
): Promise<RenamedPeople> {
  const renamed: Uint8Array[][] = Array.from({ length: PARTITIONS }, () => []);
  for (let partition = 0; partition < PARTITIONS; partition++) {
    throwIfAborted(signal);
    const { codes, firstRows, numbers } = distinctRows(spill.readPartitions(partition, partition + 1));
    const { isHere, canonical } = await resolver.resolve(codes, signal);
    const outcomes = new Uint8Array(numbers.length).fill(KNOWN_OR_REPEATED);
    firstRows.forEach((row, number) => {
      if (isHere[number] === 0) outcomes[row] = ONLY_THERE;
    });
    for (const own of canonical.values()) renamed[own[0] as number]?.push(copyOf(own));
    spill.appendOutcomes(partition, { outcomes, own: new Map() });
  }
  return renamed;
}

/** People of the store, and which of them are in the list. */
interface ComparedPage {
  /** n × 24 bytes: the persons' own store codes, in key order. */
  readonly storeCodes: Uint8Array;
  /** n bytes: 1 for who is in the list. */
  readonly isThere: Uint8Array;
}

/** Goes through the people of the store, or those with a code of an institution, beside the list. */
export async function* comparedPages<About>(
  { store, keys }: Operation,
  spill: Spill<About>,
  renamed: RenamedPeople,
  institution: InstitutionCode | undefined,
  limit: number,
  signal: AbortSignal | undefined,
): AsyncGenerator<ComparedPage, void, void> {
  const listed = new ListedPeople(spill, renamed);
  if (institution === undefined) {
    for await (const { storeCodes, canonical } of personPages(store, limit, keys.callOptions(signal))) {
      const own = withoutRows(storeCodes, canonical);
      yield { storeCodes: own, isThere: listed.findAll(own) };
    }
    return;
  }
  const pages = storePages((page) => store.issuances(institution, page), limit, keys.callOptions(signal));
  for await (const { storeCodes } of pages) yield { storeCodes, isThere: listed.findAll(storeCodes) };
}

/** The people of a list in key order, by their own store codes; one partition is in memory. */
class ListedPeople<About> {
  readonly #spill: Spill<About>;
  readonly #renamed: RenamedPeople;
  #partition = -1;
  #direct = new SortedCodes(new Uint8Array(0));
  #byOtherName = new SortedCodes(new Uint8Array(0));

  constructor(spill: Spill<About>, renamed: RenamedPeople) {
    this.#spill = spill;
    this.#renamed = renamed;
  }

  /** One byte a code: 1 for who is listed. Codes in key order, after those asked for before. */
  findAll(codes: Uint8Array): Uint8Array {
    const view = new DataView(codes.buffer, codes.byteOffset, codes.byteLength);
    return Uint8Array.from({ length: codes.length / CODE_LENGTH }, (_, row) => {
      const partition = view.getUint8(row * CODE_LENGTH);
      if (partition !== this.#partition) this.#turnTo(partition);
      const isDirect = this.#direct.find(view, row) !== undefined;
      return isDirect || this.#byOtherName.find(view, row) !== undefined ? 1 : 0;
    });
  }

  #turnTo(partition: number): void {
    this.#partition = partition;
    const codes = this.#spill.readPartitions(partition, partition + 1);
    this.#direct = new SortedCodes(distinctRows(codes).codes);
    this.#byOtherName = new SortedCodes(distinctRows(packCodes(this.#renamed[partition] ?? [])).codes);
  }
}

/** The codes whose rows a map does not name. */
function withoutRows(codes: Uint8Array, left: ReadonlyMap<number, unknown>): Uint8Array {
  if (left.size === 0) return codes;
  const kept = new Uint8Array(codes.length - left.size * CODE_LENGTH);
  let at = 0;
  for (let row = 0; row * CODE_LENGTH < codes.length; row++) {
    if (left.has(row)) continue;
    kept.set(codes.subarray(row * CODE_LENGTH, (row + 1) * CODE_LENGTH), at);
    at += CODE_LENGTH;
  }
  return kept;
}
