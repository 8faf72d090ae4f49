import { ecb } from '@noble/ciphers/aes.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex, hexToBytes, utf8ToBytes } from '@noble/hashes/utils.js';
import {
  type Audience,
  institutionAudience,
  type KeyName,
  linkKey,
  parseAudience,
  recordAudience,
  storeAudience,
} from '../src/codes/key-names.js';
import { codeAt } from '../src/codes/packed-codes.js';
import { formatPerInstitutionCode } from '../src/codes/per-institution-code.js';
import { BLOCK_LENGTH, writeLinkageBlocks } from '../src/scheme/linkage-block.js';
import { packResidents } from '../src/subjects/pack-residents.js';
import { checkDigit } from '../src/subjects/resident-record-code.js';
import type { Vault } from '../src/vault/port.js';
import { openSoftwareVault } from '../src/vault/software/index.js';
import { syntheticResidents } from '../test/support/residents.js';
import { externalFormFaults, KEYLESS_FAULTS } from './vectors.faults.js';
import type {
  AccumulatedVector,
  CodeVector,
  Fault,
  KeySet,
  PresentedCode,
  VectorFile,
} from './vectors.format.js';

const NOTES = [
  'Test vectors of docs/spec.md. All keys are for tests only. Bytes are lower-case hex.',
  'codes: everything computed for one resident; linkageBlock is M(J), linkageCodes are L[1] to L[generation].',
  'accumulated: SHA-256 over the codes of `count` residents at the audience, 24 bytes each, one behind the other.',
  'The n-th resident (n from 0) has the body (seed·7046029253 + n·3816547291) mod 10^10, ten digits with leading zeros, then the check digit.',
  'invalid: one fault each, and the error code of docs/errors.md it must meet.',
];

const INSTITUTION = '0220113112101700';
const AUDIENCES: readonly Audience[] = [
  'store/1',
  'store/255',
  `institution/${INSTITUTION}/1`,
  `institution/${INSTITUTION}/2`,
  'institution/A/1',
  `institution/${'zZ9'.repeat(10)}zZ/255`,
  'record/2026',
  'record/2026-Q1',
].map((name) => parseAudience(name).name);
const GENERATIONS = [1, 2, 3] as const;
const KEY_NAMES: readonly KeyName[] = [...GENERATIONS.map(linkKey), ...AUDIENCES];

const RESIDENTS = [
  '12345678903',
  '01234567892', // leading zero
  '00000000000', // the lowest; r = 0
  '00000000051', // r = 10, the highest remainder
  '00000000060', // r = 1, the other remainder whose check digit is 0
  '99999999995', // the highest
];

/** Bodies whose remainders are all of 0 to 10, and the ends of the range. */
const BODIES = [
  ...Array.from({ length: 10 }, (_, digit) => String(digit).padStart(10, '0')),
  '0123456789',
  '1234567890',
  '3141592653',
  '9876543210',
  '9999999999',
];

const ACCUMULATED_COUNT = 10_000;

/** How each key set comes by its keys; those of `plain` are easy to type. */
const KEY_SETS: Readonly<Record<string, (name: string, position: number) => Uint8Array>> = {
  plain: (_, position) => Uint8Array.from({ length: 32 }, (_byte, k) => (position * 0x11 + k) & 0xff),
  hashed: (name) => sha256(utf8ToBytes(`RK1 test vectors ${name}`)),
  // All bits clear but the last byte, which keeps the keys distinct.
  sparse: (_, position) => Uint8Array.from({ length: 32 }, (_byte, k) => (k === 31 ? position : 0)),
};

/** All vectors, as docs/vectors.json holds them. */
export async function makeVectors(): Promise<string> {
  const keySets: Record<string, KeySet> = {};
  const codes: CodeVector[] = [];
  const accumulated: AccumulatedVector[] = [];
  for (const [keySet, keyOf] of Object.entries(KEY_SETS)) {
    const keys = Object.fromEntries(KEY_NAMES.map((name, position) => [name, keyOf(name, position)]));
    await using vault = await openSoftwareVault({ keys });
    const fingerprints: Record<string, string> = {};
    for (const name of KEY_NAMES) fingerprints[name] = await vault.fingerprint(name);
    keySets[keySet] = { keys: mapValues(keys, bytesToHex), fingerprints };
    for (const generation of GENERATIONS) {
      const links = GENERATIONS.slice(0, generation).map((g) => keys[`link/${g}`] as Uint8Array);
      codes.push(...(await codeVectors(vault, keySet, links)));
    }
    accumulated.push(...(await accumulate(vault, keySet)));
  }
  const genuine = codes.find(({ keySet }) => keySet === 'hashed') as CodeVector;
  const file: VectorFile = {
    scheme: 'RK1',
    notes: NOTES,
    keySets,
    checkDigits: BODIES.map((body) => ({ body, checkDigit: checkDigit(utf8ToBytes(body)) })),
    codes,
    accumulated,
    invalid: {
      ...KEYLESS_FAULTS,
      externalForms: externalFormFaults(genuine.texts[`institution/${INSTITUTION}/1`] as string),
      versionsToFormat: [0, 256, -1, 1.5].map((version) => ({
        comment: `version ${version}`,
        input: { version, code: genuine.codes['store/1'] as string },
        error: 'CODE_VERSION_INVALID',
      })),
      generations: [
        ...[0, 256, -1, 1.5].map(
          (generation): Fault<{ keySet: string; generation: number }> => ({
            comment: `generation ${generation}`,
            input: { keySet: 'hashed', generation },
            error: 'GENERATION_INVALID',
          }),
        ),
        { comment: 'no key link/4', input: { keySet: 'hashed', generation: 4 }, error: 'KEY_NOT_FOUND' },
      ],
      advances: [
        {
          comment: 'generation 1 has no predecessor',
          input: { keySet: 'hashed', generation: 1 },
          error: 'GENERATION_INVALID',
        },
      ],
      codes: presentedCodes(genuine),
    },
  };
  return `${JSON.stringify(file, null, 1)}\n`;
}

