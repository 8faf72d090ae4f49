import { Redacted } from '../../bytes/redacted.js';
import {
  type Audience,
  type AuditKeyName,
  type KeyName,
  type LinkKeyName,
  linkKey,
  parseKeyName,
} from '../../codes/key-names.js';
import { CODE_LENGTH } from '../../codes/per-institution-code.js';
import { RenkeiError } from '../../errors/renkei-error.js';
import { Drain } from '../../lifecycle/drain.js';
import { publicKeyFingerprint } from '../../signatures/p256.js';
import { RESIDENT_RECORD_CODE_LENGTH } from '../../subjects/resident-record-code.js';
import {
  checkAdvance,
  checkAuditKey,
  checkCallOptions,
  checkDerive,
  checkSign,
  checkTranslate,
  wipeResidents,
} from '../arguments.js';
import { CallLimits, openLimits } from '../call-limits.js';
import { notify, type VaultCall, type VaultObserver } from '../events.js';
import { readFingerprints } from '../expected-fingerprints.js';
import type {
  Assurance,
  AssuranceLevel,
  DeriveOptions,
  KeyAssurance,
  PackedCodes,
  Vault,
  VaultCallOptions,
  VaultHealth,
} from '../port.js';
import { requireLevel, summarise } from './assurance.js';
import { AuditKeys } from './audit-keys.js';
import { type Computation, ComputeLanes } from './compute-lanes.js';
import {
  checkVaultOptions,
  DEFAULT_BREAKER_PAUSE_MS,
  DEFAULT_CHUNK_BYTES,
  DEFAULT_MODULE_TIMEOUT_MS,
  DEFAULT_RETRIES,
  type Engine,
  type Pkcs11VaultOptions,
} from './options.js';
import { SessionPool } from './session-pool.js';

/**
 * Opens a vault whose keys live in a PKCS#11 token. Computes with one engine, `sealed` unless `bulk` is asked for;
 * open a second vault on the same token to have both, and close the bulk one when the load is done.
 *
 * @throws RenkeiError `OPTION_UNKNOWN`, `OPTION_INVALID`, `MODULE_LOAD`, `TOKEN_NOT_FOUND`, `TOKEN_AMBIGUOUS`,
 *   `MECHANISM_MISSING` (naming all that are missing), `PIN_REFUSED`, `PIN_LOCKED`, `ASSURANCE_TOO_LOW` or a module
 *   error
 */
export async function openPkcs11Vault(options: Pkcs11VaultOptions): Promise<Vault> {
  checkVaultOptions(options);
  const engine = options.engine ?? 'sealed';
  const pinned = readFingerprints(options.expectedFingerprints);
  const request = {
    token: options.token,
    writable: false,
    engine,
    chunkBytes: options.chunkBytes ?? DEFAULT_CHUNK_BYTES,
  };
  const pool = await SessionPool.open(options, options.sessions ?? 1, request, {
    retries: options.retries ?? DEFAULT_RETRIES,
    moduleTimeoutMs: options.moduleTimeoutMs ?? DEFAULT_MODULE_TIMEOUT_MS,
    breakerPauseMs: options.breakerPauseMs ?? DEFAULT_BREAKER_PAUSE_MS,
    observe: options.observe,
  });
  const { minimumLevel = 1, observe } = options;
  const vault = new Pkcs11Vault(engine, pool, pinned, minimumLevel, observe);
  try {
    if (minimumLevel > 1) requireLevel(minimumLevel, await vault.assurance());
    return vault;
  } catch (error) {
    await vault.close();
    throw error;
  }
}

function isMissingKey(error: unknown): boolean {
  return error instanceof RenkeiError && error.code === 'KEY_NOT_FOUND';
}

class Pkcs11Vault extends Redacted implements Vault {
  readonly #engine: Engine;
  readonly #pool: SessionPool;
  readonly #auditKeys: AuditKeys;
  /** Fingerprints given at opening, then those seen at each key's first use: no key may change under us. */
  readonly #pinned: Map<KeyName, string>;
  /** Keys that were found, fingerprinted and, where a least level is asked for, proved. */
  readonly #known = new Set<KeyName>();
  readonly #minimumLevel: AssuranceLevel;
  readonly #lanes: ComputeLanes;
  readonly #drain = new Drain('vault', 'VAULT_CLOSED');

