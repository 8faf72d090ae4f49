import { copyOf } from '../../bytes/packed.js';
import { Redacted } from '../../bytes/redacted.js';
import { wipe } from '../../bytes/wipe.js';
import {
  type Audience,
  type AuditKeyName,
  type KeyName,
  linkKey,
  parseKeyName,
} from '../../codes/key-names.js';
import { RenkeiError } from '../../errors/renkei-error.js';
import { Drain } from '../../lifecycle/drain.js';
import {
  checkAdvance,
  checkAuditKey,
  checkCallOptions,
  checkDerive,
  checkSign,
  checkTranslate,
  wipeResidents,
} from '../arguments.js';
import { CallLimits } from '../call-limits.js';
import type { Assurance, DeriveOptions, PackedCodes, Vault, VaultCallOptions, VaultHealth } from '../port.js';
import { lowestAssurance } from './assurance.js';
import type { ReplicaHealth } from './health.js';
import { type CheckedOptions, checkReplicatedVaultOptions, type ReplicatedVaultOptions } from './options.js';
import { Replica } from './replica.js';
import { within } from './within.js';

/** Several vaults with the same keys behind one. */
export interface ReplicatedVault extends Vault {
  /**
   * How each replica is, in order of preference. Answers at once and never throws: it asks nobody, and tells what the
   * last calls have met.
   */
  replicas(): readonly ReplicaHealth[];
}

/**
 * Puts several vaults with the same keys (modules, tokens, data centres) behind one. A call is done as a whole by one
 * replica, the first healthy one. When that fails in a way that may pass (`RenkeiError.retryable`), or because it is
 * closed, its token gone or its PIN refused, the next does the call from the start. Results of two replicas are never
 * mixed. A replica that failed is left alone for a growing pause, then probed by a fingerprint before it gets work.
 *
 * Before a replica serves a key, its fingerprint must be the one given as `expectedFingerprints` or else the one the
 * first replica showed; a replica with another one is refused for good.
 *
 * A call fails with the replicas' own error when that is retryable, with `HSM_UNAVAILABLE` while all rest, and with
 * `KEY_FINGERPRINT_MISMATCH` when all are refused. An abort or the caller's own deadline is never
 * passed on to another replica.
 *
 * @throws RenkeiError `OPTION_UNKNOWN`, `OPTION_INVALID` or `KEY_NAME_INVALID`
 */
export async function openReplicatedVault(options: ReplicatedVaultOptions): Promise<ReplicatedVault> {
  return new VaultOfReplicas(checkReplicatedVaultOptions(options));
}

class VaultOfReplicas extends Redacted implements ReplicatedVault {
  readonly #replicas: readonly Replica[];
  readonly #owned: boolean;
  readonly #drain = new Drain('vault', 'VAULT_CLOSED');
  /** What each replica last said of its level: it still holds for one that cannot answer now. */
  readonly #assurances = new Map<Replica, Assurance>();

  constructor(options: CheckedOptions) {
    super();
    this.#replicas = options.replicas.map((replica) => new Replica(replica, options));
    this.#owned = options.owned;
  }

