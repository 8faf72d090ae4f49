import { parseKeyName } from '../codes/key-names.js';
import { RenkeiError } from '../errors/renkei-error.js';
import type {
  ChangeBatch,
  HeldRows,
  IssuanceBatch,
  IssuanceDetails,
  IssuancePage,
  IssuanceStatistic,
  IssuanceStore,
  KeyRecord,
  PageRequest,
  PersonPage,
  RemovedPerson,
  StoreCounts,
  StoreFinding,
  WriteOutcome,
} from '../stores/port.js';
import type { InstitutionCode } from '../subjects/institution-code.js';
import { hex, hexRows } from './answers.js';

interface Person {
  readonly code: string;
  readonly own: string;
  readonly generation: number;
}

interface Issuance {
  readonly institution: InstitutionCode;
  readonly own: string;
  readonly keyVersion: number;
  readonly issuedAt: number;
}

const JAPAN_AHEAD_MS = 32_400_000;
const byText = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0);
const bytes = (text: string) => Uint8Array.from(Buffer.from(text, 'hex'));

/** What a store can be asked. */
export type StoreCalls = Omit<IssuanceStore, 'close' | typeof Symbol.asyncDispose>;

/**
 * The reference that stores are held against: plain lists searched from the front, nothing clever, and nothing shared
 * with the memory store. It is asked well-formed questions only, one at a time.
 */
export class ModelStore implements StoreCalls {
  #keys: KeyRecord[] = [];
  #persons: Person[] = [];
  #issuances: Issuance[] = [];

  async begin(records: readonly KeyRecord[]): Promise<WriteOutcome> {
    const begunWith = this.#keys.filter(({ name }) => /^(link|store)\//.test(name));
    if (begunWith.length > 0) {
      const texts = (keys: readonly KeyRecord[]) =>
        keys.map((key) => `${key.name} ${key.fingerprint}`).sort();
      return texts(begunWith).join() === texts(records).join() ? 'existed' : 'conflict';
    }
    const all = [...this.#keys, ...records];
    for (const values of [all.map(({ name }) => name), all.map(({ fingerprint }) => fingerprint)]) {
      if (new Set<string>(values).size < values.length) return 'conflict';
    }
    this.#keys.push(...records);
    return 'inserted';
  }

  async registerKey(record: KeyRecord): Promise<WriteOutcome> {
    const named = this.#keys.find(({ name }) => name === record.name);
    const like = this.#keys.find(({ fingerprint }) => fingerprint === record.fingerprint);
    if (named !== undefined && named === like) return 'existed';
    if (named !== undefined || like !== undefined) return 'conflict';
    this.#keys.push(record);
    return 'inserted';
  }

  async listKeys(): Promise<readonly KeyRecord[]> {
    return this.#keys.toSorted((a, b) => byText(a.name, b.name));
  }

  async issue({
    institution,
    storeCodes,
    keyVersion,
    generation,
    issuedAt,
  }: IssuanceBatch): Promise<HeldRows> {
    return this.#held(institution, storeCodes, (own) => {
      const held = this.#issuance(institution, own);
      if (held !== undefined) return held.keyVersion;
      if (this.#person(own) === undefined) this.#persons.push({ code: own, own, generation });
      this.#issuances.push({ institution, own, keyVersion, issuedAt });
      return 0;
    });
  }

  async lookUp(institution: InstitutionCode, storeCodes: Uint8Array): Promise<HeldRows> {
    return this.#held(institution, storeCodes, (own) => this.#issuance(institution, own)?.keyVersion ?? 0);
  }

  async details(
    institution: InstitutionCode,
    storeCodes: Uint8Array,
  ): Promise<readonly (IssuanceDetails | undefined)[]> {
    if (storeCodes.length > 0) this.#mustKnow(institution);
    return hexRows(storeCodes).map((code) => {
      const own = this.#own(code);
      const row = this.#issuance(institution, own);
      if (row === undefined) return undefined;
      const generation = this.#person(own)?.generation ?? 0;
      return { keyVersion: row.keyVersion, generation, issuedAt: row.issuedAt };
    });
  }

  async holders(storeCodes: Uint8Array): Promise<readonly (readonly InstitutionCode[])[]> {
    return hexRows(storeCodes).map((code) =>
      this.#issuancesOf(this.#own(code)).map(({ institution }) => institution),
    );
  }

