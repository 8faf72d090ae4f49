import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Fault, VectorFile } from '../../docs/vectors.format.js';
import { makeVectors } from '../../docs/vectors.make.js';
import {
  type Audience,
  institutionAudience,
  type KeyName,
  linkKey,
  parseAudience,
  parseKeyName,
  recordAudience,
  storeAudience,
} from '../../src/codes/key-names.js';
import { formatPerInstitutionCode, parsePerInstitutionCode } from '../../src/codes/per-institution-code.js';
import type { RenkeiErrorCode } from '../../src/errors/codes.js';
import { acquisitionNumberFault } from '../../src/subjects/acquisition-number.js';
import { parseInstitutionCode } from '../../src/subjects/institution-code.js';
import { checkDigit, ResidentRecordCode } from '../../src/subjects/resident-record-code.js';
import type { PackedCodes, Vault } from '../../src/vault/port.js';
import { openSoftwareVault } from '../../src/vault/software/index.js';
import {
  externalForm,
  fingerprintOfKey,
  keyWrap,
  linkageBlock,
  linkageCodes,
  unwrap,
} from '../support/reference-rk1.js';
import { syntheticResidents } from '../support/residents.js';

const TEXT = readFileSync(new URL('../../docs/vectors.json', import.meta.url), 'utf8');
const FILE = JSON.parse(TEXT) as VectorFile;
const hex = (text: string) => new Uint8Array(Buffer.from(text, 'hex'));
const toHex = (bytes: Uint8Array | undefined) => Buffer.from(bytes ?? []).toString('hex');
const ascii = (text: string) => new Uint8Array(Buffer.from(text, 'latin1'));
const key = (keySet: string, name: string) => hex(FILE.keySets[keySet]?.keys[name] ?? '');

const vaults = new Map<string, Vault>();
const vaultOf = (keySet: string) => vaults.get(keySet) as Vault;

beforeAll(async () => {
  for (const [keySet, { keys }] of Object.entries(FILE.keySets)) {
    const bytes = Object.fromEntries(Object.entries(keys).map(([name, text]) => [name, hex(text)]));
    vaults.set(keySet, await openSoftwareVault({ keys: bytes }));
  }
});

afterAll(async () => {
  for (const vault of vaults.values()) await vault.close();
});

test('docs/vectors.json is what its generator makes now', async () => {
  expect(await makeVectors()).toBe(TEXT);
});

