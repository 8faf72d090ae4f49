import type { Refusal } from '../../../errors/renkei-error.js';
import type { Fingerprinter, FoundKey, Usage } from './key-ring.js';

/** One chunk as an engine sees it. */
export interface Chunk {
  readonly rows: number;
  /** Index of the first row in the caller's batch. */
  readonly firstIndex: number;
  /** n × 11 digits, or n × 24 code bytes. */
  readonly input: Uint8Array;
  /** The key the input codes are wrapped under; none when the input is residents. */
  readonly from: FoundKey | undefined;
  /** Link keys to go through, in order. */
  readonly links: readonly FoundKey[];
  readonly to: readonly FoundKey[];
  /** For each of `to`: n × 24 bytes, written; zero bytes for a refused row. */
  readonly outputs: readonly Uint8Array[];
  /** Throws when the caller has given up. */
  readonly checkAbort: () => void;
}

/** Computes codes on one session. Both engines give the same bytes. */
export interface SessionEngine {
  /** What the engine needs a key to permit. */
  readonly usages: { readonly link: Usage; readonly wrap: Usage; readonly unwrap: Usage };
  readonly fingerprint: Fingerprinter;
  compute(chunk: Chunk): Refusal[];
}