  async change({ generation, oldCodes, newCodes }: ChangeBatch): Promise<readonly WriteOutcome[]> {
    const wanted = hexRows(newCodes);
    return hexRows(oldCodes).map((oldCode, k) => {
      const code = wanted[k] as string;
      const own = this.#own(oldCode);
      if (this.#own(code) === own) return 'existed';
      if (this.#person(code) !== undefined) return 'conflict';
      if (this.#person(own) === undefined) this.#persons.push({ code: own, own, generation });
      this.#persons.push({ code, own, generation });
      return 'inserted';
    });
  }

  async remove(storeCodes: Uint8Array): Promise<readonly RemovedPerson[]> {
    return hexRows(storeCodes).map((code) => {
      const own = this.#own(code);
      const removed = {
        storeCodes: this.#persons.filter((person) => person.own === own).length,
        issuances: this.#issuancesOf(own).map(({ institution, keyVersion, issuedAt }) => ({
          institution,
          keyVersion,
          issuedAt,
        })),
      };
      this.#persons = this.#persons.filter((person) => person.own !== own);
      this.#issuances = this.#issuances.filter((row) => row.own !== own);
      return removed;
    });
  }

  async persons(page: PageRequest): Promise<PersonPage> {
    const rows = pageOf(this.#persons, ({ code }) => code, page);
    return {
      storeCodes: bytes(rows.map(({ code }) => code).join('')),
      generations: Uint8Array.from(rows, ({ generation }) => generation),
      canonical: new Map(
        rows.flatMap(({ code, own }, k) => (code === own ? [] : [[k, bytes(own)] as const])),
      ),
    };
  }

  async issuances(institution: InstitutionCode, page: PageRequest): Promise<IssuancePage> {
    this.#mustKnow(institution);
    const ofInstitution = this.#issuances.filter((row) => row.institution === institution);
    const rows = pageOf(ofInstitution, ({ own }) => own, page);
    return {
      storeCodes: bytes(rows.map(({ own }) => own).join('')),
      keyVersions: Uint8Array.from(rows, ({ keyVersion }) => keyVersion),
    };
  }

  async statistics(): Promise<readonly IssuanceStatistic[]> {
    const statistics: { -readonly [K in keyof IssuanceStatistic]: IssuanceStatistic[K] }[] = [];
    for (const { institution, keyVersion, issuedAt } of this.#issuances) {
      const day = new Date(issuedAt + JAPAN_AHEAD_MS).toISOString().slice(0, 10);
      const known = statistics.find(
        (one) => one.institution === institution && one.keyVersion === keyVersion && one.day === day,
      );
      if (known !== undefined) known.issued++;
      else statistics.push({ institution, keyVersion, day, issued: 1 });
    }
    return statistics.sort(
      (a, b) => byText(a.institution, b.institution) || a.keyVersion - b.keyVersion || byText(a.day, b.day),
    );
  }

  async check(): Promise<readonly StoreFinding[]> {
    const recorded = (name: string) => this.#keys.some((key) => key.name === name);
    const persons = this.#persons.filter(({ generation }) => !recorded(`link/${generation}`)).length;
    const issuances = this.#issuances.filter(
      ({ institution, keyVersion }) => !recorded(`institution/${institution}/${keyVersion}`),
    ).length;
    const findings: StoreFinding[] = [];
    if (persons > 0) findings.push({ invariant: 'person-generation-has-key', rows: persons });
    if (issuances > 0) findings.push({ invariant: 'issuance-version-has-key', rows: issuances });
    return findings;
  }

  async count(): Promise<StoreCounts> {
    const aliases = this.#persons.filter(({ code, own }) => code !== own).length;
    return {
      keys: this.#keys.length,
      persons: this.#persons.length - aliases,
      aliases,
      issuances: this.#issuances.length,
    };
  }

  #person(code: string): Person | undefined {
    return this.#persons.find((person) => person.code === code);
  }

  #own(code: string): string {
    return this.#person(code)?.own ?? code;
  }

  #issuance(institution: InstitutionCode, own: string): Issuance | undefined {
    return this.#issuances.find((row) => row.institution === institution && row.own === own);
  }

  #issuancesOf(own: string): Issuance[] {
    const rows = this.#issuances.filter((row) => row.own === own);
    return rows.sort((a, b) => byText(a.institution, b.institution));
  }

  #held(institution: InstitutionCode, storeCodes: Uint8Array, versionOf: (own: string) => number): HeldRows {
    if (storeCodes.length > 0) this.#mustKnow(institution);
    const canonical = new Map<number, Uint8Array>();
    const versions = hexRows(storeCodes).map((code, k) => {
      const own = this.#own(code);
      if (own !== code) canonical.set(k, bytes(own));
      return versionOf(own);
    });
    return { versions: Uint8Array.from(versions), canonical };
  }

  #mustKnow(institution: InstitutionCode): void {
    const known = this.#keys.some(({ name }) => {
      const parsed = parseKeyName(name);
      return parsed.kind === 'institution' && parsed.institution === institution;
    });
    if (!known) throw new RenkeiError('INSTITUTION_UNKNOWN', `institution ${institution} is not registered`);
  }
}

function pageOf<T>(rows: readonly T[], codeOf: (row: T) => string, { after, limit }: PageRequest): T[] {
  const last = after === undefined ? '' : hex(after);
  return rows
    .filter((row) => codeOf(row) > last)
    .sort((a, b) => byText(codeOf(a), codeOf(b)))
    .slice(0, limit);
}
