import {
  checkOptions,
  functionRule,
  integerRule,
  type OptionRule,
  objectRule,
  required,
  textRule,
} from '../../errors/options.js';
import { RenkeiError } from '../../errors/renkei-error.js';
import { LONGEST_TIMEOUT_MS } from '../call-limits.js';
import type { VaultObserver } from '../events.js';
import { fingerprintsRule } from '../expected-fingerprints.js';

/**
 * Which engine a vault computes with; both give the same bytes. `sealed`: linkage codes exist only as sensitive
 * session objects in the HSM. `bulk`: the same from AES-ECB over thousands of blocks a call; the host sees linkage
 * codes for the length of a batch and wipes them.
 */
export type Engine = 'sealed' | 'bulk';

/** Which token: by label, and by serial number where two tokens may bear one label. Never by slot number. */
export interface TokenSelector {
  /** Label of the token, without the padding. */
  readonly label: string;
  /** Serial number of the token, without the padding. */
  readonly serial?: string;
}

/** Whom a PIN belongs to. */
export type LoginRole = 'user' | 'security-officer';

/** Gives a PIN, as text or UTF-8 bytes; bytes are wiped after use. */
export type PinCallback = () => string | Uint8Array | Promise<string | Uint8Array>;

/** What any opening of a token needs. */
export interface TokenOptions {
  /** Path of the PKCS#11 module (a shared library). */
  readonly module: string;
  /** The module's own initialisation string (NSS softokn needs one). */
  readonly libraryParameters?: string;
  /** Which token. */
  readonly token: TokenSelector;
  /**
   * Gives the user PIN, as text or UTF-8 bytes (bytes are wiped after use). Called at the opening and whenever the
   * login was lost; a refused PIN is never tried again. Not needed for a token without login, or where this process is
   * logged in already.
   */
  readonly pin?: PinCallback;
}

/** Options of `openPkcs11Vault`. */
export interface Pkcs11VaultOptions extends TokenOptions {
  /** Default `sealed`. `bulk` is opted into by name, and refused where the keys do not permit it. */
  readonly engine?: Engine;
  /** Sessions, each in a worker thread of its own, 1 to 64. Default 1. */
  readonly sessions?: number;
  /** Bytes a bulk call hands to the module at the most, a multiple of 16. Default 65,536. */
  readonly chunkBytes?: number;
  /** Fingerprints known beforehand, by key name: a key with another one is refused before its first use. */
  readonly expectedFingerprints?: Readonly<Record<string, string>>;
  /**
   * The least level of assurance the application accepts: 3 `hsm-enforced`, 2 `hsm-sealed`, 1 `host-visible`. Above 1
   * it is proved at opening for every key on the token, and for a later key before its first use. Default 1.
   */
  readonly minimumLevel?: 1 | 2 | 3;
  /** How often a chunk is tried again after a fault that a recovery may mend, 0 to 100. Default 3. */
  readonly retries?: number;
  /** How long the module may take to answer one chunk, 1 to 2^31 − 1 ms. Default 30,000. */
  readonly moduleTimeoutMs?: number;
  /** First pause of the circuit breaker after 8 failures in a row, 1 to 600,000 ms. Default 1,000. */
  readonly breakerPauseMs?: number;
  /** Told what happens: counts, durations and error codes, never content. */
  readonly observe?: VaultObserver;
}

export const DEFAULT_CHUNK_BYTES = 65_536;
export const DEFAULT_RETRIES = 3;
export const DEFAULT_MODULE_TIMEOUT_MS = 30_000;
export const DEFAULT_BREAKER_PAUSE_MS = 1_000;
const HIGHEST_CHUNK_BYTES = 16 * 1_048_576;

/** The rules for the options that every opening of a token shares. */
export const TOKEN_RULES: Record<string, OptionRule> = {
  module: required(textRule),
  libraryParameters: textRule,
  token: required(objectRule('an object { label, serial? }')),
  pin: functionRule,
};

const VAULT_RULES: Record<string, OptionRule> = {
  ...TOKEN_RULES,
  engine: { expects: '"sealed" or "bulk"', check: (value) => value === 'sealed' || value === 'bulk' },
  sessions: integerRule(1, 64),
  chunkBytes: {
    expects: `a multiple of 16 from 16 to ${HIGHEST_CHUNK_BYTES}`,
    check: (value) =>
      Number.isInteger(value) &&
      (value as number) % 16 === 0 &&
      (value as number) >= 16 &&
      (value as number) <= HIGHEST_CHUNK_BYTES,
  },
  minimumLevel: integerRule(1, 3),
  retries: integerRule(0, 100),
  moduleTimeoutMs: integerRule(1, LONGEST_TIMEOUT_MS),
  breakerPauseMs: integerRule(1, 600_000),
  observe: functionRule,
  expectedFingerprints: fingerprintsRule,
};

/** Checks the options of `openPkcs11Vault`. */
export function checkVaultOptions(options: Pkcs11VaultOptions): void {
  checkOptions('openPkcs11Vault', options, VAULT_RULES);
  checkToken('openPkcs11Vault', options.token);
}

/** Checks a token selector. */
export function checkToken(what: string, token: TokenSelector): void {
  checkOptions(`${what}.token`, token, { label: required(textRule), serial: textRule });
}

/** Asks for the PIN and gives its bytes; the caller wipes them. Without a callback no login is tried. */
export async function readPin(callback: PinCallback | undefined): Promise<Uint8Array> {
  if (callback === undefined) {
    throw new RenkeiError('PIN_REFUSED', 'the token wants a login, and there is no pin callback');
  }
  let pin: unknown;
  try {
    pin = await callback();
  } catch {
    // The callback's own error may hold what it read.
    throw new RenkeiError('PIN_REFUSED', 'the pin callback failed');
  }
  if (typeof pin === 'string') return new TextEncoder().encode(pin);
  if (pin instanceof Uint8Array) return pin;
  throw new RenkeiError('PIN_REFUSED', 'the pin callback gave neither a text nor a Uint8Array');
}
