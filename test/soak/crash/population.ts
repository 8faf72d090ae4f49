import { testKeys } from '../../support/named-keys.js';
import { referenceCode } from '../../support/reference.js';
import { externalForm } from '../../support/reference-rk1.js';
import { syntheticResidents, syntheticResidentTexts } from '../../support/residents.js';

/** Institutions of the soak. */
export const INSTITUTIONS: readonly string[] = ['A1', 'B2'];

/** Resident record codes of one lineage: those that changes may make one person's. */
export const LINEAGE_CODES = 4;

const RESIDENTS_SEED = 17;

/** Keys of no secrecy whatever, the same in every process of the soak. */
export const SOAK_KEYS = testKeys([
  'link/1',
  'store/1',
  ...INSTITUTIONS.map((code) => `institution/${code}/1`),
]);

/** Resident record codes of these numbers, packed. */
export function residentsOf(numbers: readonly number[]): Uint8Array {
  return Buffer.concat(numbers.map((number) => syntheticResidents(RESIDENTS_SEED, number, 1)));
}

/** A resident record code as a text. */
export function residentText(number: number): string {
  return syntheticResidentTexts(RESIDENTS_SEED, number, 1)[0] as string;
}

/** Who is who, by the reference of docs/spec.md: it shares no line with the library. */
export class Population {
  readonly #storeCodes = new Map<number, string>();
  readonly #residents = new Map<string, number>();
  readonly #texts = new Map<string, string>();

  /** Makes these resident record codes known by their store codes. */
  add(numbers: readonly number[]): void {
    for (const number of numbers) {
      if (this.#storeCodes.has(number)) continue;
      const code = Buffer.from(referenceCode(SOAK_KEYS, residentText(number), 'store/1')).toString('hex');
      this.#storeCodes.set(number, code);
      this.#residents.set(code, number);
    }
  }

  /** Which resident record code this store code is of; `undefined` for one nobody has asked for. */
  residentOf(storeCode: Uint8Array): number | undefined {
    return this.#residents.get(Buffer.from(storeCode).toString('hex'));
  }

  /** The code in external form that an institution is to get. */
  codeOf(number: number, institution: string): string {
    const key = `${number} ${institution}`;
    const known = this.#texts.get(key);
    if (known !== undefined) return known;
    const code = referenceCode(SOAK_KEYS, residentText(number), `institution/${institution}/1`);
    const text = externalForm(1, code);
    this.#texts.set(key, text);
    return text;
  }
}
