import { createHash, createPublicKey, verify } from 'node:crypto';
import { fc, test as property } from '@fast-check/vitest';
import { describe, expect, test } from 'vitest';
import { signatureFromDer, signatureToDer } from '../../src/signatures/p256.js';
import {
  isNoteSigned,
  noteKeyId,
  readNote,
  type SignedNote,
  writeNote,
} from '../../src/signatures/signed-note.js';
import { makeSigner } from '../support/signer.js';

const NAME = 'log.example.jp/operations';
const TEXT = `${NAME}\n3\n4z6ix8kJ2ZC0kpz8QX0GJ0cS1yqHkGZ9nQ2n7c5u1bE=\n`;
const signer = makeSigner();
const other = makeSigner();

const made = async (text = TEXT, by = signer, name = NAME) =>
  writeNote(text, name, by.publicKey, await by.sign(Buffer.from(text)));
const read = (note: string) => readNote(note) as SignedNote;

describe('a signed note (C2SP signed-note, signature type 0x02)', () => {
  test('has its text, an empty line, and a line of em dash, key name and base64(key ID || DER)', async () => {
    const note = await made();
    const [text, line, ...rest] = note.split('\n\n');
    expect([`${text}\n`, rest]).toEqual([TEXT, []]);
    const [dash, name, base64] = (line as string).trimEnd().split(' ');
    expect([dash, name, note.endsWith('\n')]).toEqual(['\u2014', NAME, true]);
    const bytes = Buffer.from(base64 as string, 'base64');
    const keyId = createHash('sha256').update(signer.publicKey).digest().subarray(0, 4);
    expect(bytes.subarray(0, 4)).toEqual(keyId);
    // By the DER that node:crypto itself expects.
    const key = createPublicKey({ key: Buffer.from(signer.publicKey), format: 'der', type: 'spki' });
    expect(verify('sha256', Buffer.from(TEXT), key, bytes.subarray(4))).toBe(true);
  });

  test('is signed by the key of this name, and by no other key or name', async () => {
    const note = read(await made());
    expect(isNoteSigned(note, NAME, [other.publicKey, signer.publicKey])).toBe(true);
    expect(isNoteSigned(note, NAME, [other.publicKey])).toBe(false);
    expect(isNoteSigned(note, NAME, [])).toBe(false);
    expect(isNoteSigned(note, 'log.example.jp/other', [signer.publicKey])).toBe(false);
  });

  test('passes over signatures of unknown keys; a wrong one of a known key spoils it', async () => {
    const lineOf = (note: string) => note.slice(note.indexOf('\n\n') + 2);
    const [own, foreign] = [await made(), await made(TEXT, other, 'witness.example.jp')];
    const both = read(`${own}${lineOf(foreign)}`);
    expect(both.signatures).toHaveLength(2);
    expect(isNoteSigned(both, NAME, [signer.publicKey])).toBe(true);
    const spoilt = read(`${own}${lineOf(await made(`${TEXT}more\n`))}`);
    expect(isNoteSigned(spoilt, NAME, [signer.publicKey])).toBe(false);
  });

  test('with any character changed is none, or not signed', async () => {
    const note = await made();
    for (let k = 0; k < note.length; k++) {
      const changed = note.slice(0, k) + (note[k] === 'A' ? 'B' : 'A') + note.slice(k + 1);
      const parsed = readNote(changed);
      expect(parsed === undefined || !isNoteSigned(parsed, NAME, [signer.publicKey]), `character ${k}`).toBe(
        true,
      );
    }
  });

  test('is refused when a line of signatures, the empty line or an end is missing, or a character is not allowed', async () => {
    const note = await made();
    const refused = [
      '',
      TEXT,
      `${TEXT}\n`,
      note.slice(0, -1),
      `${note}\n`,
      note.replace('\n\n', '\n'),
      note.replace('\u2014', '-'),
      note.replace('=\n\n', '=\n\r\n'),
      note.replace(`${NAME} `, `${NAME}  `),
      `${note}${'\u2014 a b\n'.repeat(20_000)}`,
    ];
    for (const text of refused) expect(readNote(text), JSON.stringify(text.slice(0, 60))).toBeUndefined();
  });

  test('has the key ID of the public key alone', () => {
    expect(noteKeyId(signer.publicKey)).toHaveLength(4);
    expect(noteKeyId(signer.publicKey)).not.toEqual(noteKeyId(other.publicKey));
  });
});

describe('a signature in DER', () => {
  const scalar = fc.uint8Array({ minLength: 32, maxLength: 32 });
  const short = fc.nat(31).chain((zeros) =>
    fc.uint8Array({ minLength: 32 - zeros, maxLength: 32 - zeros }).map((tail) => {
      const bytes = new Uint8Array(32);
      bytes.set(tail, zeros);
      return bytes;
    }),
  );
  const number = fc.oneof(scalar, short);

  property.prop([number, number])('leads back to r || s, whatever their lengths', (r, s) => {
    const signature = Uint8Array.of(...r, ...s);
    expect(signatureFromDer(signatureToDer(signature))).toEqual(signature);
  });

  property.prop([fc.uint8Array({ maxLength: 80 })])(
    'of any bytes is refused or leads back to them',
    (bytes) => {
      const signature = signatureFromDer(bytes);
      if (signature !== undefined) expect(signatureToDer(signature)).toEqual(bytes);
    },
  );

  property.prop([number, number, fc.nat(), fc.nat(255)])(
    'with a byte changed, added or cut off is refused or is another signature',
    (r, s, place, value) => {
      const signature = Uint8Array.of(...r, ...s);
      const der = signatureToDer(signature);
      const changed = new Uint8Array(der);
      changed[place % der.length] = value;
      if (value !== der[place % der.length]) expect(signatureFromDer(changed)).not.toEqual(signature);
      expect(signatureFromDer(Uint8Array.of(...der, value))).toBeUndefined();
      expect(signatureFromDer(der.subarray(0, -1))).toBeUndefined();
    },
  );
});
