import { createECDH, createPrivateKey } from 'node:crypto';
import { seededBytes } from './seeded-bytes.js';

/** A private key on P-256 that is the same for the same seed: PKCS#8, DER. For tests only. */
export function auditPair(seed: string): Uint8Array {
  const pair = createECDH('prime256v1');
  pair.setPrivateKey(seededBytes(seed, 32));
  const point = pair.getPublicKey();
  const key = createPrivateKey({
    format: 'jwk',
    key: {
      kty: 'EC',
      crv: 'P-256',
      d: pair.getPrivateKey().toString('base64url'),
      x: point.subarray(1, 33).toString('base64url'),
      y: point.subarray(33).toString('base64url'),
    },
  });
  return new Uint8Array(key.export({ format: 'der', type: 'pkcs8' }));
}
