import { Redacted } from '../../bytes/redacted.js';
import { type KeyName, parseKeyName } from '../../codes/key-names.js';
import { Drain } from '../../lifecycle/drain.js';
import type { InstitutionCode } from '../../subjects/institution-code.js';
import {
  checkIssuance,
  checkKeyRecord,
  checkStoreCodes,
  outcomeOfBeginning,
  unknownInstitution,
} from '../arguments.js';
import { codeTexts } from '../code-texts.js';
import type { IssuanceBatch, IssuanceStore, KeyRecord, StoreCounts, WriteOutcome } from '../port.js';

/** An issuance store in process memory: for development and tests. It is gone with the process. */
export function createMemoryStore(): IssuanceStore {
  return new MemoryStore();
}

class MemoryStore extends Redacted implements IssuanceStore {
  readonly #keys = new Map<KeyName, KeyRecord>();
  readonly #persons = new Set<string>();
  /** Key version by store code, by institution. */
  readonly #issuances = new Map<InstitutionCode, Map<string, number>>();
  readonly #drain = new Drain('store', 'STORE_CLOSED');

  begin(records: readonly KeyRecord[]): Promise<WriteOutcome> {
    return this.#drain.run(() => {
      for (const record of records) checkKeyRecord(record);
      const outcome = outcomeOfBeginning([...this.#keys.values()], records);
      if (outcome === 'inserted') for (const record of records) this.#keys.set(record.name, { ...record });
      return outcome;
    });
  }

  registerKey(record: KeyRecord): Promise<WriteOutcome> {
    return this.#drain.run(() => {
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

  listKeys(): Promise<readonly KeyRecord[]> {
    return this.#drain.run(() => [...this.#keys.values()].sort((a, b) => (a.name < b.name ? -1 : 1)));
  }

  issue(batch: IssuanceBatch): Promise<Uint8Array> {
    return this.#drain.run(() => {
      const { institution, keyVersion, storeCodes } = batch;
      const held = new Uint8Array(checkIssuance(batch));
      if (held.length === 0) return held;
      const rows = this.#rows(institution);
      codeTexts(storeCodes).forEach((code, index) => {
        held[index] = rows.get(code) ?? 0;
        if (held[index] !== 0) return;
        this.#persons.add(code);
        rows.set(code, keyVersion);
      });
      return held;
    });
  }

  heldVersions(institution: InstitutionCode, storeCodes: Uint8Array): Promise<Uint8Array> {
    return this.#drain.run(() => {
      if (checkStoreCodes(storeCodes) === 0) return new Uint8Array(0);
      const rows = this.#rows(institution);
      return Uint8Array.from(codeTexts(storeCodes), (code) => rows.get(code) ?? 0);
    });
  }

  count(): Promise<StoreCounts> {
    return this.#drain.run(() => ({
      keys: this.#keys.size,
      persons: this.#persons.size,
      issuances: [...this.#issuances.values()].reduce((sum, rows) => sum + rows.size, 0),
    }));
  }

  close(): Promise<void> {
    return this.#drain.close(() => undefined);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #rows(institution: InstitutionCode): Map<string, number> {
    const rows = this.#issuances.get(institution);
    if (rows === undefined) throw unknownInstitution(institution);
    return rows;
  }
}
