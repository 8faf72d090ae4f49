import { Redacted } from '../../bytes/redacted.js';
import { dayInJapan } from '../../codes/japan-time.js';
import { institutionAudience, type KeyName, linkKey, parseKeyName } from '../../codes/key-names.js';
import { Drain } from '../../lifecycle/drain.js';
import type { InstitutionCode } from '../../subjects/institution-code.js';
import {
  checkChange,
  checkIssuance,
  checkKeyRecord,
  checkPage,
  checkStoreCall,
  checkStoreCodes,
  outcomeOfBeginning,
  unknownInstitution,
} from '../arguments.js';
import { codeOfText, codeTexts } from '../code-texts.js';
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
  RemovedIssuance,
  RemovedPerson,
  StoreCallOptions,
  StoreCounts,
  StoreFinding,
  StoreInvariant,
  WriteOutcome,
} from '../port.js';

/** An issuance store in process memory: for development and tests. It is gone with the process. */
export function createMemoryStore(): IssuanceStore {
  return new MemoryStore();
}

interface PersonRow {
  readonly generation: number;
  /** The person's own store code, where this is an alias. */
  readonly canonical?: string;
}

interface IssuanceRow {
  readonly keyVersion: number;
  readonly issuedAt: number;
}

class MemoryStore extends Redacted implements IssuanceStore {
  readonly #keys = new Map<KeyName, KeyRecord>();
  readonly #persons = new Map<string, PersonRow>();
  /** Aliases by the person's own store code. */
  readonly #aliases = new Map<string, string[]>();
  /** Rows by store code, by institution. */
  readonly #issuances = new Map<InstitutionCode, Map<string, IssuanceRow>>();
  readonly #drain = new Drain('store', 'STORE_CLOSED');

  begin(records: readonly KeyRecord[], options: StoreCallOptions = {}): Promise<WriteOutcome> {
    return this.#run('begin', options, () => {
      for (const record of records) checkKeyRecord(record);
      const outcome = outcomeOfBeginning([...this.#keys.values()], records);
      if (outcome === 'inserted') for (const record of records) this.#keys.set(record.name, { ...record });
      return outcome;
    });
  }

