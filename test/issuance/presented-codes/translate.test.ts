import { inspect } from 'node:util';
import {
  formatPerInstitutionCode,
  MAX_BATCH_ROWS,
  openIssuer,
  parsePerInstitutionCode,
  type TranslationItem,
} from 'renkei';
import { openSoftwareVault } from 'renkei/software';
import { beforeAll, describe, expect, it } from 'vitest';
import { testKeys } from '../../support/named-keys.js';
import { syntheticResidents } from '../../support/residents.js';
import { beginGenerationRotation, succeedAll } from '../../support/rotation-by-hand.js';
import { KEY_NAMES, openSoftwareIssuer, type SoftwareIssuer } from '../../support/software-issuer.js';
import { acquisitionNumbers } from '../../support/synthetic-batches.js';
import { withCode } from '../../support/with-code.js';

const PEOPLE = 20;

let world: SoftwareIssuer;
/** Codes of the same people at three institutions; C3 has issued for the first half only. */
let a: string[];
let b: string[];
let c: string[];

beforeAll(async () => {
  world = await openSoftwareIssuer();
  await world.issuer.registerInstitution('C3');
  a = await issueTo('A1', PEOPLE);
  b = await issueTo('B2', PEOPLE);
  c = await issueTo('C3', PEOPLE / 2);
});

async function issueTo(institution: string, count: number): Promise<string[]> {
  const residents = syntheticResidents(2, 0, count);
  const result = await world.issuer.issueBatch(institution, {
    acquisitionNumbers: acquisitionNumbers(count),
    residents,
  });
  return [...result].map((item) => (item.status === 'issued' ? item.code : ''));
}

/** What became of each code, in one word. */
const outcomeOf = (item: TranslationItem) =>
  item.status === 'translated' ? item.code : item.status === 'refused' ? item.error : item.status;

async function translate(texts: readonly unknown[], from = 'A1', to = 'B2'): Promise<string[]> {
  return Array.from(await world.issuer.translate(texts as string[], { from, to }), outcomeOf);
}

/** The code with one bit of its 24 bytes flipped, in external form again. */
function flipBit(text: string, bit: number): string {
  const { code, version } = parsePerInstitutionCode(text);
  const flipped = code.slice();
  flipped[bit >> 3] = (flipped[bit >> 3] as number) ^ (0x80 >> (bit & 7));
  return formatPerInstitutionCode(flipped, version);
}

describe('translating codes of one institution into the codes of another', () => {
  it('gives, in order, what the other institution holds for the same people, both ways', async () => {
    expect(await translate(a)).toEqual(b);
    expect(await translate(b, 'B2', 'A1')).toEqual(a);
    expect(await translate([a[3], a[1], a[3]])).toEqual([b[3], b[1], b[3]]);
  });

  it('gives an institution its own codes back', async () => {
    expect(await translate(a, 'A1', 'A1')).toEqual(a);
  });

  it('令26条2項: says not-held for a person whom the other institution has no code for', async () => {
    const half = PEOPLE / 2;
    expect(await translate(a, 'A1', 'C3')).toEqual([...c, ...Array.from({ length: half }, () => 'not-held')]);
  });

  it('finds items by their index only', async () => {
    const result = await world.issuer.translate(a, { from: 'A1', to: 'B2' });
    expect(result.length).toBe(PEOPLE);
    expect(result.at(2)).toEqual({ index: 2, status: 'translated', code: b[2] });
    expect([result.at(PEOPLE), result.at(-1), result.at(0.5)]).toEqual([undefined, undefined, undefined]);
  });

  it('has a result that is redacted in every rendering', async () => {
    const result = await world.issuer.translate(a, { from: 'A1', to: 'B2' });
    for (const text of [
      String(result),
      JSON.stringify(result),
      inspect(result, { showHidden: true, depth: null }),
    ]) {
      expect(text.replaceAll('"', '')).toBe('[TranslationResult: redacted]');
    }
  });
});

