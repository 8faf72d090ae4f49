import {
  type IssuanceStore,
  type Issuer,
  openIssuer,
  openRotations,
  type RotationRequest,
  type Vault,
} from 'renkei';
import { openSoftwareVault } from 'renkei/software';
import { auditPair } from '../../support/audit-pair.js';
import { testKeys } from '../../support/named-keys.js';
import { referenceCode } from '../../support/reference.js';
import { externalForm } from '../../support/reference-rk1.js';
import { syntheticResidentTexts } from '../../support/residents.js';
import { openStore, type StorePlace } from '../crash/places.js';

/** Institutions of the stores that are re-keyed. */
export const INSTITUTIONS = ['A1', 'B2'] as const;
export type Institution = (typeof INSTITUTIONS)[number];

export const AUDIT_KEY = 'audit/1';

/** Keys of no secrecy whatever, of before and after, the same in every process. */
export const KEYS = testKeys([
  ...[1, 2].flatMap((version) => [`link/${version}`, `store/${version}`]),
  ...INSTITUTIONS.flatMap((code) => [`institution/${code}/1`, `institution/${code}/2`]),
]);

/** What of a rotation's plan says how its work is divided. */
interface DividedPlan {
  readonly successionParts: number;
  readonly deliveries: readonly object[];
}

/** Parts of each delivery, and of the successors. */
const PARTS = 12;
const RESIDENTS_SEED = 23;
const BATCH_ROWS = 500;
/** Every so many people the resident record code was changed, or the person was deleted. */
const CHANGED = 20;
const REMOVED = 33;
/** Number of the resident record code that comes after one that was changed. */
const CHANGED_TO = 1_000_000;

/** What is re-keyed, by the name a round has. */
export const REQUESTS = {
  institution: { kind: 'institution', institution: 'A1' },
  store: { kind: 'store' },
  generation: { kind: 'generation', source: 'store' },
  list: { kind: 'generation', source: 'list' },
} as const satisfies Record<string, RotationRequest>;
export type RoundKind = keyof typeof REQUESTS;

export function openVault(): Promise<Vault> {
  return openSoftwareVault({ keys: { ...KEYS, [AUDIT_KEY]: auditPair(AUDIT_KEY) } });
}

export function residentText(number: number): string {
  return syntheticResidentTexts(RESIDENTS_SEED, number, 1)[0] as string;
}

/** A store with people, on which a rotation was begun. */
export interface Begun {
  readonly people: number;
  /** Number of the rotation. */
  readonly rotation: number;
}

/**
 * Fills an empty store: people at one institution or both, changed resident record codes and deletions; some before the
 * rotation is begun, some after.
 */
export async function makeStore(place: StorePlace, kind: RoundKind, people: number): Promise<Begun> {
  const store = await openStore(place);
  try {
    const vault = await openVault();
    const issuer = await openIssuer({ vault, store });
    for (const institution of INSTITUTIONS) await issuer.registerInstitution(institution);
    const rotations = await openRotations({ vault, store, auditKey: AUDIT_KEY });
    await settle(issuer, 0, before(people));
    divide(store);
    const { id } = await rotations.begin(REQUESTS[kind]);
    await settle(issuer, before(people), people);
    return { people, rotation: id };
  } finally {
    await store.close();
  }
}

/** True for a person who is on record. */
export function isKnown(number: number): boolean {
  return number % REMOVED !== REMOVED - 1;
}

/** True for an institution that has a code of a person on record. */
export function holds(institution: Institution, number: number): boolean {
  return number % 3 !== INSTITUTIONS.indexOf(institution);
}

/** The delivered list: the resident record codes of today, in batches. */
export function* currentResidents(people: number): Generator<string[]> {
  for (let first = 0; first < people; first += BATCH_ROWS) {
    const numbers = range(first, Math.min(first + BATCH_ROWS, people)).filter(isKnown);
    yield numbers.map((number) => residentText(isChanged(number) ? CHANGED_TO + number : number));
  }
}

/**
 * The resident record code that a person's codes of a generation are made from: with a delivered list the one of
 * today, of those who were there before the rotation.
 */
export function rootOf(number: number, people: number, kind: RoundKind, generation: number): number {
  const isOfList = kind === 'list' && generation === 2 && number < before(people) && isChanged(number);
  return isOfList ? CHANGED_TO + number : number;
}

/**
 * The code in external form that an institution is to get, by the reference of docs/spec.md: it shares no line with
 * the library.
 */
export function codeOf(
  number: number,
  institution: Institution,
  version: number,
  generation: number,
): string {
  const code = referenceCode(KEYS, residentText(number), `institution/${institution}/${version}`, generation);
  return externalForm(version, code);
}

/** Divides the work of rotations that are begun into more parts than so few people would have. */
function divide(store: IssuanceStore): void {
  const begin = store.beginRotation.bind(store);
  store.beginRotation = (rotation, options) => {
    const plan = JSON.parse(rotation.plan) as DividedPlan;
    const deliveries = plan.deliveries.map((delivery) => ({ ...delivery, parts: PARTS }));
    const successionParts = plan.successionParts > 0 ? PARTS : 0;
    return begin(
      {
        ...rotation,
        parts: successionParts + PARTS * deliveries.length,
        plan: JSON.stringify({ ...plan, successionParts, deliveries }),
      },
      options,
    );
  };
}

async function settle(issuer: Issuer, from: number, to: number): Promise<void> {
  const numbers = range(from, to);
  for (const institution of INSTITUTIONS) {
    const holders = numbers.filter((number) => holds(institution, number));
    for (let k = 0; k < holders.length; k += BATCH_ROWS) {
      const batch = holders.slice(k, k + BATCH_ROWS);
      const acquisitionNumbers = batch.map((number) => `N${number}`);
      await issuer.issueBatch(institution, { acquisitionNumbers, residents: batch.map(residentText) });
    }
  }
  const changed = numbers.filter(isChanged);
  await issuer.changeResidentRecordCodes({
    old: changed.map(residentText),
    new: changed.map((number) => residentText(CHANGED_TO + number)),
  });
  await issuer.removePersons(numbers.filter((number) => !isKnown(number)).map(residentText));
}

/** How many of the people are there before the rotation is begun. */
function before(people: number): number {
  return Math.ceil(people * 0.9);
}

function isChanged(number: number): boolean {
  return number % CHANGED === 0;
}

function range(from: number, to: number): number[] {
  return Array.from({ length: to - from }, (_, k) => from + k);
}
