import {
  type InstitutionAudience,
  institutionAudience,
  type KeyName,
  linkKey,
  parseKeyName,
  storeAudience,
} from '../codes/key-names.js';
import { signalOption, throwIfAborted } from '../errors/abort.js';
import { RenkeiError } from '../errors/renkei-error.js';
import type { IssuanceStore, KeyRecord, WriteOutcome } from '../stores/port.js';
import type { InstitutionCode } from '../subjects/institution-code.js';
import type { Vault } from '../vault/port.js';

/** One key of the store held against the vault. */
export interface KeyCheck {
  /** The key's name. */
  readonly name: KeyName;
  /** `matches`, or the code of what is wrong with it. */
  readonly result: 'matches' | RenkeiError['code'];
}

/**
 * The keys the store has on record (機関別パラメータ), each held against the vault before its first use: a wrong or
 * swapped key is refused before a code is made with it.
 */
export class KeyRegistry {
  readonly #vault: Vault;
  readonly #store: IssuanceStore;
  readonly #now: () => number;
  /** Fingerprints on record, by key name. */
  #recorded = new Map<KeyName, string>();
  readonly #verified = new Set<KeyName>();

  constructor(vault: Vault, store: IssuanceStore, now: () => number) {
    this.#vault = vault;
    this.#store = store;
    this.#now = now;
  }

  /** Reads the records anew: another process may have registered keys. */
  async refresh(signal?: AbortSignal): Promise<void> {
    const records = await this.#store.listKeys(signalOption(signal));
    this.#recorded = new Map(records.map(({ name, fingerprint }) => [name, fingerprint]));
  }