  readonly #observe: VaultObserver | undefined;

  constructor(
    engine: Engine,
    pool: SessionPool,
    pinned: Map<KeyName, string>,
    minimumLevel: AssuranceLevel,
    observe: VaultObserver | undefined,
  ) {
    super();
    this.#minimumLevel = minimumLevel;
    this.#observe = observe;
    this.#engine = engine;
    this.#pool = pool;
    this.#lanes = new ComputeLanes(engine, pool);
    this.#pinned = pinned;
    this.#auditKeys = new AuditKeys(pool, (key, fingerprint) => {
      this.#requirePinned(key, fingerprint);
      this.#pinned.set(key, fingerprint);
    });
  }

  async derive(
    residents: Uint8Array,
    audiences: readonly Audience[],
    options: DeriveOptions = {},
  ): Promise<PackedCodes> {
    try {
      return await this.#call('derive', options, (limits) => {
        const { rows, generation } = checkDerive(residents, audiences, options);
        const links: LinkKeyName[] = [];
        for (let g = 1; g <= generation; g++) links.push(linkKey(g));
        const computation: Computation = { source: { kind: 'residents' }, links, to: audiences };
        return this.#compute(residents, rows, RESIDENT_RECORD_CODE_LENGTH, computation, limits);
      });
    } finally {
      wipeResidents(residents);
    }
  }

  translate(
    codes: Uint8Array,
    from: Audience,
    to: readonly Audience[],
    options: VaultCallOptions = {},
  ): Promise<PackedCodes> {
    return this.#call('translate', options, (limits) => {
      const rows = checkTranslate(codes, from, to, options);
      const computation: Computation = { source: { kind: 'codes', from }, links: [], to };
      return this.#compute(codes, rows, CODE_LENGTH, computation, limits);
    });
  }

  advance(
    codes: Uint8Array,
    from: Audience,
    generation: number,
    to: readonly Audience[],
    options: VaultCallOptions = {},
  ): Promise<PackedCodes> {
    return this.#call('advance', options, (limits) => {
      const rows = checkAdvance(codes, from, generation, to, options);
      if (this.#engine === 'sealed') {
        throw new RenkeiError(
          'ENGINE_REFUSED',
          'advance shows linkage codes to the host: it needs the bulk engine',
        );
      }
      const computation: Computation = { source: { kind: 'codes', from }, links: [linkKey(generation)], to };
      return this.#compute(codes, rows, CODE_LENGTH, computation, limits);
    });
  }

  fingerprint(key: KeyName, options: VaultCallOptions = {}): Promise<string> {
    return this.#call('fingerprint', options, async (limits) => {
      checkCallOptions('fingerprint', options);
      const parsed = parseKeyName(key);
      if (parsed.kind !== 'audit') return this.#pin(parsed.name, limits);
      return publicKeyFingerprint(await this.#auditKeys.publicKey(parsed.name, limits));
    });
  }

  sign(key: AuditKeyName, message: Uint8Array, options: VaultCallOptions = {}): Promise<Uint8Array> {
    return this.#call('sign', options, (limits) =>
      this.#auditKeys.sign(checkSign(key, message, options), message, limits),
    );
  }

  publicKey(key: AuditKeyName, options: VaultCallOptions = {}): Promise<Uint8Array> {
    return this.#call('publicKey', options, (limits) =>
      this.#auditKeys.publicKey(checkAuditKey('publicKey', key, options), limits),
    );
  }

  assurance(options: VaultCallOptions = {}): Promise<Assurance> {
    return this.#drain.run(async () => {
      checkCallOptions('assurance', options);
      const limits = new CallLimits(options);
      try {
        return await this.#proveAll(limits);
      } finally {
        limits.dispose();
      }
    });
  }

  async #proveAll(limits: CallLimits): Promise<Assurance> {
    const { names } = await this.#pool.run((worker) => worker.ask('listKeys', null), limits);
    const keys: KeyAssurance[] = [];
    for (const key of names) {
      if (parseKeyName(key).kind !== 'audit') keys.push(await this.#prove(key, limits).catch(unusable(key)));
    }
    return summarise(this.#engine, keys);
  }

  health(): VaultHealth {
    const { breaker, sessions, broken, isHanging, recoveries } = this.#pool.health;
    let state: VaultHealth['state'] = broken > 0 || breaker === 'half-open' ? 'degraded' : 'ready';
    if (breaker === 'open' || isHanging) state = 'unavailable';
    if (this.#drain.isClosed) state = 'closed';
    return { state, sessions, brokenSessions: broken, recoveries, engines: [this.#engine] };
  }

  close(): Promise<void> {
    return this.#drain.close(async () => {
      await this.#pool.close();
      notify(this.#observe, { type: 'closed' });
    });
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** Runs a call within its limits and tells the observer how it ended. */
  #call<T extends PackedCodes | string | Uint8Array>(
    operation: VaultCall['operation'],
    options: VaultCallOptions,
    action: (limits: CallLimits) => Promise<T>,
  ): Promise<T> {
    return this.#drain.run(async () => {
      const started = performance.now();
      const ended = (rest: Pick<VaultCall, 'items' | 'refused' | 'error'>) =>
        notify(this.#observe, { type: 'call', operation, durationMs: performance.now() - started, ...rest });
      let limits: CallLimits | undefined;
      try {
        limits = openLimits(options ?? {});
        const result = await action(limits);
        if (typeof result === 'string' || result instanceof Uint8Array) ended({ items: 1, refused: 0 });
        else ended({ items: (result.codes[0]?.length ?? 0) / CODE_LENGTH, refused: result.refusals.length });
        return result;
      } catch (error) {
        if (error instanceof RenkeiError) ended({ items: 0, refused: 0, error: error.code });
        throw error;
      } finally {
        limits?.dispose();
      }
    });
  }

  /** Learns a key's fingerprint at its first use and holds every later one against it. */
  async #pin(key: KeyName, limits: CallLimits): Promise<string> {
    const { fingerprint } = await this.#pool
      .run((worker) => worker.ask('fingerprint', { key }), limits)
      .catch((error: unknown) => {
        if (isMissingKey(error)) this.#known.delete(key);
        throw error;
      });
    this.#requirePinned(key, fingerprint);
    if (!this.#known.has(key)) await this.#requireLevel(key, limits);
    // Again: of two first uses at the same time one has learnt it by now.
    this.#requirePinned(key, fingerprint);
    this.#pinned.set(key, fingerprint);
    this.#known.add(key);
    return fingerprint;
  }

  #requirePinned(key: KeyName, fingerprint: string): void {
    const pinned = this.#pinned.get(key);
    if (pinned === undefined || pinned === fingerprint) return;
    throw new RenkeiError('KEY_FINGERPRINT_MISMATCH', `key ${key} has another fingerprint than expected`);
  }

  /** Refuses a key below the least level, before its first use: it may have been made after the opening. */
  async #requireLevel(key: KeyName, limits: CallLimits): Promise<void> {
    if (this.#minimumLevel <= 1) return;
    requireLevel(this.#minimumLevel, summarise(this.#engine, [await this.#prove(key, limits)]));
  }

  #prove(key: KeyName, limits: CallLimits): Promise<KeyAssurance> {
    return this.#pool.run((worker) => worker.ask('prove', { key }), limits);
  }

  async #compute(
    input: Uint8Array,
    rows: number,
    width: number,
    computation: Computation,
    limits: CallLimits,
  ): Promise<PackedCodes> {
    limits.check();
    const { source, links, to } = computation;
    if (rows === 0) return { codes: to.map(() => new Uint8Array(0)), refusals: [] };
    const keys = new Set<KeyName>([...links, ...to, ...(source.kind === 'codes' ? [source.from] : [])]);
    for (const key of keys) if (!this.#known.has(key)) await this.#pin(key, limits);
    const fingerprints = Object.fromEntries([...keys].map((key) => [key, this.#pinned.get(key) as string]));
    try {
      return await this.#lanes.compute({ input, rows, width }, { ...computation, fingerprints }, limits);
    } catch (error) {
      // A key that is gone is looked for before its next use, without a recovery.
      if (isMissingKey(error)) for (const key of keys) this.#known.delete(key);
      throw error;
    }
  }
}

/** A key that the vault refuses to use speaks against the token, and is named with the reason. */
function unusable(name: KeyName): (error: unknown) => KeyAssurance {
  return (error) => {
    if (!(error instanceof RenkeiError) || !error.code.startsWith('KEY_')) throw error;
    return { name, level: 1, reasons: [`unusable: ${error.code}`], attacks: [] };
  };
}