describe('a code that is refused', () => {
  it.each<[string, string, (code: string) => unknown]>([
    ['truncated', 'CODE_LENGTH', (code) => code.slice(0, 39)],
    ['lengthened', 'CODE_LENGTH', (code) => `${code}a`],
    ['empty', 'CODE_LENGTH', () => ''],
    ['no text', 'CODE_LENGTH', () => 40],
    ['missing', 'CODE_LENGTH', () => undefined],
    ['upper case', 'CODE_CHARACTER', (code) => code.toUpperCase()],
    ['one letter in upper case', 'CODE_CHARACTER', (code) => `${code.slice(0, 39)}A`],
    ['a digit that is none of the alphabet', 'CODE_CHARACTER', (code) => `1${code.slice(1)}`],
    ['padded', 'CODE_CHARACTER', (code) => `${code.slice(0, 39)}=`],
    ['wide letters', 'CODE_CHARACTER', (code) => `${code.slice(0, 39)}\uff41`],
    ['version 0', 'CODE_VERSION_INVALID', () => 'a'.repeat(40)],
    ['a version that is not registered', 'CODE_VERSION_UNKNOWN', (code) => reversion(code, 2)],
    ['a version that cannot exist at this vault', 'CODE_VERSION_UNKNOWN', (code) => reversion(code, 255)],
    ['of another institution', 'CODE_FORGED', () => b[1]],
    ['made up', 'CODE_FORGED', () => formatPerInstitutionCode(new Uint8Array(24).fill(7), 1)],
  ])('is named by its index as %s (%s), and the others are served', async (_, error, spoil) => {
    expect(await translate([a[0], spoil(a[1] as string), a[2]])).toEqual([b[0], error, b[2]]);
  });

  it('is any code with one bit flipped, every one of its 192 bits', async () => {
    const texts = Array.from({ length: 192 }, (_, bit) => flipBit(a[0] as string, bit));
    expect(new Set([...texts, a[0]]).size).toBe(193);
    expect(new Set(await translate(texts))).toEqual(new Set(['CODE_FORGED']));
  });

  it('is a code that the vault made but nobody was issued', async () => {
    const { codes } = await world.vault.derive(syntheticResidents(2, 999, 1), ['institution/A1/1' as never]);
    const text = formatPerInstitutionCode(codes[0] as Uint8Array, 1);
    expect(await translate([a[0], text, a[2]])).toEqual([b[0], 'CODE_NOT_ISSUED', b[2]]);
  });

  it('is a code of a person whom only the other institution was issued a code for', async () => {
    const { codes } = await world.vault.derive(syntheticResidents(2, PEOPLE - 1, 1), [
      'institution/C3/1' as never,
    ]);
    const text = formatPerInstitutionCode(codes[0] as Uint8Array, 1);
    expect(await translate([text], 'C3', 'A1')).toEqual(['CODE_NOT_ISSUED']);
  });

  it('is refused as forged before any row is looked up', async () => {
    const lookedUp: number[] = [];
    const store = {
      begin: world.store.begin.bind(world.store),
      registerKey: world.store.registerKey.bind(world.store),
      listKeys: world.store.listKeys.bind(world.store),
      outlook: world.store.outlook.bind(world.store),
      lookUp: async (_: unknown, codes: Uint8Array) => {
        lookedUp.push(codes.length);
        return { versions: new Uint8Array(codes.length / 24), canonical: new Map(), aliases: new Set() };
      },
    };
    const issuer = await openIssuer({ vault: world.vault, store: store as never });
    const result = await issuer.translate([flipBit(a[0] as string, 0)], { from: 'A1', to: 'B2' });
    expect(Array.from(result, outcomeOf)).toEqual(['CODE_FORGED']);
    expect(lookedUp).toEqual([0, 0]);
  });

  it('does not keep the others of a large mixed batch from being served', async () => {
    const texts = a.flatMap((code, k) => [code, flipBit(code, k), b[k] as string, code.toUpperCase()]);
    expect(await translate(texts)).toEqual(
      b.flatMap((code) => [code, 'CODE_FORGED', 'CODE_FORGED', 'CODE_CHARACTER']),
    );
  });

  it('is named also where the batch has a hole', async () => {
    const texts = new Array<unknown>(3);
    texts[0] = a[0];
    texts[2] = a[2];
    expect(await translate(texts)).toEqual([b[0], 'CODE_LENGTH', b[2]]);
  });
});

