import { syntheticResidentTexts } from './residents.js';
import { switchInstitution } from './rotation-by-hand.js';
import type { SoftwareIssuer } from './software-issuer.js';

/** A list with everything a list may have, and what happened before it came. */
export interface Population {
  /** The residents, in order: texts, some of them no resident record codes, some twice. */
  readonly list: readonly string[];
  /** Residents that have a code of the institution's key version 1. */
  readonly issuedBefore: readonly string[];
  /** Changes of resident record codes; the person's codes were issued before under the old one, or not. */
  readonly changes: readonly { readonly old: string; readonly new: string }[];
}

const MALFORMED = ['', '1', '12345678901', '123456789012', 'abcdefghijk'];

/**
 * A population from numbers: of residents 0 to `size` − 1, which ones stand in the list, and what was before. Every
 * 5th was issued to before, every 7th has a changed code, which the list gives; every 11th stands in it twice; every
 * 13th entry is malformed.
 */
export function makePopulation(size: number, seed = 21): Population {
  const residents = syntheticResidentTexts(seed, 0, size);
  const renamed = syntheticResidentTexts(seed, size, size);
  const changes = residents.flatMap((old, n) => (n % 7 === 3 ? [{ old, new: renamed[n] as string }] : []));
  const list = residents.flatMap((resident, n) => {
    const given = n % 7 === 3 ? (renamed[n] as string) : resident;
    const entries = [given];
    if (n % 11 === 4) entries.push(given);
    if (n % 13 === 6) entries.push(MALFORMED[n % MALFORMED.length] as string);
    return entries;
  });
  // The second mention is to come much later than the first.
  list.push(...residents.filter((_, n) => n % 11 === 8 && n % 7 !== 3));
  return { list, issuedBefore: residents.filter((_, n) => n % 5 === 0), changes };
}

/** Lets happen what was before: codes under version 1, changes, then version 2 of the key. */
export async function liveThrough(
  world: Pick<SoftwareIssuer, 'issuer' | 'store' | 'vault'>,
  { issuedBefore, changes }: Population,
): Promise<void> {
  const { issuer } = world;
  await issuer.issueBatch('A1', {
    acquisitionNumbers: issuedBefore.map((_, n) => `E-${n}`),
    residents: issuedBefore,
  });
  await issuer.changeResidentRecordCodes({
    old: changes.map(({ old }) => old),
    new: changes.map((change) => change.new),
  });
  await switchInstitution(world, 'A1', 2);
  const half = issuedBefore.filter((_, n) => n % 2 === 0);
  await issuer.issueBatch('A1', { acquisitionNumbers: half.map((_, n) => `H-${n}`), residents: half });
}

/** Parts of a list. */
export function* inBatches<Item>(list: readonly Item[], size: number): Generator<Item[], void, void> {
  for (let first = 0; first < list.length; first += size) yield list.slice(first, first + size);
}
