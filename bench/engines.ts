import pkcs11js, { type Mechanism } from 'pkcs11js';
import { CODE_LENGTH } from '../src/codes/per-institution-code.js';
import { BLOCK_LENGTH } from '../src/scheme/linkage-block.js';
import { BulkEngine } from '../src/vault/pkcs11/worker/bulk-engine.js';
import type { Session } from '../src/vault/pkcs11/worker/session.js';
import { syntheticResidents } from '../test/support/residents.js';
import type { BenchResult } from './results.js';
import { compare, measure, type Pace, type Work } from './rounds.js';
import { type BenchToken, FROM } from './token.js';

/** Bytes a call, the vault's default. */
const CHUNK_BYTES = 65_536;
const ROWS = CHUNK_BYTES / BLOCK_LENGTH;
/** AES calls for one wrapped code (RFC 3394). */
const BLOCKS_A_CODE = 12;
const HMAC_CALLS = 100;

/** The bulk engine beside the bare C_Encrypt it is made of, on one session of this thread. */
export async function measureEngines(token: BenchToken, pace: Pace): Promise<BenchResult[]> {
  const engine = new BulkEngine(token.session, CHUNK_BYTES);
  const audience = { handle: token.key(FROM) };
  const link = { handle: token.key('link/1') };
  const residents = syntheticResidents(1, 0, ROWS);
  const codes = new Uint8Array(ROWS * CODE_LENGTH);
  engine.derive(residents, [link], 0);
  engine.wrap(audience, codes);

  const wrap = await compare(
    pace,
    () => {
      engine.wrap(audience, codes);
      return ROWS;
    },
    rawEcb(token.session, audience.handle),
    BLOCKS_A_CODE,
  );
  const unwrap = await compare(
    pace,
    () => {
      const forged = engine.unwrap(codes, audience, [], 0);
      if (forged.length > 0) throw new Error('a good code was taken for a forged one');
      return ROWS;
    },
    rawEcb(token.session, audience.handle),
    BLOCKS_A_CODE,
  );
  const decrypt = await compare(
    pace,
    rawEcb(token.session, audience.handle, 'decrypt'),
    rawEcb(token.session, audience.handle),
  );
  const derive = await compare(
    pace,
    () => {
      engine.derive(residents, [link], 0);
      return ROWS;
    },
    rawEcb(token.session, link.handle),
  );
  return [
    { name: 'raw.ecb', unit: 'blocks/s', rate: derive.limit },
    { name: 'raw.ecb-decrypt', unit: 'blocks/s', ...decrypt },
    { name: 'bulk.derive', unit: 'linkage codes/s', ...derive },
    { name: 'bulk.wrap', unit: 'codes/s', ...wrap },
    { name: 'bulk.unwrap', unit: 'codes/s', ...unwrap },
    { name: 'percall.hmac', unit: 'codes/s', rate: await measure(pace, oneHmacACall(token)) },
  ];
}

/** The module's own AES-ECB at the size of call that suits it best. */
export function rawEcb(
  { module, handle }: Pick<Session, 'module' | 'handle'>,
  key: Buffer,
  direction: 'encrypt' | 'decrypt' = 'encrypt',
): Work {
  const mechanism: Mechanism = { mechanism: pkcs11js.CKM_AES_ECB };
  const blocks = Buffer.alloc(CHUNK_BYTES);
  return () => {
    if (direction === 'encrypt') {
      module.C_EncryptInit(handle, mechanism, key);
      module.C_Encrypt(handle, blocks, blocks);
    } else {
      module.C_DecryptInit(handle, mechanism, key);
      module.C_Decrypt(handle, blocks, blocks);
    }
    return ROWS;
  };
}

/** What a pseudonymisation with an HSM often is: one HMAC a person, one call each. */
function oneHmacACall({ session: { module, handle } }: BenchToken): Work {
  const key = module.C_GenerateKey(handle, { mechanism: pkcs11js.CKM_GENERIC_SECRET_KEY_GEN }, [
    { type: pkcs11js.CKA_CLASS, value: pkcs11js.CKO_SECRET_KEY },
    { type: pkcs11js.CKA_KEY_TYPE, value: pkcs11js.CKK_GENERIC_SECRET },
    { type: pkcs11js.CKA_VALUE_LEN, value: 32 },
    { type: pkcs11js.CKA_TOKEN, value: false },
    { type: pkcs11js.CKA_SIGN, value: true },
  ]);
  const mechanism: Mechanism = { mechanism: pkcs11js.CKM_SHA256_HMAC };
  const residents = Buffer.from(syntheticResidents(1, 0, HMAC_CALLS));
  const out = Buffer.alloc(32);
  return () => {
    for (let k = 0; k < HMAC_CALLS; k++) {
      module.C_SignInit(handle, mechanism, key);
      module.C_Sign(handle, residents.subarray(k * 11, (k + 1) * 11), out);
    }
    return HMAC_CALLS;
  };
}
