import { type KeyName, linkKey, parseKeyName, storeAudience } from '../codes/key-names.js';
import { signalOption } from '../errors/abort.js';
import { RenkeiError } from '../errors/renkei-error.js';
import { logged, type OperationLog } from '../lifecycle/operation-log.js';
import type { IssuanceStore, KeyRecord, WriteOutcome } from '../stores/port.js';
import type { StoreOutlook } from '../stores/rotation-port.js';
import type { Vault } from '../vault/port.js';
import { checkKey, type KeyCheck } from './key-check.js';
import { KeySnapshot } from './key-snapshot.js';

/**
 * The keys the store has on record (機関別パラメータ) with their states, each held against the vault before its first
 * use: a wrong or swapped key is refused before a code is made with it.
 */
export class KeyRegistry {
  readonly #vault: Vault;
  readonly #store: IssuanceStore;
  readonly #now: () => number;
  readonly #log: OperationLog | undefined;
  #snapshot = new KeySnapshot(-1, []);
  readonly #verified = new Set<KeyName>();

  constructor(vault: Vault, store: IssuanceStore, now: () => number, log: OperationLog | undefined) {
    this.#vault = vault;
    this.#store = store;
    this.#now = now;
    this.#log = log;
  }

  /** The keys in the epoch of an outlook: read anew when keys were switched or retired since. */
  async inEpoch({ epoch }: StoreOutlook, signal?: AbortSignal): Promise<KeySnapshot> {
    return this.#snapshot.epoch === epoch ? this.#snapshot : this.#read(epoch, signal);
  }

  /** Reads the records anew: another process may have registered keys, which begins no epoch. */
  async refresh(signal?: AbortSignal): Promise<KeySnapshot> {
    // First the epoch: keys that are newer than it are found out by the store, older ones would not be.
    const { epoch } = await this.#store.outlook(signalOption(signal));
    return this.#read(epoch, signal);
  }

  async #read(epoch: number, signal: AbortSignal | undefined): Promise<KeySnapshot> {
    const snapshot = new KeySnapshot(epoch, await this.#store.listKeys(signalOption(signal)));
    this.#snapshot = snapshot;
    return snapshot;
  }

  /**
   * Puts a key on record, or holds it against its record.
   *
   * @throws RenkeiError `KEY_FINGERPRINT_MISMATCH` when the vault's key is another than the recorded one,
   *   `KEY_NOT_DISTINCT` when it is the same as another audience's (令27条5項4号), `ROTATION_IN_PROGRESS` for a further
   *   institution or record period while a rotation leads to a generation whose codes it would not be delivered
   */
  async register(name: KeyName): Promise<WriteOutcome> {
    const { kind } = parseKeyName(name);
    if (kind === 'institution' || kind === 'record') await this.#requireNoNewGeneration(name);
    const fingerprint = await this.#vault.fingerprint(name);
    return logged({
      log: this.#log,
      event: 'key.register',
      details: { key: name, fingerprint },
      run: () => this.#register(name, fingerprint),
      outcome: (outcome) => ({ outcome }),
    });
  }

  async #register(name: KeyName, fingerprint: string): Promise<WriteOutcome> {
    const outcome = await this.#store.registerKey({ name, fingerprint, registeredAt: this.#now() });
    const snapshot = await this.refresh();
    if (outcome === 'conflict') {
      throw snapshot.find(name) === undefined ? notDistinct(name) : mismatch(name);
    }
    this.#verified.add(name);
    return outcome;
  }

  async #requireNoNewGeneration(name: KeyName): Promise<void> {
    const isKnown = (await this.refresh()).find(name) !== undefined;
    const { successor } = await this.#store.outlook();
    if (isKnown || successor === undefined || successor.generation === this.#snapshot.generation) return;
    throw new RenkeiError(
      'ROTATION_IN_PROGRESS',
      `a rotation leads to another generation: register ${name} after its switch`,
    );
  }

  /**
   * Begins an empty store with link keys up to a generation and a version of the store's key. Of a store that was
   * begun, makes sure that its active store key and the link keys up to its active generation are the vault's. The
   * vault must have them all before one is put on record.
   *
   * @throws RenkeiError `KEY_FINGERPRINT_MISMATCH`, `KEY_NOT_DISTINCT` or `STORE_CORRUPT`
   */
  async begin(generation: number, storeKeyVersion: number): Promise<void> {
    let snapshot = await this.refresh();
    if (snapshot.storeKey === undefined) {
      const names: KeyName[] = Array.from({ length: generation }, (_, k) => linkKey(k + 1));
      names.push(storeAudience(storeKeyVersion));
      const records: KeyRecord[] = [];
      for (const name of names) {
        records.push({ name, fingerprint: await this.#vault.fingerprint(name), registeredAt: this.#now() });
      }
      const outcome = await logged({
        log: this.#log,
        event: 'store.begin',
        details: { keys: names, fingerprints: records.map(({ fingerprint }) => fingerprint) },
        run: () => this.#store.begin(records),
        outcome: (answer) => ({ outcome: answer }),
      });
      // Another process may have begun the store meanwhile: then its keys decide.
      snapshot = await this.refresh();
      if (outcome === 'conflict' && snapshot.storeKey === undefined) throw refusal(snapshot, records);
    }
    await this.#verifyInForce(snapshot);
  }

  async #verifyInForce(snapshot: KeySnapshot): Promise<void> {
    const { storeKey, generation } = snapshot;
    if (storeKey === undefined || generation === 0) {
      throw new RenkeiError('STORE_CORRUPT', 'the store has no active store key or no active link key');
    }
    // Linkage codes of a generation are computed through the link keys of all generations before.
    for (let k = 1; k <= generation; k++) await this.verify(snapshot, linkKey(k));
    await this.verify(snapshot, storeKey);
  }

  /**
   * Makes sure that a key on record is the vault's, once.
   *
   * @throws RenkeiError `KEY_FINGERPRINT_MISMATCH` or a vault error
   */
  async verify(snapshot: KeySnapshot, name: KeyName, signal?: AbortSignal): Promise<void> {
    if (this.#verified.has(name)) return;
    const recorded = snapshot.find(name);
    if (recorded === undefined) throw mismatch(name);
    const fingerprint = await this.#vault.fingerprint(name, signalOption(signal));
    if (fingerprint !== recorded.fingerprint) throw mismatch(name);
    this.#verified.add(name);
  }

  /** Holds every key on record against the vault, the verified ones too. Nothing throws for a single key. */
  async check(signal?: AbortSignal): Promise<KeyCheck[]> {
    const snapshot = await this.refresh(signal);
    const checks: KeyCheck[] = [];
    for (const record of snapshot.records) checks.push(await checkKey(this.#vault, record, signal));
    return checks;
  }
}

/** Why a store that has no store key refused to be begun with keys. */
function refusal(snapshot: KeySnapshot, records: readonly KeyRecord[]): RenkeiError {
  const all = new Map<KeyName, string>();
  for (const { name, fingerprint } of [...snapshot.records, ...records]) all.set(name, fingerprint);
  const other = records.find(({ name, fingerprint }) => {
    const recorded = snapshot.find(name);
    return recorded !== undefined && recorded.fingerprint !== fingerprint;
  });
  if (other !== undefined) return mismatch(other.name);
  const shared = records.find(({ name, fingerprint }) =>
    [...all].some(([another, its]) => another !== name && its === fingerprint),
  );
  if (shared !== undefined) return notDistinct(shared.name);
  return new RenkeiError('STORE_CORRUPT', 'the store has link keys on record and no store key');
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