describe('a translation that is refused as a whole', () => {
  it.each([
    ['INSTITUTION_UNKNOWN', { from: 'Unknown', to: 'B2' }],
    ['INSTITUTION_UNKNOWN', { from: 'A1', to: 'Unknown' }],
    ['INSTITUTION_CODE_INVALID', { from: 'A 1', to: 'B2' }],
    ['INSTITUTION_CODE_INVALID', { from: 'A1', to: '１' }],
    ['OPTION_INVALID', { from: 'A1' }],
    ['OPTION_INVALID', { to: 'A1' }],
    ['OPTION_INVALID', { from: 'A1', to: 'B2', signal: 5 }],
    ['OPTION_UNKNOWN', { from: 'A1', to: 'B2', force: true }],
    ['ABORTED', { from: 'A1', to: 'B2', signal: AbortSignal.abort() }],
  ])('with %s: %j', async (code, options) => {
    await expect(world.issuer.translate(a, options as never)).rejects.toThrow(withCode(code as never));
  });

  it.each([[undefined], [null], [{}], [{ length: 0 }], ['a'.repeat(40)], [5]])(
    'with OPTION_INVALID when the codes are no array: %j',
    async (texts) => {
      for (const call of [
        () => world.issuer.translate(texts as never, { from: 'A1', to: 'B2' }),
        () => world.issuer.recordCodes(texts as never, { from: 'A1' }),
      ]) {
        await expect(call()).rejects.toThrow(withCode('OPTION_INVALID'));
      }
    },
  );

  it('with BATCH_TOO_LARGE', async () => {
    const texts = Array.from({ length: MAX_BATCH_ROWS + 1 }, () => a[0] as string);
    await expect(world.issuer.translate(texts, { from: 'A1', to: 'B2' })).rejects.toThrow(
      withCode('BATCH_TOO_LARGE'),
    );
  });

  it('with STORE_CORRUPT when a row key of the store is no code of the store key', async () => {
    // After a generation change an old code leads to the person's own store code, which the codes of others are made
    // of: that one is damaged here.
    const damaging = {
      fingerprint: (name: never) => fresh.vault.fingerprint(name),
      translate: async (codes: Uint8Array, from: never, to: never[]) => {
        if (from !== 'store/2') return fresh.vault.translate(codes, from, to);
        return fresh.vault.translate(
          codes.map((byte) => byte ^ 1),
          from,
          to,
        );
      },
    };
    const keys = testKeys([...KEY_NAMES, 'link/2', 'store/2']);
    const fresh = await openSoftwareIssuer({ vault: await openSoftwareVault({ keys }) });
    const [code] = [
      ...(await fresh.issuer.issueBatch('A1', {
        acquisitionNumbers: ['X'],
        residents: syntheticResidents(2, 0, 1),
      })),
    ];
    await fresh.issuer.issueBatch('B2', {
      acquisitionNumbers: ['X'],
      residents: syntheticResidents(2, 0, 1),
    });
    const rotation = await beginGenerationRotation(fresh, ['A1', 'B2']);
    await succeedAll(fresh, 2);
    await rotation.verify();
    await rotation.switchOver();
    const damaged = await openIssuer({ vault: damaging as never, store: fresh.store });
    await expect(
      damaged.translate([(code as { code: string }).code], { from: 'A1', to: 'B2' }),
    ).rejects.toThrow(withCode('STORE_CORRUPT'));
  });
});

/** The same code with another version byte. */
function reversion(text: string, version: number): string {
  return formatPerInstitutionCode(parsePerInstitutionCode(text).code, version);
}