async function codeVectors(
  vault: Vault,
  keySet: string,
  linkKeys: readonly Uint8Array[],
): Promise<CodeVector[]> {
  const generation = linkKeys.length;
  const { residents } = packResidents(RESIDENTS);
  const blocks = new Uint8Array(RESIDENTS.length * BLOCK_LENGTH);
  writeLinkageBlocks(residents, blocks);
  const derived = await vault.derive(residents, AUDIENCES, { generation });
  return RESIDENTS.map((residentRecordCode, n) => {
    const block = blocks.subarray(n * BLOCK_LENGTH, (n + 1) * BLOCK_LENGTH);
    let value: Uint8Array = block;
    const linkageCodes = linkKeys.map((key) => {
      value = ecb(key, { disablePadding: true }).encrypt(value);
      return bytesToHex(value);
    });
    const codes: Record<string, string> = {};
    const texts: Record<string, string> = {};
    AUDIENCES.forEach((audience, k) => {
      const code = codeAt(derived.codes[k] as Uint8Array, n);
      codes[audience] = bytesToHex(code);
      const parsed = parseAudience(audience);
      if (parsed.kind === 'institution') texts[audience] = formatPerInstitutionCode(code, parsed.version);
    });
    const linkageBlock = bytesToHex(block);
    return { keySet, residentRecordCode, generation, linkageBlock, linkageCodes, codes, texts };
  });
}

/** One accumulated vector for each generation and each kind of audience. */
async function accumulate(vault: Vault, keySet: string): Promise<AccumulatedVector[]> {
  const audiences = [storeAudience(1), institutionAudience(INSTITUTION, 1), recordAudience('2026')];
  const vectors: AccumulatedVector[] = [];
  for (const generation of GENERATIONS) {
    const seed = Object.keys(KEY_SETS).indexOf(keySet) * 100 + generation;
    const residents = syntheticResidents(seed, 0, ACCUMULATED_COUNT);
    const { codes } = await vault.derive(residents, audiences, { generation });
    audiences.forEach((audience, k) => {
      const digest = bytesToHex(sha256(codes[k] as Uint8Array));
      vectors.push({ keySet, generation, audience, seed, count: ACCUMULATED_COUNT, sha256: digest });
    });
  }
  return vectors;
}

/** Codes that must be refused when they are presented as one institution's. */
function presentedCodes({ keySet, codes }: CodeVector): Fault<PresentedCode>[] {
  const from = `institution/${INSTITUTION}/1`;
  const genuine = codes[from] as string;
  const forged = (comment: string, code: string): Fault<PresentedCode> => ({
    comment,
    input: { keySet, from, code },
    error: 'CODE_FORGED',
  });
  const another = (audience: string) => codes[audience] as string;
  return [
    // One bit in every one of the three 64-bit words, at both ends and inside.
    ...[0, 1, 62, 63, 64, 100, 127, 128, 150, 190, 191].map((bit) =>
      forged(`bit ${bit} flipped`, flipBit(genuine, bit)),
    ),
    forged('first and last word exchanged', genuine.slice(32) + genuine.slice(16, 32) + genuine.slice(0, 16)),
    forged(
      'second and third word exchanged',
      genuine.slice(0, 16) + genuine.slice(32) + genuine.slice(16, 32),
    ),
    forged('all bits clear', '00'.repeat(24)),
    forged('all bits set', 'ff'.repeat(24)),
    forged('code of another institution', another('institution/A/1')),
    forged('code of another version of the same institution', another(`institution/${INSTITUTION}/2`)),
    forged("the store's code", another('store/1')),
    forged('a record code', another('record/2026')),
    {
      comment: 'last byte missing',
      input: { keySet, from, code: genuine.slice(0, -2) },
      error: 'BUFFER_LENGTH',
    },
    { comment: 'one byte too many', input: { keySet, from, code: `${genuine}00` }, error: 'BUFFER_LENGTH' },
    {
      comment: 'a record key does not unwrap',
      input: { keySet, from: 'record/2026', code: another('record/2026') },
      error: 'KEY_USAGE',
    },
    {
      comment: 'key not there',
      input: { keySet, from: 'institution/B/1', code: genuine },
      error: 'KEY_NOT_FOUND',
    },
  ];
}

function flipBit(hex: string, bit: number): string {
  const bytes = hexToBytes(hex);
  const at = Math.floor(bit / 8);
  bytes[at] = (bytes[at] as number) ^ (0x80 >> (bit % 8));
  return bytesToHex(bytes);
}

function mapValues<In, Out>(
  object: Readonly<Record<string, In>>,
  map: (value: In) => Out,
): Record<string, Out> {
  return Object.fromEntries(Object.entries(object).map(([key, value]) => [key, map(value)]));
}
