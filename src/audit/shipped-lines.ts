import { bytesToHex, hexToBytes } from '@noble/hashes/utils.js';
import { canonicalJson } from '../signatures/canonical-json.js';
import { hex, integer, listOf, wrongMember } from '../signatures/members.js';

/** A checkpoint among the lines that a log is shipped as. */
export interface ShippedCheckpoint {
  /** The signed note. */
  readonly checkpoint: string;
  /** Number of entries before it in the log, as far as they were shipped. */
  readonly entries: number;
  /** Consistency proof from the size of the checkpoint to `entries`. */
  readonly proof: readonly Uint8Array[];
}

const BEGINNING = '{"checkpoint":';
const HASH_DIGITS = 64;
const CHECKS = {
  checkpoint: (value: unknown) => typeof value === 'string',
  entries: integer(0, Number.MAX_SAFE_INTEGER),
  proof: listOf(hex(HASH_DIGITS)),
};

/** A checkpoint as a line: JSON with `checkpoint`, `entries` and `proof`, a list of hashes in hex. */
export function checkpointLine({ checkpoint, entries, proof }: ShippedCheckpoint): string {
  return canonicalJson({ checkpoint, entries, proof: proof.map(bytesToHex) });
}

/** Reads such a line; undefined when it is none. Every other line is that of an entry, which is its text as it is. */
export function readCheckpointLine(line: string): ShippedCheckpoint | undefined {
  if (!line.startsWith(BEGINNING)) return undefined;
  try {
    const value = JSON.parse(line);
    if (wrongMember(value, CHECKS) !== undefined) return undefined;
    return { checkpoint: value.checkpoint, entries: value.entries, proof: value.proof.map(hexToBytes) };
  } catch {
    return undefined;
  }
}
