import type { Audience, AuditKeyName, KeyName, LinkKeyName } from '../../codes/key-names.js';
import type { RenkeiErrorCode } from '../../errors/codes.js';
import type { Refusal } from '../../errors/renkei-error.js';
import type { KeyAssurance } from '../port.js';
import type { ModuleFault } from './fault.js';
import type { KeyDescription, RefusedAttempt, TokenDescription } from './key-description.js';
import type { KeyLevel } from './key-profile.js';
import type { Engine, LoginRole, TokenSelector } from './options.js';

/** What the caller's thread and a worker thread say to each other. One request at a time, one answer each. */
export interface Requests {
  /** Load and initialise the module. */
  readonly start: { readonly request: StartRequest; readonly answer: { readonly initialisedHere: boolean } };
  /** Finalise and initialise the module. No other worker of the process may be inside it. */
  readonly reinitialise: {
    readonly request: StartRequest & { readonly finalize: boolean };
    readonly answer: { readonly initialisedHere: boolean };
  };
  /**
   * Forget the session without closing it. Handles are numbered anew when a module is initialised again: the old one
   * may be somebody else's session now.
   */
  readonly forget: { readonly request: null; readonly answer: null };
  /** Find the token and open this worker's session, in place of the one it may have. Keys are found anew. */
  readonly open: { readonly request: OpenRequest; readonly answer: { readonly needsLogin: boolean } };
  /** Log in, once for the whole process. */
  readonly login: {
    readonly request: { readonly pin: SharedArrayBuffer; readonly role: LoginRole };
    readonly answer: null;
  };
  /** Log out what this worker logged in, to log in as somebody else. */
  readonly logout: { readonly request: null; readonly answer: null };
  /** Tell which of these names are on the token, as far as the login shows. */
  readonly present: {
    readonly request: { readonly names: readonly KeyName[] };
    readonly answer: { readonly names: readonly KeyName[] };
  };
  /** Find a key anew, as if it had never been used, and fingerprint it. */
  readonly fingerprint: {
    readonly request: { readonly key: KeyName };
    readonly answer: { readonly fingerprint: string };
  };
  /** Prove the level of one key. */
  readonly prove: { readonly request: { readonly key: KeyName }; readonly answer: KeyAssurance };
  readonly compute: { readonly request: ComputeRequest; readonly answer: { readonly refusals: Refusal[] } };
  readonly provision: { readonly request: ProvisionRequest; readonly answer: ProvisionAnswer };
  /** What the token and the module say of themselves. */
  readonly describeToken: { readonly request: null; readonly answer: TokenDescription };
  /** Names of all keys on the token, once for each object, and the number of objects with other labels. */
  readonly listKeys: {
    readonly request: null;
    readonly answer: { readonly names: readonly KeyName[]; readonly others: number };
  };
  /** Fingerprint and attributes of a key. */
  readonly describeKey: { readonly request: { readonly name: KeyName }; readonly answer: KeyDescription };
  /** Take a key from level 1 to level 2 for good. */
  readonly lockDown: { readonly request: { readonly name: KeyName }; readonly answer: LockDownAnswer };
  /** Destroy a key, whose fingerprint must be the one given. */
  readonly destroyKey: {
    readonly request: { readonly name: KeyName; readonly fingerprint: string };
    readonly answer: null;
  };
  /** ECDSA over a SHA-256 digest: 64 bytes r || s in hex, with the lower s. */
  readonly sign: {
    readonly request: { readonly key: AuditKeyName; readonly digest: Uint8Array };
    readonly answer: { readonly signature: string };
  };
  /** The public half of an audit key: SubjectPublicKeyInfo, DER. */
  readonly publicKey: {
    readonly request: { readonly key: AuditKeyName };
    readonly answer: { readonly publicKey: Uint8Array };
  };
  /** Refuse when an object on the token bears this label, whatever kind of object it is. */
  readonly requireGone: { readonly request: { readonly name: KeyName }; readonly answer: null };
  /** Close the session; the last user of a module finalises it. */
  readonly stop: { readonly request: { readonly finalize: boolean }; readonly answer: null };
}

export interface StartRequest {
  readonly module: string;
  readonly libraryParameters: string | undefined;
}

export interface OpenRequest {
  readonly token: TokenSelector;
  readonly writable: boolean;
  /** The engine to make ready; none for provisioning. */
  readonly engine: Engine | undefined;
  readonly chunkBytes: number;
}

/** One chunk of a call. Rows and codes lie in shared memory, laid out by {@link layOut}. */
export interface ComputeRequest {
  readonly shared: SharedArrayBuffer;
  readonly rows: number;
  /** Index of the chunk's first row in the caller's batch. */
  readonly firstIndex: number;
  /** Residents, or codes at an audience. */
  readonly source: { readonly kind: 'residents' } | { readonly kind: 'codes'; readonly from: Audience };
  /** Link keys to go through, in order; none for a translation. */
  readonly links: readonly LinkKeyName[];
  readonly to: readonly Audience[];
  /** The fingerprint each key must have. */
  readonly fingerprints: Readonly<Record<string, string>>;
}

export interface ProvisionRequest {
  readonly name: KeyName;
  readonly level: KeyLevel;
  /** A known AES-256 key, in shared memory; without it the token generates one. */
  readonly value: SharedArrayBuffer | undefined;
}

export interface ProvisionAnswer {
  readonly omitted: readonly string[];
}

export interface LockDownAnswer {
  /** False when the key was locked down before; it was tried again all the same. */
  readonly changed: boolean;
  /** What was tried on the locked-down key, all refused. */
  readonly refused: readonly RefusedAttempt[];
}

export type RequestName = keyof Requests;

/** A failure on its way between threads: an error object would lose its class. */
export interface FailureMessage {
  readonly code: RenkeiErrorCode;
  readonly message: string;
  /** Set when a recovery may mend it. */
  readonly fault?: ModuleFault;
}

export type AnswerMessage =
  | { readonly id: number; readonly answer: unknown }
  | { readonly id: number; readonly failure: FailureMessage };

export interface RequestMessage {
  readonly id: number;
  readonly name: RequestName;
  readonly request: unknown;
}

/** First bytes of the shared memory: one 32-bit flag that says "give up". */
const HEADER_BYTES = 16;

/** Where the input rows and each audience's codes lie in the shared memory of a chunk. */
export function layOut(rows: number, inputWidth: number, outputWidth: number, outputs: number) {
  const input = HEADER_BYTES;
  const inputBytes = rows * inputWidth;
  // Codes are handled as 32-bit words: keep them aligned.
  const firstOutput = input + Math.ceil(inputBytes / 8) * 8;
  const outputBytes = rows * outputWidth;
  return {
    input,
    inputBytes,
    outputBytes,
    output: (k: number) => firstOutput + k * outputBytes,
    totalBytes: firstOutput + outputs * outputBytes,
  };
}

/** The flag by which the caller's thread stops a running chunk. */
export function abortFlag(shared: SharedArrayBuffer): Int32Array {
  return new Int32Array(shared, 0, 1);
}