  /**
   * Puts a key on record, or holds it against its record.
   *
   * @throws RenkeiError `KEY_FINGERPRINT_MISMATCH` when the vault's key is another than the recorded one,
   *   `KEY_NOT_DISTINCT` when it is the same as another audience's (令27条5項4号)
   */
  async register(name: KeyName): Promise<WriteOutcome> {
    const fingerprint = await this.#vault.fingerprint(name);
    const outcome = await this.#store.registerKey({ name, fingerprint, registeredAt: this.#now() });
    await this.refresh();
    if (outcome === 'conflict') {
      if (this.#recorded.has(name)) throw mismatch(name);
      throw notDistinct(name);
    }
    this.#verified.add(name);
    return outcome;
  }

  /**
   * Begins an empty store with link keys up to a generation and a version of the store's key, or makes sure that it was
   * begun with them. The vault must have them all before one is put on record.
   *
   * @throws RenkeiError `OPTION_INVALID` when it was begun with another generation or version,
   *   `KEY_FINGERPRINT_MISMATCH` or `KEY_NOT_DISTINCT`
   */
  async begin(generation: number, storeKeyVersion: number): Promise<void> {
    await this.#requireBegunWith(generation, storeKeyVersion);
    const names: KeyName[] = Array.from({ length: generation }, (_, k) => linkKey(k + 1));
    names.push(storeAudience(storeKeyVersion));
    const records: KeyRecord[] = [];
    for (const name of names) {
      records.push({ name, fingerprint: await this.#vault.fingerprint(name), registeredAt: this.#now() });
    }
    const outcome = await this.#store.begin(records);
    // Another process may have begun the store meanwhile.
    await this.#requireBegunWith(generation, storeKeyVersion);
    for (const { name, fingerprint } of records) {
      const recorded = this.#recorded.get(name);
      if (recorded !== undefined && recorded !== fingerprint) throw mismatch(name);
    }
    if (outcome === 'conflict') throw this.#refusal(records);
    for (const name of names) this.#verified.add(name);
  }

  /** Why a store refused to be begun with keys that it has not on record. */
  #refusal(records: readonly KeyRecord[]): RenkeiError {
    const all = new Map(this.#recorded);
    for (const { name, fingerprint } of records) all.set(name, fingerprint);
    const shared = records.find(({ name, fingerprint }) =>
      [...all].some(([other, its]) => other !== name && its === fingerprint),
    );
    if (shared !== undefined) return notDistinct(shared.name);
    return new RenkeiError('STORE_CORRUPT', 'the store has link keys on record and no store key');
  }

  /**
   * Refuses another generation, or another version of the store's key, than the store was begun with: a person would
   * get a second store code, and so be issued to a second time (命令85 44条2項).
   *
   * @throws RenkeiError `OPTION_INVALID`
   */
  async #requireBegunWith(generation: number, storeKeyVersion: number): Promise<void> {
    await this.refresh();
    let latest = 0;
    const storeKeys: number[] = [];
    for (const name of this.#recorded.keys()) {
      const key = parseKeyName(name);
      if (key.kind === 'link') latest = Math.max(latest, key.generation);
      if (key.kind === 'store') storeKeys.push(key.version);
    }
    // All of them are put on record at once: without the store key no issuer was ever opened.
    if (storeKeys.length === 0) return;
    for (const storeKey of storeKeys) {
      if (storeKey !== storeKeyVersion) throw begunWith('storeKeyVersion', storeKey);
    }
    if (latest !== generation) throw begunWith('generation', latest);
  }

  /**
   * Makes sure that a key on record is the vault's, once. The record may be new: another process may have made it.
   *
   * @throws RenkeiError `KEY_FINGERPRINT_MISMATCH` or a vault error
   */
  async verify(name: KeyName, signal?: AbortSignal): Promise<void> {
    if (this.#verified.has(name)) return;
    if (!(await this.has(name, signal))) throw mismatch(name);
    const fingerprint = await this.#vault.fingerprint(name, signalOption(signal));
    if (fingerprint !== this.#recorded.get(name)) throw mismatch(name);
    this.#verified.add(name);
  }

  /** True when the key is on record; looks again in the store before it says no. */
  async has(name: KeyName, signal?: AbortSignal): Promise<boolean> {
    if (!this.#recorded.has(name)) await this.refresh(signal);
    return this.#recorded.has(name);
  }

  /**
   * The fingerprint on record of a key that rows refer to.
   *
   * @throws RenkeiError `STORE_CORRUPT` when there is none
   */
  async fingerprint(name: KeyName, signal?: AbortSignal): Promise<string> {
    await this.has(name, signal);
    const fingerprint = this.#recorded.get(name);
    if (fingerprint !== undefined) return fingerprint;
    throw new RenkeiError('STORE_CORRUPT', `codes are made under the key ${name}, which is not on record`);
  }

  /** Holds every key on record against the vault, the verified ones too. Nothing throws for a single key. */
  async check(signal?: AbortSignal): Promise<KeyCheck[]> {
    await this.refresh(signal);
    const checks: KeyCheck[] = [];
    for (const [name, recorded] of this.#recorded) {
      throwIfAborted(signal);
      try {
        const matches = (await this.#vault.fingerprint(name)) === recorded;
        checks.push({ name, result: matches ? 'matches' : 'KEY_FINGERPRINT_MISMATCH' });
      } catch (error) {
        if (!(error instanceof RenkeiError)) throw error;
        checks.push({ name, result: error.code });
      }
    }
    return checks;
  }

  /**
   * The key an institution's new codes are made under: its highest version on record.
   *
   * @throws RenkeiError `INSTITUTION_UNKNOWN` when none is
   */
  async active(
    institution: InstitutionCode,
    signal?: AbortSignal,
  ): Promise<{ readonly name: InstitutionAudience; readonly version: number }> {
    let version = this.#highestVersion(institution);
    if (version === undefined) {
      await this.refresh(signal);
      version = this.#highestVersion(institution);
    }
    if (version === undefined) {
      throw new RenkeiError('INSTITUTION_UNKNOWN', `institution ${institution} is not registered`);
    }
    const name = institutionAudience(institution, version);
    await this.verify(name, signal);
    return { name, version };
  }

  #highestVersion(institution: InstitutionCode): number | undefined {
    let highest: number | undefined;
    for (const name of this.#recorded.keys()) {
      const key = parseKeyName(name);
      if (key.kind !== 'institution' || key.institution !== institution) continue;
      highest = Math.max(highest ?? 0, key.version);
    }
    return highest;
  }
}

function mismatch(name: KeyName): RenkeiError {
  return new RenkeiError(
    'KEY_FINGERPRINT_MISMATCH',
    `key ${name} of the vault is not the one the store has on record`,
  );
}

function notDistinct(name: KeyName): RenkeiError {
  return new RenkeiError('KEY_NOT_DISTINCT', `key ${name} is the same as another key on record`);
}

function begunWith(option: string, value: number): RenkeiError {
  return new RenkeiError(
    'OPTION_INVALID',
    `openIssuer: option "${option}" must be ${value}, which this store was begun with`,
  );
}
