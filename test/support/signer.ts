import { generateKeyPairSync, sign } from 'node:crypto';
import type { AuditKeyName } from '../../src/codes/key-names.js';
import { withLowerS } from '../../src/signatures/p256.js';

/** An audit key in memory. */
export function makeSigner(name = 'audit/1' as AuditKeyName) {
  const pair = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const publicKey = new Uint8Array(pair.publicKey.export({ type: 'spki', format: 'der' }));
  return {
    name,
    publicKey,
    sign: async (message: Uint8Array) =>
      withLowerS(sign('sha256', message, { key: pair.privateKey, dsaEncoding: 'ieee-p1363' })),
  };
}
