import { describe, expect, it } from 'vitest';
import { storeAudience } from '../../../../src/codes/key-names.js';
import { KeyRing } from '../../../../src/vault/pkcs11/worker/key-ring.js';
import { ckr, standInModule } from '../../../support/stand-in-module.js';
import { withCode } from '../../../support/with-code.js';

const NAME = storeAudience(1);
const SENSITIVE = 0x103;
const EXTRACTABLE = 0x162;
const WRAP = 0x106;

/** A ring on a token with one key, whose attributes answer as given. */
function ringOn(
  attributes: Readonly<Record<number, boolean>>,
  unknown = ckr('CKR_ATTRIBUTE_TYPE_INVALID', 0x12),
) {
  let fingerprinted = 0;
  const { module, calls } = standInModule({
    C_FindObjectsInit: () => undefined,
    C_FindObjects: () => [Buffer.alloc(8)],
    C_FindObjectsFinal: () => undefined,
    C_GetAttributeValue: (_session: Buffer, _key: Buffer, [attribute]: readonly [{ type: number }]) => {
      const value = attributes[attribute.type];
      if (value === undefined) throw unknown;
      return [{ value: Buffer.of(value ? 1 : 0) }];
    },
  });
  const ring = new KeyRing({ module, slot: Buffer.alloc(8), handle: Buffer.alloc(8) }, () => {
    fingerprinted++;
    return { fingerprint: 'aaaaaaaaaaaaaaaa', wrappedZeroKey: new Uint8Array(24) };
  });
  return { ring, calls, fingerprinted: () => fingerprinted };
}

const GOOD = { [SENSITIVE]: true, [EXTRACTABLE]: false, [WRAP]: true };

describe('KeyRing', () => {
  it('finds, reads and fingerprints a key once', () => {
    const { ring, calls, fingerprinted } = ringOn(GOOD);
    expect(ring.use(NAME, 'aaaaaaaaaaaaaaaa', 'wrap')).toMatchObject({
      name: NAME,
      usages: new Set(['wrap']),
    });
    const made = calls.length;
    ring.use(NAME, 'aaaaaaaaaaaaaaaa', 'wrap');
    expect([calls.length, fingerprinted()]).toEqual([made, 1]);
  });

  it.each(['bbbbbbbbbbbbbbbb', undefined])(
    'refuses a key that is another in this session than the fingerprint %s asked for',
    (expected) => {
      expect(() => ringOn(GOOD).ring.use(NAME, expected, 'wrap')).toThrow(
        withCode('KEY_FINGERPRINT_MISMATCH'),
      );
    },
  );

  it('refuses a key that its token does not say to be sensitive and not extractable, before it is used at all', () => {
    for (const attributes of [{}, { [SENSITIVE]: true }, { [EXTRACTABLE]: false }]) {
      const { ring, fingerprinted } = ringOn(attributes);
      expect(() => ring.find(NAME)).toThrow(withCode('KEY_EXPOSED'));
      expect(fingerprinted()).toBe(0);
    }
  });

  it('takes an attribute the module does not know for not granted, and any other failure for a fault', () => {
    expect([...ringOn(GOOD).ring.find(NAME).usages]).toEqual(['wrap']);
    const { ring } = ringOn(GOOD, ckr('CKR_DEVICE_ERROR', 0x30));
    expect(() => ring.find(NAME)).toThrow(withCode('MODULE_FAULT', { message: /^C_GetAttributeValue/ }));
  });
});
