import { isNoteSigned, readNote } from '../signatures/signed-note.js';

/** What a checkpoint says of a log. */
export interface Checkpoint {
  /** Name of the log, which is also the name of its key. */
  readonly origin: string;
  /** Number of entries. */
  readonly size: number;
  /** 32 bytes: root of the Merkle tree over the entries (RFC 6962 section 2.1). */
  readonly root: Uint8Array;
}

const ORIGIN = /^(?!renkei-)[A-Za-z0-9][A-Za-z0-9._~:/@-]{0,254}$/;
const SIZE = /^(0|[1-9][0-9]{0,15})$/;
const HASH_LENGTH = 32;

/**
 * True for what may name a log: 1 to 255 of letters, digits and `.` `_` `~` `:` `/` `@` `-`, the first one a letter or
 * digit, and not beginning with `renkei-`. C2SP recommends a URL without its scheme, such as `log.example.jp/operations`.
 *
 * All that else is signed with an audit key begins with a brace (records of ceremonies), with `renkei-` (`signedMessage`)
 * or with `renkei` and a space (the trial of a ceremony); the text of a checkpoint begins with its origin, which has none
 * of them. So no signature of a checkpoint is ever one of something else, nor the other way round.
 */
export function isOrigin(value: unknown): value is string {
  return typeof value === 'string' && ORIGIN.test(value);
}

/** The text that is signed: origin, size and root, a line each (C2SP tlog-checkpoint). */
export function checkpointText({ origin, size, root }: Checkpoint): string {
  return `${origin}\n${size}\n${Buffer.from(root).toString('base64')}\n`;
}

/** What is wrong with a note that should be a checkpoint. */
export type CheckpointFault = 'checkpoint-malformed' | 'checkpoint-foreign' | 'checkpoint-forged';

/**
 * Reads a checkpoint and checks its signature.
 *
 * @param publicKeys of the log, of all versions of its audit key: SubjectPublicKeyInfo, DER, 91 bytes each
 * @returns the checkpoint, or what is wrong: no checkpoint in the form of this log, one of another log, or one that none
 *   of the keys has signed
 */
export function readCheckpoint(
  note: string,
  origin: string,
  publicKeys: readonly Uint8Array[],
): Checkpoint | CheckpointFault {
  const signed = typeof note === 'string' ? readNote(note) : undefined;
  const checkpoint = signed === undefined ? undefined : parse(signed.text);
  if (signed === undefined || checkpoint === undefined) return 'checkpoint-malformed';
  if (checkpoint.origin !== origin) return 'checkpoint-foreign';
  return isNoteSigned(signed, origin, publicKeys) ? checkpoint : 'checkpoint-forged';
}

function parse(text: string): Checkpoint | undefined {
  const [origin = '', size = '', base64 = ''] = text.split('\n');
  const root = Buffer.from(base64, 'base64');
  if (!SIZE.test(size) || root.length !== HASH_LENGTH) return undefined;
  const checkpoint = { origin, size: Number(size), root: new Uint8Array(root) };
  const isOne = Number.isSafeInteger(checkpoint.size) && checkpointText(checkpoint) === text;
  return isOne ? checkpoint : undefined;
}