  registerKey(record: KeyRecord, options: StoreCallOptions = {}): Promise<WriteOutcome> {
    return this.#run('registerKey', options, () => {
      checkKeyRecord(record);
      const existing = this.#keys.get(record.name);
      if (existing !== undefined) return existing.fingerprint === record.fingerprint ? 'existed' : 'conflict';
      for (const { fingerprint } of this.#keys.values())
        if (fingerprint === record.fingerprint) return 'conflict';
      this.#keys.set(record.name, { ...record });
      const parsed = parseKeyName(record.name);
      if (parsed.kind === 'institution' && !this.#issuances.has(parsed.institution)) {
        this.#issuances.set(parsed.institution, new Map());
      }
      return 'inserted';
    });
  }

  listKeys(options: StoreCallOptions = {}): Promise<readonly KeyRecord[]> {
    return this.#run('listKeys', options, () =>
      [...this.#keys.values()].sort((a, b) => (a.name < b.name ? -1 : 1)),
    );
  }

  issue(batch: IssuanceBatch, options: StoreCallOptions = {}): Promise<HeldRows> {
    return this.#run('issue', options, () => {
      const { institution, keyVersion, generation, issuedAt, storeCodes } = batch;
      if (checkIssuance(batch) === 0) return NO_ROWS;
      const rows = this.#rows(institution);
      return this.#held(storeCodes, (own) => {
        const held = rows.get(own)?.keyVersion ?? 0;
        if (held !== 0) return held;
        if (!this.#persons.has(own)) this.#persons.set(own, { generation });
        rows.set(own, { keyVersion, issuedAt });
        return 0;
      });
    });
  }

  lookUp(
    institution: InstitutionCode,
    storeCodes: Uint8Array,
    options: StoreCallOptions = {},
  ): Promise<HeldRows> {
    return this.#run('lookUp', options, () => {
      if (checkStoreCodes(storeCodes) === 0) return NO_ROWS;
      const rows = this.#rows(institution);
      return this.#held(storeCodes, (own) => rows.get(own)?.keyVersion ?? 0);
    });
  }

  details(
    institution: InstitutionCode,
    storeCodes: Uint8Array,
    options: StoreCallOptions = {},
  ): Promise<readonly (IssuanceDetails | undefined)[]> {
    return this.#run('details', options, () => {
      if (checkStoreCodes(storeCodes) === 0) return [];
      const rows = this.#rows(institution);
      return codeTexts(storeCodes).map((code) => {
        const own = this.#ownCode(code);
        const row = rows.get(own);
        return row === undefined
          ? undefined
          : { ...row, generation: this.#persons.get(own)?.generation as number };
      });
    });
  }

  holders(
    storeCodes: Uint8Array,
    options: StoreCallOptions = {},
  ): Promise<readonly (readonly InstitutionCode[])[]> {
    return this.#run('holders', options, () => {
      checkStoreCodes(storeCodes);
      return codeTexts(storeCodes).map((code) =>
        this.#issuancesOf(this.#ownCode(code)).map(({ institution }) => institution),
      );
    });
  }

  change(batch: ChangeBatch, options: StoreCallOptions = {}): Promise<readonly WriteOutcome[]> {
    return this.#run('change', options, () => {
      checkChange(batch);
      const { generation } = batch;
      const newCodes = codeTexts(batch.newCodes);
      return codeTexts(batch.oldCodes).map((oldCode, k): WriteOutcome => {
        const newCode = newCodes[k] as string;
        const own = this.#ownCode(oldCode);
        if (this.#ownCode(newCode) === own) return 'existed';
        if (this.#persons.has(newCode)) return 'conflict';
        if (!this.#persons.has(own)) this.#persons.set(own, { generation });
        this.#persons.set(newCode, { generation, canonical: own });
        const aliases = this.#aliases.get(own) ?? [];
        this.#aliases.set(own, [...aliases, newCode]);
        return 'inserted';
      });
    });
  }

  remove(storeCodes: Uint8Array, options: StoreCallOptions = {}): Promise<readonly RemovedPerson[]> {
    return this.#run('remove', options, () => {
      checkStoreCodes(storeCodes);
      return codeTexts(storeCodes).map((code) => {
        const own = this.#ownCode(code);
        const issuances = this.#issuancesOf(own);
        for (const rows of this.#issuances.values()) rows.delete(own);
        const before = this.#persons.size;
        for (const other of [own, ...(this.#aliases.get(own) ?? [])]) this.#persons.delete(other);
        this.#aliases.delete(own);
        return { storeCodes: before - this.#persons.size, issuances };
      });
    });
  }

  persons(page: PageRequest): Promise<PersonPage> {
    return this.#drain.run(() => {
      checkPage(page);
      const codes = pageOf(this.#persons.keys(), page);
      const rows = codes.map((code) => this.#persons.get(code) as PersonRow);
      const canonical = new Map<number, Uint8Array>();
      rows.forEach(({ canonical: own }, k) => {
        if (own !== undefined) canonical.set(k, codeOfText(own));
      });
      return {
        storeCodes: codeOfText(codes.join('')),
        generations: Uint8Array.from(rows, ({ generation }) => generation),
        canonical,
      };
    });
  }

  issuances(institution: InstitutionCode, page: PageRequest): Promise<IssuancePage> {
    return this.#drain.run(() => {
      checkPage(page);
      const rows = this.#rows(institution);
      const codes = pageOf(rows.keys(), page);
      return {
        storeCodes: codeOfText(codes.join('')),
        keyVersions: Uint8Array.from(codes, (code) => rows.get(code)?.keyVersion as number),
      };
    });
  }

  statistics(options: StoreCallOptions = {}): Promise<readonly IssuanceStatistic[]> {
    return this.#run('statistics', options, () =>
      this.#institutions().flatMap(([institution, rows]) => {
        const issued = new Map<string, IssuanceStatistic>();
        for (const { keyVersion, issuedAt } of rows.values()) {
          const day = dayInJapan(issuedAt);
          const key = `${String(keyVersion).padStart(3, '0')} ${day}`;
          issued.set(key, { institution, keyVersion, day, issued: (issued.get(key)?.issued ?? 0) + 1 });
        }
        return [...issued].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, statistic]) => statistic);
      }),
    );
  }

  check(options: StoreCallOptions = {}): Promise<readonly StoreFinding[]> {
    return this.#run('check', options, () => {
      const broken = new Map<StoreInvariant, number>();
      const hold = (invariant: StoreInvariant, holds: boolean) => {
        if (!holds) broken.set(invariant, (broken.get(invariant) ?? 0) + 1);
      };
      for (const { generation, canonical } of this.#persons.values()) {
        hold('person-generation-has-key', this.#keys.has(linkKey(generation)));
        const own = canonical === undefined ? undefined : this.#persons.get(canonical);
        hold(
          'alias-leads-to-person',
          canonical === undefined || (own !== undefined && own.canonical === undefined),
        );
      }
      for (const [institution, rows] of this.#issuances) {
        for (const [code, { keyVersion }] of rows) {
          hold('issuance-version-has-key', this.#keys.has(institutionAudience(institution, keyVersion)));
          hold('issuance-has-person', this.#persons.has(code));
          hold('alias-has-no-issuance', this.#persons.get(code)?.canonical === undefined);
        }
      }
      return [...broken].map(([invariant, rows]) => ({ invariant, rows }));
    });
  }

  count(options: StoreCallOptions = {}): Promise<StoreCounts> {
    return this.#run('count', options, () => {
      let aliases = 0;
      for (const { canonical } of this.#persons.values()) if (canonical !== undefined) aliases++;
      return {
        keys: this.#keys.size,
        persons: this.#persons.size - aliases,
        aliases,
        issuances: [...this.#issuances.values()].reduce((sum, rows) => sum + rows.size, 0),
      };
    });
  }

  close(): Promise<void> {
    return this.#drain.close(() => undefined);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #run<T>(call: string, options: StoreCallOptions, action: () => T): Promise<T> {
    return this.#drain.run(() => {
      checkStoreCall(call, options);
      return action();
    });
  }

  /** The person's own store code, or the code itself of a person that is not known. */
  #ownCode(code: string): string {
    return this.#persons.get(code)?.canonical ?? code;
  }

  #held(storeCodes: Uint8Array, versionOf: (own: string) => number): HeldRows {
    const canonical = new Map<number, Uint8Array>();
    const versions = Uint8Array.from(codeTexts(storeCodes), (code, k) => {
      const own = this.#ownCode(code);
      if (own !== code) canonical.set(k, codeOfText(own));
      return versionOf(own);
    });
    return { versions, canonical };
  }

  #issuancesOf(own: string): RemovedIssuance[] {
    return this.#institutions().flatMap(([institution, rows]) => {
      const row = rows.get(own);
      return row === undefined ? [] : [{ institution, ...row }];
    });
  }

  /** By the character codes of the institutions. */
  #institutions(): [InstitutionCode, Map<string, IssuanceRow>][] {
    return [...this.#issuances].sort(([a], [b]) => (a < b ? -1 : 1));
  }

  #rows(institution: InstitutionCode): Map<string, IssuanceRow> {
    const rows = this.#issuances.get(institution);
    if (rows === undefined) throw unknownInstitution(institution);
    return rows;
  }
}

const NO_ROWS: HeldRows = { versions: new Uint8Array(0), canonical: new Map() };

/** The texts order as their bytes do. */
function pageOf(codes: Iterable<string>, { after, limit }: PageRequest): string[] {
  const [last] = after === undefined ? [''] : codeTexts(after);
  return [...codes]
    .filter((code) => code > (last as string))
    .sort()
    .slice(0, limit);
}
