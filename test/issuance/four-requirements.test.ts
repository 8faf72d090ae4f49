import { createHash } from 'node:crypto';
import {
  createMemoryStore,
  institutionAudience,
  openIssuer,
  type PerInstitutionCode,
  parsePerInstitutionCode,
} from 'renkei';
import { openSoftwareVault } from 'renkei/software';
import { describe, expect, it } from 'vitest';
import { referenceCode } from '../support/reference.js';
import { syntheticResidentTexts } from '../support/residents.js';
import { seededBytes } from '../support/seeded-bytes.js';
import { TEST_KEYS } from '../support/test-keys.js';
import { withCode } from '../support/with-code.js';

/**
 * The four requirements on a 情報提供用個人識別符号, 行政手続における特定の個人を識別するための番号の利用等に関する法律
 * 施行令27条5項. Each is shown on codes as an issuer hands them out.
 */

const INSTITUTIONS = ['0220113112101700', 'AAA', 'BBB'];
const RESIDENTS = 3_000;
const residents = syntheticResidentTexts(27, 0, RESIDENTS);
const KEYS = {
  ...TEST_KEYS,
  ...Object.fromEntries(
    INSTITUTIONS.map((code) => [institutionAudience(code, 1), seededBytes(`key of ${code}`, 32)]),
  ),
};

/** Issues to every institution; the codes by institution, in the order of the residents. */
async function issueAll(keys: Record<string, Uint8Array>): Promise<Map<string, PerInstitutionCode[]>> {
  const issuer = await openIssuer({ vault: await openSoftwareVault({ keys }), store: createMemoryStore() });
  const acquired = new Map<string, PerInstitutionCode[]>();
  for (const institution of INSTITUTIONS) {
    await issuer.registerInstitution(institution);
    const acquisitionNumbers = residents.map((_, k) => `n-${k}`);
    const result = await issuer.issueBatch(institution, { acquisitionNumbers, residents });
    const codes = [...result].map((item) => {
      if (item.status !== 'issued') throw new Error(`not issued: ${item.status}`);
      return item.code;
    });
    acquired.set(institution, codes);
  }
  return acquired;
}

const acquired = await issueAll(KEYS);

describe('令27条5項1号 「住民票コードを変換して得られるものであること」', () => {
  it('every code is the conversion of its resident record code, computed apart, and the same whenever it is made', async () => {
    const again = await issueAll(KEYS);
    for (const institution of INSTITUTIONS) {
      const audience = institutionAudience(institution, 1);
      const expected = residents.map((resident) => Buffer.from(referenceCode(KEYS, resident, audience)));
      const codes = acquired.get(institution) as PerInstitutionCode[];
      expect(codes.map((code) => Buffer.from(parsePerInstitutionCode(code).code))).toEqual(expected);
      expect(again.get(institution)).toEqual(codes);
    }
  });
});