  async derive(
    residents: Uint8Array,
    audiences: readonly Audience[],
    options: DeriveOptions = {},
  ): Promise<PackedCodes> {
    try {
      return await this.#drain.run(() => {
        const { rows, generation } = checkDerive(residents, audiences, options);
        const links = Array.from({ length: generation }, (_, k) => linkKey(k + 1));
        return this.#compute(
          rows,
          [...links, ...audiences],
          audiences,
          options,
          async ({ vault }, signal) => {
            // A vault wipes what it is given, and the next replica may need the rows too.
            const copy = copyOf(residents);
            try {
              return await vault.derive(copy, audiences, { generation, signal });
            } finally {
              wipe(copy);
            }
          },
        );
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
    return this.#drain.run(() => {
      const rows = checkTranslate(codes, from, to, options);
      return this.#compute(rows, [from, ...to], to, options, ({ vault }, signal) =>
        vault.translate(codes, from, to, { signal }),
      );
    });
  }

  advance(
    codes: Uint8Array,
    from: Audience,
    generation: number,
    to: readonly Audience[],
    options: VaultCallOptions = {},
  ): Promise<PackedCodes> {
    return this.#drain.run(() => {
      const rows = checkAdvance(codes, from, generation, to, options);
      return this.#compute(rows, [from, linkKey(generation), ...to], to, options, ({ vault }, signal) =>
        vault.advance(codes, from, generation, to, { signal }),
      );
    });
  }

  fingerprint(key: KeyName, options: VaultCallOptions = {}): Promise<string> {
    return this.#drain.run(() => {
      checkCallOptions('fingerprint', options);
      const { name } = parseKeyName(key);
      return this.#onOneReplica([name], options, (replica) => replica.fingerprint(name));
    });
  }

  sign(key: AuditKeyName, message: Uint8Array, options: VaultCallOptions = {}): Promise<Uint8Array> {
    return this.#drain.run(() => {
      const name = checkSign(key, message, options);
      return this.#onOneReplica([name], options, ({ vault }, signal) =>
        vault.sign(name, message, { signal }),
      );
    });
  }

  publicKey(key: AuditKeyName, options: VaultCallOptions = {}): Promise<Uint8Array> {
    return this.#drain.run(() => {
      const name = checkAuditKey('publicKey', key, options);
      return this.#onOneReplica([name], options, ({ vault }, signal) => vault.publicKey(name, { signal }));
    });
  }

  /** The lowest level of the replicas that are not refused. */
  assurance(options: VaultCallOptions = {}): Promise<Assurance> {
    return this.#drain.run(async () => {
      checkCallOptions('assurance', options);
      const inUse = this.#replicas.filter(({ state }) => state !== 'refused');
      if (inUse.length === 0) throw allRefused();
      const answers = await Promise.allSettled(inUse.map(({ vault }) => vault.assurance(options)));
      answers.forEach((answer, k) => {
        if (answer.status === 'fulfilled') this.#assurances.set(inUse[k] as Replica, answer.value);
      });
      const known = inUse.flatMap((replica) => this.#assurances.get(replica) ?? []);
      if (known.length > 0) return lowestAssurance(known);
      throw answers.find((answer) => answer.status === 'rejected')?.reason;
    });
  }

  /**
   * `degraded` as soon as one replica is not healthy or not ready itself; numbers and engines are of all in use
   * together.
   */
  health(): VaultHealth {
    const inUse = this.#replicas.filter(({ state }) => state !== 'refused');
    const healthy = inUse.filter(({ state }) => state === 'healthy');
    const all = inUse.map(({ vault }) => vault.health());
    const sum = (number: 'sessions' | 'brokenSessions' | 'recoveries') =>
      all.reduce((total, health) => total + health[number], 0);
    const whole = healthy.length === this.#replicas.length && all.every(({ state }) => state === 'ready');
    const state = whole ? 'ready' : healthy.length > 0 ? 'degraded' : 'unavailable';
    return {
      state: this.#drain.isClosed ? 'closed' : state,
      sessions: sum('sessions'),
      brokenSessions: sum('brokenSessions'),
      recoveries: sum('recoveries'),
      engines: [...new Set(all.flatMap(({ engines }) => engines))],
    };
  }

  replicas(): readonly ReplicaHealth[] {
    return this.#replicas.map((replica) => replica.health());
  }

  close(): Promise<void> {
    return this.#drain.close(async () => {
      if (!this.#owned) return;
      // All are closed, whatever one of them meets.
      const results = await Promise.allSettled(this.#replicas.map(({ vault }) => vault.close()));
      for (const result of results) if (result.status === 'rejected') throw result.reason;
    });
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #compute(
    rows: number,
    keys: readonly KeyName[],
    to: readonly Audience[],
    options: VaultCallOptions,
    work: (replica: Replica, signal: AbortSignal) => Promise<PackedCodes>,
  ): Promise<PackedCodes> | PackedCodes {
    if (rows === 0) return { codes: to.map(() => new Uint8Array(0)), refusals: [] };
    return this.#onOneReplica(keys, options, work);
  }

  /**
   * Has one replica after the other try the whole call, until one has done it or none is left. The caller's deadline is
   * for all tries together; a replica that is asked for nothing but fingerprints is not waited for beyond it.
   */
  async #onOneReplica<T>(
    keys: readonly KeyName[],
    options: VaultCallOptions,
    work: (replica: Replica, signal: AbortSignal) => Promise<T>,
  ): Promise<T> {
    const limits = new CallLimits(options);
    const failures = new Map<Replica, unknown>();
    try {
      for (;;) {
        const replica = await this.#next(keys[0] as KeyName, failures, limits);
        if (replica === undefined) throw this.#giveUp(failures);
        let working = false;
        try {
          await within(limits, replica.agreeOn(keys));
          working = true;
          const result = await work(replica, limits.signal);
          working = false;
          // Asks again only if the replica failed under another call meanwhile: it may have come back as another token.
          await within(limits, replica.agreeOn(keys));
          replica.worked();
          return result;
        } catch (error) {
          limits.check();
          // A replica that lacks a key does not serve this call; what the work itself says goes to the caller.
          if (!replica.failed(error) && !replica.lost(error) && working) throw error;
          failures.set(replica, error);
        }
      }
    } finally {
      limits.dispose();
    }
  }

  /** The first healthy replica not yet tried; waits for probes only when there is no other. */
  async #next(
    key: KeyName,
    tried: ReadonlyMap<Replica, unknown>,
    limits: CallLimits,
  ): Promise<Replica | undefined> {
    for (;;) {
      limits.check();
      const left = this.#replicas.filter((replica) => !tried.has(replica));
      for (const replica of left) replica.probeIfDue(key, (probe) => this.#drain.run(probe));
      const healthy = left.find(({ state }) => state === 'healthy');
      if (healthy !== undefined) return healthy;
      const probes = left.flatMap(({ probe }) => probe ?? []);
      if (probes.length === 0) return undefined;
      await within(limits, Promise.race(probes));
    }
  }

  /** Why no replica did the call. As long as one that was not asked may return, the call may be made again. */
  #giveUp(failures: ReadonlyMap<Replica, unknown>): unknown {
    const met = [...failures.values()];
    const passing = met.find((error) => error instanceof RenkeiError && error.retryable);
    if (passing !== undefined) return passing;
    if (this.#replicas.some((replica) => replica.state !== 'refused' && !failures.has(replica))) {
      return new RenkeiError(
        'HSM_UNAVAILABLE',
        'every replica that could serve the call has failed and rests',
      );
    }
    const mismatch = (error: unknown) =>
      error instanceof RenkeiError && error.code === 'KEY_FINGERPRINT_MISMATCH';
    return met.find((error) => !mismatch(error)) ?? allRefused();
  }
}

function allRefused(): RenkeiError {
  return new RenkeiError(
    'KEY_FINGERPRINT_MISMATCH',
    'every replica has been refused: a key in it has another fingerprint than in the others',
  );
}
