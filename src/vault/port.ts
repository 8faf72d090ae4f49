import type { Audience, AuditKeyName, KeyName } from '../codes/key-names.js';
import type { Refusal } from '../errors/renkei-error.js';

/** Options every vault call takes. */
export interface VaultCallOptions {
  /** Gives up between items; the call then fails with `ABORTED` and hands out nothing. */
  readonly signal?: AbortSignal;
  /** Gives up after so many milliseconds; the call then fails with `DEADLINE_EXCEEDED`. Default: no deadline. */
  readonly timeoutMs?: number;
}

/** Options of {@link Vault.derive}. */
export interface DeriveOptions extends VaultCallOptions {
  /** Generation of the linkage codes, 1 to 255. Default 1. */
  readonly generation?: number;
}

/** Codes of a packed batch, in the order of the input. */
export interface PackedCodes {
  /** For each audience, in the order asked for: n × 24 bytes. The row of a refused item is zero bytes. */
  readonly codes: readonly Uint8Array[];
  /** The refused items, by ascending index. The others were served. */
  readonly refusals: readonly Refusal[];
}

/** A level of assurance: where linkage codes can be seen. docs/design.md explains them. */
export type AssuranceLevel = 0 | 1 | 2 | 3;

/** Name of a level: 0, 1, 2, 3. */
export type AssuranceName = 'software' | 'host-visible' | 'hsm-sealed' | 'hsm-enforced';

/** What a vault can say about where linkage codes can be seen. */
export interface Assurance {
  /** The lowest level of its keys, and of the engine. */
  readonly level: AssuranceLevel;
  /** Name of the level. */
  readonly name: AssuranceName;
  /** What the statement rests on: attributes read back and attacks tried just now, or nothing but this process. */
  readonly basis: 'attributes-and-attacks' | 'process-memory';
  /** Why the level is not higher, in words. */
  readonly reasons: readonly string[];
  /** The keys it speaks of. */
  readonly keys: readonly KeyAssurance[];
}

/** The level one key allows. */
export interface KeyAssurance {
  /** The key's name. */
  readonly name: KeyName;
  /** 0 `software`, 1 `host-visible`, 2 `hsm-sealed`, 3 `hsm-enforced`. */
  readonly level: AssuranceLevel;
  /** Why the level is not 3: attributes that deviate from its profile, and attacks that were accepted. */
  readonly reasons: readonly string[];
  /** What was tried, and the module's answers. */
  readonly attacks: readonly AttackResult[];
}

/** One attempt at a key or a linkage code, and what the module answered. */
export interface AttackResult {
  /** What was tried, in words. */
  readonly attack: string;
  /** `reported` marks what no key can prevent: it is told, and does not count. */
  readonly outcome: 'refused' | 'accepted' | 'reported';
  /** The module's answer, such as `CKR_TEMPLATE_INCONSISTENT`, or `CKR_OK`. */
  readonly answer: string;
}

/**
 * What computes codes: this process, or with an HSM the sealed engine, which keeps linkage codes in it, or the bulk
 * engine, which shows them to the host.
 */
export type VaultEngine = 'software' | 'sealed' | 'bulk';

/** How a vault is doing. */
export interface VaultHealth {
  /**
   * `ready`: calls are served. `degraded`: served, but something is to be mended first. `unavailable`: calls fail at
   * once until a probe succeeds. `closed`: for good.
   */
  readonly state: 'ready' | 'degraded' | 'unavailable' | 'closed';
  /** Sessions of the HSM; 0 for a vault without. */
  readonly sessions: number;
  /** Sessions to be mended before their next use, or whose module has not answered in time. */
  readonly brokenSessions: number;
  /** Recoveries since the opening. */
  readonly recoveries: number;
  /** What computes its codes: one engine, or each of those that its replicas have. */
  readonly engines: readonly VaultEngine[];
}

/**
 * Where keys live and codes are computed. Everything above is built on this port. All calls take packed batches and
 * answer per item; none throws synchronously; a failure of the whole call is an error, a bad item is a refusal. An
 * empty batch is legal and touches nothing.
 */
export interface Vault {
  /**
   * Residents to codes for several audiences in one pass. **Wipes `residents` before it settles, however it ends**
   * (住民票コードは連携用符号生成後に直ちに削除する): a retry supplies them anew.
   *
   * @param residents n × 11 ASCII digits
   * @throws RenkeiError `BUFFER_LENGTH`, `KEY_NAME_INVALID`, `GENERATION_INVALID`, a key error or a module error
   */
  derive(
    residents: Uint8Array,
    audiences: readonly Audience[],
    options?: DeriveOptions,
  ): Promise<PackedCodes>;

  /**
   * Codes at one audience to codes of the same people at others. A forged code, or one of another audience, is
   * refused as `CODE_FORGED`.
   *
   * @param codes n × 24 bytes
   * @param from the store or an institution; a record key does not unwrap (`KEY_USAGE`)
   */
  translate(
    codes: Uint8Array,
    from: Audience,
    to: readonly Audience[],
    options?: VaultCallOptions,
  ): Promise<PackedCodes>;

  /**
   * Codes that carry generation g − 1 to codes that carry generation g. The superseded linkage code passes through
   * the host, so a sealed vault refuses (`ENGINE_REFUSED`).
   *
   * @param codes n × 24 bytes, carrying generation `generation` − 1
   * @param generation g, 2 to 255
   */
  advance(
    codes: Uint8Array,
    from: Audience,
    generation: number,
    to: readonly Audience[],
    options?: VaultCallOptions,
  ): Promise<PackedCodes>;

  /** The key's fingerprint, 16 lower-case hex digits, computed by the vault (see `docs/spec.md`). */
  fingerprint(key: KeyName, options?: VaultCallOptions): Promise<string>;

  /**
   * Signs with an audit key: ECDSA on P-256 over the SHA-256 of the message (FIPS 186-5), 64 bytes r || s, of the two
   * valid ones the one with the lower s.
   *
   * @throws RenkeiError `KEY_NAME_INVALID`, a key error or a module error
   */
  sign(key: AuditKeyName, message: Uint8Array, options?: VaultCallOptions): Promise<Uint8Array>;

  /** The public half of an audit key: SubjectPublicKeyInfo, DER (RFC 5480), 91 bytes. */
  publicKey(key: AuditKeyName, options?: VaultCallOptions): Promise<Uint8Array>;

  /** Proves, as far as the vault can, where linkage codes can be seen; tries the attacks anew at each call. */
  assurance(options?: VaultCallOptions): Promise<Assurance>;

  /** How the vault is doing. Answers at once and never throws. */
  health(): VaultHealth;

  /** Refuses new calls, lets the running ones end, then lets go of keys and sessions. May be called twice. */
  close(): Promise<void>;

  /** The same as {@link Vault.close}. */
  [Symbol.asyncDispose](): Promise<void>;
}

/** Destroys keys for good. Apart from {@link Vault}, so that what serves requests cannot do it. */
export interface KeyDestroyer {
  /**
   * Destroys the key of this name, whose fingerprint must be the one given. A key that is not there any more is no
   * error: a retry is safe.
   *
   * @throws RenkeiError `KEY_FINGERPRINT_MISMATCH`, `KEY_AMBIGUOUS` or a module error
   */
  destroy(name: KeyName, fingerprint: string): Promise<void>;
}
