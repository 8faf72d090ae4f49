import { CODE_LENGTH } from '../codes/per-institution-code.js';

/** Packed codes as one text a row, byte for character: keys for a `Map` or a `Set`. */
export function codeTexts(codes: Uint8Array): string[] {
  const bytes = Buffer.from(codes.buffer, codes.byteOffset, codes.byteLength);
  return Array.from({ length: codes.length / CODE_LENGTH }, (_, k) =>
    bytes.toString('latin1', k * CODE_LENGTH, (k + 1) * CODE_LENGTH),
  );
}

/** The bytes of a text that {@link codeTexts} made, or of several joined. */
export function codeOfText(text: string): Uint8Array {
  return Uint8Array.from(Buffer.from(text, 'latin1'));
}
