import { fc, test as property } from '@fast-check/vitest';
import { describe, expect, test } from 'vitest';
import { canonicalJson } from '../../src/signatures/canonical-json.js';
import { isSigned, publicKeyFingerprint, withLowerS } from '../../src/signatures/p256.js';
import { signedMessage } from '../../src/signatures/signed-message.js';
import { makeSigner } from '../support/signer.js';

const ORDER = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;
const { publicKey, sign } = makeSigner();
const other = makeSigner();
const message = new TextEncoder().encode('a message');

function withHigherS(signature: Uint8Array): Uint8Array {
  const bytes = Buffer.from(signature);
  const s = BigInt(`0x${bytes.subarray(32).toString('hex')}`);
  return Buffer.concat([
    bytes.subarray(0, 32),
    Buffer.from((ORDER - s).toString(16).padStart(64, '0'), 'hex'),
  ]);
}

describe('a signature of an audit key', () => {
  test('is right for its message and its key, and for no other', async () => {
    const signature = await sign(message);
    expect(isSigned(publicKey, message, signature)).toBe(true);
    expect(isSigned(other.publicKey, message, signature)).toBe(false);
    expect(isSigned(publicKey, Uint8Array.of(...message, 0), signature)).toBe(false);
    expect(publicKeyFingerprint(publicKey)).not.toBe(publicKeyFingerprint(other.publicKey));
  });

  test('with the higher s is refused, and brought back to the lower one', async () => {
    const signature = await sign(message);
    const higher = withHigherS(signature);
    expect(isSigned(publicKey, message, higher)).toBe(false);
    expect(Buffer.from(withLowerS(higher))).toEqual(Buffer.from(signature));
    expect(withLowerS(signature)).toBe(signature);
  });

  test('is refused under a key that is none, and in another length', async () => {
    const signature = await sign(message);
    const offTheCurve = publicKey.slice();
    offTheCurve[90] = (offTheCurve[90] as number) ^ 1;
    for (const key of [offTheCurve, publicKey.subarray(1), new Uint8Array(0)]) {
      expect(isSigned(key, message, signature)).toBe(false);
    }
    for (const bad of [signature.subarray(1), new Uint8Array(0), new Uint8Array(64), new Uint8Array(65)]) {
      expect(isSigned(publicKey, message, bad)).toBe(false);
    }
  });

  property.prop([fc.nat(64 * 8 - 1)])('with any bit changed is refused', async (bit) => {
    const signature = new Uint8Array(await sign(message));
    signature[bit >> 3] = (signature[bit >> 3] as number) ^ (1 << (bit & 7));
    expect(isSigned(publicKey, message, signature)).toBe(false);
  });

  test('for one purpose is none for another', async () => {
    const signature = await sign(signedMessage('renkei-delivery/1', message));
    expect(isSigned(publicKey, signedMessage('renkei-delivery/1', message), signature)).toBe(true);
    expect(isSigned(publicKey, signedMessage('renkei-delivery/2', message), signature)).toBe(false);
    expect(isSigned(publicKey, message, signature)).toBe(false);
  });
});

describe('canonical JSON', () => {
  test('is one text for one value, however its members are ordered', () => {
    expect(canonicalJson({ b: [{ d: 1, c: 2 }], a: null, left: undefined })).toBe(
      '{"a":null,"b":[{"c":2,"d":1}]}',
    );
  });
});
