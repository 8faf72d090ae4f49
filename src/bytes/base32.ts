/** RFC 4648 section 6, in lower case and without padding, for lengths that are a multiple of 5 bytes. */
const ALPHABET = 'abcdefghijklmnopqrstuvwxyz234567';

const ENCODE = Uint8Array.from(ALPHABET, (letter) => letter.charCodeAt(0));
const DECODE = new Int8Array(128).fill(-1);
for (let value = 0; value < 32; value++) DECODE[ENCODE[value] as number] = value;

/** Encodes 5·k bytes as 8·k characters. */
export function encodeBase32(bytes: Uint8Array): string {
  let text = '';
  for (let i = 0; i < bytes.length; i += 5) {
    // 40 bits as two 20-bit halves: JavaScript's bit operators work on 32.
    const high = (at(bytes, i) << 12) | (at(bytes, i + 1) << 4) | (at(bytes, i + 2) >> 4);
    const low = ((at(bytes, i + 2) & 15) << 16) | (at(bytes, i + 3) << 8) | at(bytes, i + 4);
    // Written out: every answer of a population passes through here, and a spread array takes nine times as long.
    text += String.fromCharCode(
      letter(high >> 15),
      letter(high >> 10),
      letter(high >> 5),
      letter(high),
      letter(low >> 15),
      letter(low >> 10),
      letter(low >> 5),
      letter(low),
    );
  }
  return text;
}

/** Decodes 8·k characters to 5·k bytes; `undefined` when a character is not of the alphabet. */
export function decodeBase32(text: string): Uint8Array | undefined {
  const bytes = new Uint8Array((text.length / 8) * 5);
  for (let i = 0, o = 0; i < text.length; i += 8, o += 5) {
    let high = 0;
    let low = 0;
    for (let k = 0; k < 8; k++) {
      const value = DECODE[text.charCodeAt(i + k)] ?? -1;
      if (value < 0) return undefined;
      if (k < 4) high = (high << 5) | value;
      else low = (low << 5) | value;
    }
    bytes[o] = high >> 12;
    bytes[o + 1] = (high >> 4) & 255;
    bytes[o + 2] = ((high & 15) << 4) | (low >> 16);
    bytes[o + 3] = (low >> 8) & 255;
    bytes[o + 4] = low & 255;
  }
  return bytes;
}

/** The letter of the five lowest bits. */
function letter(bits: number): number {
  return at(ENCODE, bits & 31);
}

function at(bytes: Uint8Array, index: number): number {
  return bytes[index] as number;
}