describe('令27条5項2号 「住民票コードを復元することのできる規則性を備えるものでないこと」', () => {
  const bits = (bytes: Uint8Array) =>
    [...bytes].flatMap((byte) => [7, 6, 5, 4, 3, 2, 1, 0].map((k) => (byte >> k) & 1));
  const codeBits = INSTITUTIONS.map((institution) =>
    (acquired.get(institution) as PerInstitutionCode[]).map((code) =>
      bits(parsePerInstitutionCode(code).code),
    ),
  );

  it('without the keys the code tells nothing: under other keys it is another code', async () => {
    const other = Object.fromEntries(
      Object.entries(KEYS).map(([name]) => [name, seededBytes(`other ${name}`, 32)]),
    );
    const elsewhere = await issueAll(other);
    for (const institution of INSTITUTIONS) {
      const here = new Set(acquired.get(institution));
      expect(elsewhere.get(institution)?.filter((code) => here.has(code))).toEqual([]);
    }
  });

  it('no code is an unkeyed hash, an encoding or a part of the resident record code', () => {
    for (const institution of INSTITUTIONS) {
      const codes = acquired.get(institution) as PerInstitutionCode[];
      residents.forEach((resident, k) => {
        const code = codes[k] as PerInstitutionCode;
        const hexCode = Buffer.from(parsePerInstitutionCode(code).code).toString('hex');
        expect(code).not.toContain(resident);
        expect(hexCode).not.toContain(Buffer.from(resident).toString('hex'));
        for (const hash of ['md5', 'sha1', 'sha256']) {
          const digest = createHash(hash).update(resident).digest('hex');
          expect(hexCode).not.toContain(digest.slice(0, 16));
        }
      });
    }
  });

  it('every bit is set in about half of the codes', () => {
    for (const codes of codeBits) {
      for (let bit = 0; bit < 192; bit++) {
        const share = codes.reduce((sum, one) => sum + (one[bit] as number), 0) / RESIDENTS;
        // Six standard deviations of a fair coin thrown 3,000 times.
        expect(Math.abs(share - 0.5), `bit ${bit}`).toBeLessThan(6 * Math.sqrt(0.25 / RESIDENTS));
      }
    }
  });

  it('no bit goes with a digit of the resident record code', () => {
    const codes = codeBits[0] as number[][];
    for (let place = 0; place < 11; place++) {
      for (let bit = 0; bit < 192; bit += 3) {
        let agree = 0;
        residents.forEach((resident, k) => {
          if ((Number(resident[place]) & 1) === codes[k]?.[bit]) agree++;
        });
        expect(Math.abs(agree / RESIDENTS - 0.5), `digit ${place}, bit ${bit}`).toBeLessThan(
          6 * Math.sqrt(0.25 / RESIDENTS),
        );
      }
    }
  });
});

describe('令27条5項3号 「当該情報照会者等が取得した他のいずれの情報提供用個人識別符号とも異なること」', () => {
  it.each(INSTITUTIONS)('no two codes that %s acquired are the same', (institution) => {
    expect(new Set(acquired.get(institution)).size).toBe(RESIDENTS);
  });

  it('a person an institution has a code of already is given no second one', async () => {
    const issuer = await openIssuer({
      vault: await openSoftwareVault({ keys: KEYS }),
      store: createMemoryStore(),
    });
    await issuer.registerInstitution('AAA');
    const [resident] = residents as [string];
    const request = { acquisitionNumbers: ['1', '2'], residents: [resident, resident] };
    const items = [...(await issuer.issueBatch('AAA', request, { reissue: true }))];
    const code = acquired.get('AAA')?.[0];
    expect(items).toMatchObject([
      { status: 'issued', code },
      { status: 'already-issued', code },
    ]);
  });
});

describe('令27条5項4号 「他のいずれの情報照会者等が取得した情報提供用個人識別符号とも異なること」', () => {
  it('the codes of one person at any two institutions differ', () => {
    for (let k = 0; k < RESIDENTS; k++) {
      const codes = INSTITUTIONS.map((institution) => acquired.get(institution)?.[k]);
      expect(new Set(codes).size).toBe(INSTITUTIONS.length);
    }
  });

  it('an institution whose key is another’s is refused before any code is made (KEY_NOT_DISTINCT)', async () => {
    const keys = { ...KEYS, 'institution/CCC/1': KEYS['institution/AAA/1'] as Uint8Array };
    const store = createMemoryStore();
    const issuer = await openIssuer({ vault: await openSoftwareVault({ keys }), store });
    await issuer.registerInstitution('AAA');
    await expect(issuer.registerInstitution('CCC')).rejects.toThrow(withCode('KEY_NOT_DISTINCT'));
    await expect(
      issuer.issueBatch('CCC', { acquisitionNumbers: ['1'], residents: residents.slice(0, 1) }),
    ).rejects.toThrow(withCode('INSTITUTION_UNKNOWN'));
    expect(await store.count()).toMatchObject({ persons: 0, issuances: 0 });
  });

  it.each(['store/1', 'record/2026'])('nor may it be the key %s', async (name) => {
    const keys = { ...KEYS, [name]: KEYS['institution/AAA/1'] as Uint8Array };
    const issuer = await openIssuer({ vault: await openSoftwareVault({ keys }), store: createMemoryStore() });
    await issuer.registerRecordPeriod('2026');
    await expect(issuer.registerInstitution('AAA')).rejects.toThrow(withCode('KEY_NOT_DISTINCT'));
  });
});