describe('valid vectors', () => {
  test('the file holds some of every kind', () => {
    expect(FILE.codes.length).toBe(54);
    expect(FILE.accumulated.length).toBe(27);
    expect(new Set(FILE.codes.map(({ generation }) => generation))).toEqual(new Set([1, 2, 3]));
    const remainders = FILE.checkDigits.map(({ checkDigit: digit }) => digit);
    expect(new Set(remainders)).toEqual(new Set([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]));
  });

  test.each(FILE.checkDigits)(
    'the check digit of the body $body is $checkDigit',
    ({ body, checkDigit: digit }) => {
      expect(checkDigit(ascii(body))).toBe(digit);
    },
  );

  test.each(Object.keys(FILE.keySets))(
    'fingerprints of the keys of %s: node:crypto and the vault',
    async (keySet) => {
      for (const [name, fingerprint] of Object.entries(FILE.keySets[keySet]?.fingerprints ?? {})) {
        expect(fingerprintOfKey(name, key(keySet, name))).toBe(fingerprint);
        expect(await vaultOf(keySet).fingerprint(name as KeyName)).toBe(fingerprint);
      }
    },
  );

  describe.each(FILE.codes)('$keySet, $residentRecordCode, generation $generation', (vector) => {
    const { keySet, residentRecordCode, generation } = vector;
    const links = Array.from({ length: generation }, (_, g) => key(keySet, `link/${g + 1}`));

    test('M(J), L, every code and every external form: node:crypto', () => {
      expect(toHex(linkageBlock(residentRecordCode))).toBe(vector.linkageBlock);
      const values = linkageCodes(links, residentRecordCode);
      expect(values.map(toHex)).toEqual(vector.linkageCodes);
      for (const [audience, code] of Object.entries(vector.codes)) {
        expect(toHex(keyWrap(key(keySet, audience), values.at(-1) as Buffer))).toBe(code);
        expect(toHex(unwrap(key(keySet, audience), hex(code)))).toBe(vector.linkageCodes.at(-1));
        const parsed = parseAudience(audience);
        if (parsed.kind !== 'institution') continue;
        expect(externalForm(parsed.version, hex(code))).toBe(vector.texts[audience]);
      }
    });

    test('every code: the software vault', async () => {
      const audiences = Object.keys(vector.codes) as Audience[];
      const { codes, refusals } = await vaultOf(keySet).derive(ascii(residentRecordCode), audiences, {
        generation,
      });
      expect(refusals).toEqual([]);
      expect(codes.map(toHex)).toEqual(Object.values(vector.codes));
    });

    test('every code of the store or an institution translates into all others', async () => {
      const audiences = Object.keys(vector.codes) as Audience[];
      for (const from of audiences) {
        if (from.startsWith('record/')) continue;
        const { codes } = await vaultOf(keySet).translate(hex(vector.codes[from] as string), from, audiences);
        expect(codes.map(toHex)).toEqual(Object.values(vector.codes));
      }
    });

    test('every external form is read and written back', () => {
      for (const [audience, text] of Object.entries(vector.texts)) {
        const { version, code } = parsePerInstitutionCode(text);
        expect(toHex(code)).toBe(vector.codes[audience]);
        expect(formatPerInstitutionCode(code, version)).toBe(text);
      }
    });
  });

  test('advance leads from the codes of one generation to those of the next', async () => {
    for (const later of FILE.codes.filter(({ generation }) => generation > 1)) {
      const { keySet, residentRecordCode, generation } = later;
      const earlier = FILE.codes.find(
        (vector) =>
          vector.keySet === keySet &&
          vector.residentRecordCode === residentRecordCode &&
          vector.generation === generation - 1,
      );
      const audiences = Object.keys(later.codes) as Audience[];
      const store = storeAudience(1);
      const { codes } = await vaultOf(keySet).advance(
        hex(earlier?.codes[store] as string),
        store,
        generation,
        audiences,
      );
      expect(codes.map(toHex)).toEqual(Object.values(later.codes));
    }
  });

  test.each(FILE.accumulated)('accumulated: $keySet, generation $generation, $audience', async (vector) => {
    const { keySet, generation, audience, seed, count, sha256 } = vector;
    const residents = syntheticResidents(seed, 0, count);
    expect(toHex(residents.subarray(0, 11))).toBe(toHex(ascii(firstResident(seed))));
    const { codes } = await vaultOf(keySet).derive(residents, [audience as Audience], { generation });
    expect(
      createHash('sha256')
        .update(codes[0] as Uint8Array)
        .digest('hex'),
    ).toBe(sha256);
  });
});

/** The first resident of an accumulated vector, by the formula in the file's notes. */
function firstResident(seed: number): string {
  const body = String((seed * 7_046_029_253) % 10_000_000_000).padStart(10, '0');
  return `${body}${checkDigit(ascii(body))}`;
}

