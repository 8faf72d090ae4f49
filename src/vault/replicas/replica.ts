import type { KeyName } from '../../codes/key-names.js';
import type { RenkeiErrorCode } from '../../errors/codes.js';
import { RenkeiError } from '../../errors/renkei-error.js';
import { notify } from '../events.js';
import type { Vault } from '../port.js';
import type { ReplicaHealth } from './health.js';
import type { CheckedOptions, VaultReplica } from './options.js';

type State =
  | { readonly kind: 'healthy' }
  | { readonly kind: 'resting'; readonly code: RenkeiErrorCode; readonly until: number }
  | { readonly kind: 'probing'; readonly code: RenkeiErrorCode; readonly done: Promise<void> }
  | { readonly kind: 'refused'; readonly key: KeyName | undefined };

/** Failures that last, but speak of the replica and not of the call: another one may well do it. */
const LASTING: ReadonlySet<RenkeiErrorCode> = new Set([
  'VAULT_CLOSED',
  'MODULE_LOAD',
  'TOKEN_NOT_FOUND',
  'TOKEN_AMBIGUOUS',
  'PIN_REFUSED',
  'PIN_LOCKED',
]);

/** Doubling stops here; the longest pause is reached long before. */
const MOST_DOUBLINGS = 30;

/**
 * One vault among several: whether it gets work, and on which keys it has been found to agree.
 *
 * healthy ─failure→ resting ─pause over, next call→ probing ─right fingerprint→ healthy
 *                                ↑───────────failure──────────────┘
 * any state ─other fingerprint→ refused, for good
 */
export class Replica {
  readonly id: string;
  readonly vault: Vault;
  /** The fingerprints all replicas must have; shared by them, learnt from whoever answers first. */
  readonly #fingerprints: Map<KeyName, string>;
  readonly #options: Pick<CheckedOptions, 'pauseMs' | 'longestPauseMs' | 'observe'>;
  /** Keys whose fingerprint this replica has shown since it last failed. */
  readonly #agreed = new Set<KeyName>();
  #state: State = { kind: 'healthy' };
  /** Failures since it last did any work. */
  #failures = 0;

  constructor({ id, vault }: VaultReplica, options: CheckedOptions) {
    this.id = id;
    this.vault = vault;
    this.#fingerprints = options.fingerprints;
    this.#options = options;
  }

  get state(): State['kind'] {
    return this.#state.kind;
  }

  /** Ends with the probe under way and never rejects; `undefined` when there is none. */
  get probe(): Promise<void> | undefined {
    return this.#state.kind === 'probing' ? this.#state.done : undefined;
  }

  health(): ReplicaHealth {
    const { id } = this;
    const failures = this.#failures;
    const state = this.#state;
    switch (state.kind) {
      case 'healthy':
        return { id, state: 'healthy' };
      case 'resting': {
        const pauseMs = Math.max(0, Math.ceil(state.until - performance.now()));
        return { id, state: 'resting', code: state.code, failures, pauseMs };
      }
      case 'probing':
        return { id, state: 'probing', code: state.code, failures };
      case 'refused':
        return { id, state: 'refused', ...(state.key === undefined ? {} : { key: state.key }) };
    }
  }

  /**
   * Makes sure of every key this replica has not shown yet since it last failed.
   *
   * @throws RenkeiError `KEY_FINGERPRINT_MISMATCH`, also when the replica has been refused; or what the vault throws
   */
  async agreeOn(keys: readonly KeyName[]): Promise<void> {
    if (this.#state.kind === 'refused') {
      throw new RenkeiError('KEY_FINGERPRINT_MISMATCH', 'the replica has been refused');
    }
    for (const key of keys) if (!this.#agreed.has(key)) await this.fingerprint(key);
  }

  /**
   * Asks for a fingerprint, and learns it or holds it against the known one.
   *
   * @throws RenkeiError `KEY_FINGERPRINT_MISMATCH`, after which this replica is refused; or what the vault throws
   */
  async fingerprint(key: KeyName): Promise<string> {
    const fingerprint = await this.vault.fingerprint(key);
    const known = this.#fingerprints.get(key);
    if (known === undefined) {
      this.#fingerprints.set(key, fingerprint);
    } else if (known !== fingerprint) {
      this.#refuse(key);
      throw new RenkeiError('KEY_FINGERPRINT_MISMATCH', `key ${key} has another fingerprint in a replica`);
    }
    this.#agreed.add(key);
    return fingerprint;
  }

  /** It did some work: the next failure starts with the shortest pause. */
  worked(): void {
    if (this.#state.kind === 'healthy') this.#failures = 0;
  }

  /** Takes note of what a call threw; tells whether that speaks of this replica rather than of the call. */
  failed(error: unknown): boolean {
    if (error instanceof RenkeiError && error.code === 'KEY_FINGERPRINT_MISMATCH') {
      this.#refuse(undefined);
      return true;
    }
    const code = faultOf(error);
    if (code === undefined) return false;
    // Of many calls under way only the first failure counts: they all met the same fault.
    if (this.#state.kind === 'healthy') this.#rest(code);
    return true;
  }

  /** Takes note that a key is gone which this replica has shown: it has to show every key anew. */
  lost(error: unknown): boolean {
    if (!(error instanceof RenkeiError) || error.code !== 'KEY_NOT_FOUND') return false;
    this.#agreed.clear();
    return true;
  }

  /** When the pause is over: asks for the fingerprint of a key that is wanted, before any work. */
  probeIfDue(key: KeyName, run: (probe: () => Promise<unknown>) => Promise<unknown>): void {
    const state = this.#state;
    if (state.kind !== 'resting' || performance.now() < state.until) return;
    const settle = (error?: unknown) => {
      if (this.#state.kind !== 'probing') return;
      const code = faultOf(error);
      if (code !== undefined) return this.#rest(code);
      // Any other answer shows that the replica is there; what it says, the next call will hear.
      this.#state = { kind: 'healthy' };
      notify(this.#options.observe, { type: 'replica-returned', id: this.id });
    };
    const done = run(() => this.fingerprint(key)).then(() => settle(), settle);
    this.#state = { kind: 'probing', code: state.code, done };
  }

  #rest(code: RenkeiErrorCode): void {
    const { pauseMs: shortest, longestPauseMs, observe } = this.#options;
    const pauseMs = Math.min(longestPauseMs, shortest * 2 ** Math.min(this.#failures, MOST_DOUBLINGS));
    this.#failures++;
    // Whatever comes back may be another token: it has to show every key anew.
    this.#agreed.clear();
    this.#state = { kind: 'resting', code, until: performance.now() + pauseMs };
    notify(observe, { type: 'replica-failed', id: this.id, code, pauseMs });
  }

  #refuse(key: KeyName | undefined): void {
    if (this.#state.kind === 'refused') return;
    this.#agreed.clear();
    this.#state = { kind: 'refused', key };
    notify(this.#options.observe, {
      type: 'replica-refused',
      id: this.id,
      ...(key === undefined ? {} : { key }),
    });
  }
}

/** The code of an error that speaks of the replica; `undefined` for one that speaks of the call. */
function faultOf(error: unknown): RenkeiErrorCode | undefined {
  if (!(error instanceof RenkeiError) || error.code === 'ABORTED') return undefined;
  return error.retryable || LASTING.has(error.code) ? error.code : undefined;
}
