import pkcs11js, { type Mechanism } from 'pkcs11js';
import { type Audience, createMemoryStore, openIssuer, parseAudience } from 'renkei';
import { openPkcs11Vault } from 'renkei/pkcs11';
import { CODE_LENGTH } from '../src/codes/per-institution-code.js';
import { syntheticResidents } from '../test/support/residents.js';
import { requests } from './requests.js';
import type { BenchResult } from './results.js';
import { compare, measure, type Pace, type Work } from './rounds.js';
import { type BenchToken, FROM, INSTITUTIONS, TO } from './token.js';

const SEALED_ROWS = 512;
const BULK_ROWS = 98_304;

const from = parseAudience(FROM).name as Audience;
const to = parseAudience(TO).name as Audience;
const store = parseAudience('store/1').name as Audience;

/** Both engines through the public port, worker thread included; the sealed one beside its three bare calls. */
export async function measureVaults(token: BenchToken, pace: Pace): Promise<BenchResult[]> {
  await using sealed = await openPkcs11Vault(token.access);
  await using bulk = await openPkcs11Vault({ ...token.access, engine: 'bulk' });
  const few = syntheticResidents(2, 0, SEALED_ROWS);
  const many = syntheticResidents(2, 0, BULK_ROWS);
  const [sealedCodes] = (await sealed.derive(few.slice(), [from])).codes as [Uint8Array];
  const [bulkCodes] = (await bulk.derive(many.slice(), [from])).codes as [Uint8Array];
  if (Buffer.compare(sealedCodes, bulkCodes.subarray(0, sealedCodes.length)) !== 0) {
    throw new Error('the sealed and the bulk engine disagree');
  }
  const [translated] = (await sealed.translate(sealedCodes, from, [to])).codes as [Uint8Array];

  const translate = await compare(
    pace,
    async () => {
      await sealed.translate(sealedCodes, from, [to]);
      return SEALED_ROWS;
    },
    bareTranslation(token, sealedCodes, translated),
  );
  const derived = await measure(pace, async () => {
    await sealed.derive(few.slice(), [from]);
    return SEALED_ROWS;
  });
  const bulkDerived = await measure(pace, async () => {
    await bulk.derive(many.slice(), [store, from]);
    return BULK_ROWS;
  });
  const bulkTranslated = await measure(pace, async () => {
    await bulk.translate(bulkCodes, from, [to]);
    return BULK_ROWS;
  });
  return [
    { name: 'sealed.derive', unit: 'codes/s', rate: derived },
    { name: 'sealed.translate', unit: 'codes/s', ...translate },
    { name: 'raw.sealed-translate', unit: 'codes/s', rate: translate.limit },
    { name: 'vault.derive', unit: 'residents/s', rate: bulkDerived },
    { name: 'vault.translate', unit: 'codes/s', rate: bulkTranslated },
  ];
}

/** C_UnwrapKey, C_WrapKey and C_DestroyObject in a bare loop, with the templates the sealed engine uses. */
function bareTranslation(token: BenchToken, codes: Uint8Array, expected: Uint8Array): Work {
  const { module, handle } = token.session;
  const mechanism: Mechanism = { mechanism: pkcs11js.CKM_AES_KEY_WRAP };
  const template = [
    { type: pkcs11js.CKA_CLASS, value: pkcs11js.CKO_SECRET_KEY },
    { type: pkcs11js.CKA_KEY_TYPE, value: pkcs11js.CKK_AES },
    { type: pkcs11js.CKA_TOKEN, value: false },
    { type: pkcs11js.CKA_PRIVATE, value: true },
    { type: pkcs11js.CKA_SENSITIVE, value: true },
    { type: pkcs11js.CKA_EXTRACTABLE, value: true },
    { type: pkcs11js.CKA_ENCRYPT, value: false },
    { type: pkcs11js.CKA_DECRYPT, value: false },
    { type: pkcs11js.CKA_SIGN, value: false },
    { type: pkcs11js.CKA_VERIFY, value: false },
    { type: pkcs11js.CKA_WRAP, value: false },
    { type: pkcs11js.CKA_UNWRAP, value: false },
    { type: pkcs11js.CKA_DERIVE, value: false },
  ];
  const input = Buffer.from(codes);
  const output = new Uint8Array(codes.length);
  const wrapped = Buffer.alloc(64);
  const unwrapKey = token.key(FROM);
  const wrapKey = token.key(TO);
  const work = () => {
    for (let offset = 0; offset < input.length; offset += CODE_LENGTH) {
      const code = input.subarray(offset, offset + CODE_LENGTH);
      const linkage = module.C_UnwrapKey(handle, mechanism, unwrapKey, code, template);
      output.set(module.C_WrapKey(handle, mechanism, wrapKey, linkage, wrapped), offset);
      module.C_DestroyObject(handle, linkage);
    }
    return input.length / CODE_LENGTH;
  };
  work();
  if (Buffer.compare(output, expected) !== 0) throw new Error('the bare loop and the sealed engine disagree');
  return work;
}

/** The whole issuance into a store that costs next to nothing. */
export async function measureMemoryIssuance(token: BenchToken, residents: number): Promise<BenchResult> {
  await using vault = await openPkcs11Vault({ ...token.access, engine: 'bulk' });
  const issuer = await openIssuer({ vault, store: createMemoryStore() });
  await issuer.registerInstitution(INSTITUTIONS[0]);
  const batches = [...requests(3, 0, residents)];
  const start = performance.now();
  for await (const { counts, length } of issuer.issueAll(INSTITUTIONS[0], batches)) {
    if (counts.issued !== length) throw new Error('the issuance was not clean');
  }
  const seconds = (performance.now() - start) / 1000;
  return { name: 'issue.memory', unit: 'residents/s', rate: residents / seconds };
}