describe('invalid vectors', () => {
  const { invalid } = FILE;

  test('no group is empty', () => {
    for (const group of Object.values(invalid)) expect(group.length).toBeGreaterThan(0);
  });

  test.each(invalid.residentRecordCodes)('resident record code, $comment: $error', ({ input, error }) => {
    expect(codeThrown(() => new ResidentRecordCode(input))).toBe(error);
  });

  test.each(invalid.packedResidents)('packed residents, $comment: $error', async ({ input, error }) => {
    const vault = vaultOf('hashed');
    expect(await codeOf(vault.derive(hex(input), [storeAudience(1)]))).toBe(error);
  });

  test.each(invalid.institutionCodes)('institution code, $comment: $error', ({ input, error }) => {
    expect(codeThrown(() => parseInstitutionCode(input))).toBe(error);
  });

  test.each(invalid.acquisitionNumbers)('acquisition number, $comment: $error', ({ input, error }) => {
    expect(acquisitionNumberFault(input)).toBe(error);
  });

  test.each(invalid.keyNames)('key name, $comment: $error', ({ input, error }) => {
    expect(codeThrown(() => parseKeyName(input))).toBe(error);
  });

  test.each(invalid.audiences)('audience, $comment: $error', ({ input, error }) => {
    expect(codeThrown(() => parseAudience(input))).toBe(error);
  });

  test.each(invalid.keyNameParts)('part of a key name, $comment: $error', ({ input, error }) => {
    const make = () => {
      if (input.kind === 'link') return linkKey(input.generation);
      if (input.kind === 'store') return storeAudience(input.version);
      if (input.kind === 'record') return recordAudience(input.period);
      return institutionAudience(input.institution, input.version);
    };
    expect(codeThrown(make)).toBe(error);
  });

  test.each(invalid.keys)('key, $comment: $error', async ({ input, error }) => {
    expect(await codeOf(openSoftwareVault({ keys: { [input.name]: hex(input.key) } }))).toBe(error);
  });

  test.each(invalid.externalForms)('external form, $comment: $error', ({ input, error }) => {
    expect(codeThrown(() => parsePerInstitutionCode(input))).toBe(error);
  });

  test.each(invalid.versionsToFormat)('external form to write, $comment: $error', ({ input, error }) => {
    expect(codeThrown(() => formatPerInstitutionCode(hex(input.code), input.version))).toBe(error);
  });

  test.each(invalid.generations)('generation, $comment: $error', async ({ input, error }) => {
    const derive = vaultOf(input.keySet).derive(ascii('12345678903'), [storeAudience(1)], {
      generation: input.generation,
    });
    expect(await codeOf(derive)).toBe(error);
  });

  test.each(invalid.advances)('advance, $comment: $error', async ({ input, error }) => {
    const { keySet, generation } = input;
    const code = hex(FILE.codes.find((vector) => vector.keySet === keySet)?.codes['store/1'] as string);
    const store = storeAudience(1);
    expect(await codeOf(vaultOf(keySet).advance(code, store, generation, [store]))).toBe(error);
  });

  test.each(invalid.codes)('code, $comment: $error', async ({ input, error }) => {
    const vault = vaultOf(input.keySet);
    const translate = vault.translate(hex(input.code), input.from as Audience, [storeAudience(1)]);
    expect(await codeOf(translate)).toBe(error);
  });

  test('every forged code fails the integrity check of node:crypto too', () => {
    const forged = invalid.codes.filter(({ error }) => error === 'CODE_FORGED');
    expect(forged.length).toBeGreaterThan(15);
    for (const { input } of forged)
      expect(unwrap(key(input.keySet, input.from), hex(input.code))).toBeUndefined();
  });

  test('each fault is the only one: the same call with the fault mended is served', async () => {
    const good = FILE.codes.find(({ keySet }) => keySet === 'hashed');
    const from = institutionAudience('0220113112101700', 1);
    const vault = vaultOf('hashed');
    const { refusals } = await vault.translate(hex(good?.codes[from] as string), from, [storeAudience(1)]);
    expect(refusals).toEqual([]);
    expect(parsePerInstitutionCode(good?.texts[from] as string).version).toBe(1);
  });

  test('no two invalid inputs of a group are alike', () => {
    for (const group of Object.values(invalid) as (readonly Fault<unknown>[])[]) {
      expect(new Set(group.map(({ input }) => JSON.stringify(input))).size).toBe(group.length);
    }
  });
});

function codeThrown(action: () => unknown): RenkeiErrorCode | 'nothing' {
  try {
    action();
  } catch (error) {
    return (error as { code: RenkeiErrorCode }).code;
  }
  return 'nothing';
}

/** The error of a call, or of its one item. */
async function codeOf(call: Promise<Vault | PackedCodes>): Promise<RenkeiErrorCode | 'nothing'> {
  try {
    const answer = await call;
    return 'refusals' in answer ? (answer.refusals[0]?.code ?? 'nothing') : 'nothing';
  } catch (error) {
    return (error as { code: RenkeiErrorCode }).code;
  }
}
