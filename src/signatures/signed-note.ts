import { createHash } from 'node:crypto';
import { isSigned, signatureFromDer, signatureToDer } from './p256.js';

/** A signature line of a note. */
interface NoteSignature {
  readonly name: string;
  /** 4 bytes, then the signature. */
  readonly bytes: Uint8Array;
}

/** A text with its signatures (C2SP signed-note); nothing of it may be believed before {@link isNoteSigned}. */
export interface SignedNote {
  /** What is signed, with the line feed at its end. */
  readonly text: string;
  readonly signatures: readonly NoteSignature[];
}

const MOST_NOTE_LETTERS = 65_536;
const KEY_ID_LENGTH = 4;
const SIGNATURE_LINE = /^— ([^\s+]+) ([A-Za-z0-9+/]+={0,2})$/u;
/** A control character that is no line feed. */
const CONTROL = /[^\P{Cc}\n]/u;

/** The first 4 bytes of SHA-256 over the SubjectPublicKeyInfo (DER): the ID of a key of signature type 0x02 (ECDSA). */
export function noteKeyId(publicKey: Uint8Array): Uint8Array {
  return createHash('sha256').update(publicKey).digest().subarray(0, KEY_ID_LENGTH);
}

/**
 * A text and its signature as a note.
 *
 * @param text ends with a line feed
 * @param name of the key: no space, no plus
 * @param signature r || s, 64 bytes
 */
export function writeNote(text: string, name: string, publicKey: Uint8Array, signature: Uint8Array): string {
  const bytes = Buffer.concat([noteKeyId(publicKey), signatureToDer(signature)]);
  return `${text}\n— ${name} ${bytes.toString('base64')}\n`;
}

/** Takes a note apart; undefined when it is none. */
export function readNote(note: string): SignedNote | undefined {
  const end = note.lastIndexOf('\n\n');
  if (end < 0 || note.length > MOST_NOTE_LETTERS || CONTROL.test(note) || !note.endsWith('\n'))
    return undefined;
  const signatures: NoteSignature[] = [];
  for (const line of note.slice(end + 2, -1).split('\n')) {
    const [, name, base64] = SIGNATURE_LINE.exec(line) ?? [];
    if (name === undefined || base64 === undefined) return undefined;
    const bytes = Buffer.from(base64, 'base64');
    if (bytes.toString('base64') !== base64 || bytes.length <= KEY_ID_LENGTH) return undefined;
    signatures.push({ name, bytes });
  }
  return { text: note.slice(0, end + 1), signatures };
}

/**
 * True when one of the keys, under this name, has signed: ECDSA on P-256 over the SHA-256 of the text. Signatures of
 * unknown keys are passed over, as C2SP has it; a wrong one of a known key spoils the note.
 *
 * @param publicKeys SubjectPublicKeyInfo, DER, 91 bytes each
 */
export function isNoteSigned(
  { text, signatures }: SignedNote,
  name: string,
  publicKeys: readonly Uint8Array[],
): boolean {
  const message = Buffer.from(text);
  const known = signatures.flatMap(({ name: signer, bytes }) => {
    const id = bytes.subarray(0, KEY_ID_LENGTH);
    const keys = publicKeys.filter((key) => signer === name && Buffer.compare(noteKeyId(key), id) === 0);
    const signature = signatureFromDer(bytes.subarray(KEY_ID_LENGTH));
    return keys.length === 0
      ? []
      : [signature !== undefined && keys.some((key) => isSigned(key, message, signature))];
  });
  return known.length > 0 && known.every(Boolean);
}
