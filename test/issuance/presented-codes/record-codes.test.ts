import { formatPerInstitutionCode, openIssuer } from 'renkei';
import { beforeAll, describe, expect, it } from 'vitest';
import { syntheticResidents } from '../../support/residents.js';
import { openSoftwareIssuer, type SoftwareIssuer } from '../../support/software-issuer.js';
import { acquisitionNumbers } from '../../support/synthetic-batches.js';
import { withCode } from '../../support/with-code.js';

const PEOPLE = 3;

describe('record codes', () => {
  let world: SoftwareIssuer;
  const codes: Record<string, string[]> = {};

  beforeAll(async () => {
    world = await openSoftwareIssuer();
    await world.issuer.registerRecordPeriod('2026');
    await world.issuer.registerRecordPeriod('2027');
    for (const institution of ['A1', 'B2']) {
      const residents = syntheticResidents(4, 0, PEOPLE);
      const result = await world.issuer.issueBatch(institution, {
        acquisitionNumbers: acquisitionNumbers(PEOPLE),
        residents,
      });
      codes[institution] = [...result].map((item) => (item.status === 'issued' ? item.code : ''));
    }
  });

  const expected = async (period: string) => {
    const derived = await world.vault.derive(syntheticResidents(4, 0, PEOPLE), [`record/${period}` as never]);
    return derived.codes[0] as Uint8Array;
  };

  it('are the same whichever institution asks, and others in another period', async () => {
    for (const period of ['2026', '2027']) {
      for (const from of ['A1', 'B2']) {
        expect(await world.issuer.recordCodes(codes[from] as string[], { from, period })).toEqual({
          codes: await expected(period),
          refusals: [],
        });
      }
    }
    expect(await expected('2026')).not.toEqual(await expected('2027'));
  });

  it('are of the Japanese fiscal year of the clock by default: it changes on 1 April in Tokyo', async () => {
    const changeOfYear = Date.UTC(2027, 2, 31, 15);
    for (const [moment, period] of [
      [changeOfYear - 1, '2026'],
      [changeOfYear, '2027'],
    ] as const) {
      const issuer = await openIssuer({ vault: world.vault, store: world.store, now: () => moment });
      const answer = await issuer.recordCodes(codes.A1 as string[], { from: 'A1' });
      expect(answer.codes).toEqual(await expected(period));
    }
  });

  it('are zero bytes for a refused code, which is named; the others are served', async () => {
    const never = await world.vault.derive(syntheticResidents(4, 99, 1), ['institution/A1/1' as never]);
    const [first, second] = codes.A1 as [string, string];
    const texts = [
      first.toUpperCase(),
      formatPerInstitutionCode(never.codes[0] as Uint8Array, 1),
      second,
      (codes.B2 as string[])[0] as string,
      first.slice(1),
    ];
    const answer = await world.issuer.recordCodes(texts, { from: 'A1', period: '2026' });
    expect(answer.refusals).toEqual([
      { index: 0, code: 'CODE_CHARACTER' },
      { index: 1, code: 'CODE_NOT_ISSUED' },
      { index: 3, code: 'CODE_FORGED' },
      { index: 4, code: 'CODE_LENGTH' },
    ]);
    const rows = new Uint8Array(5 * 24);
    rows.set((await expected('2026')).subarray(24, 48), 2 * 24);
    expect(answer.codes).toEqual(rows);
  });

  it.each([
    ['RECORD_PERIOD_UNKNOWN', { from: 'A1', period: '2030' }],
    ['RECORD_PERIOD_INVALID', { from: 'A1', period: '2026/1' }],
    ['INSTITUTION_UNKNOWN', { from: 'C3', period: '2026' }],
    ['INSTITUTION_CODE_INVALID', { from: 'A-1', period: '2026' }],
    ['OPTION_INVALID', { period: '2026' }],
    ['OPTION_INVALID', { from: 'A1', period: 2026 }],
    ['OPTION_UNKNOWN', { from: 'A1', to: 'B2' }],
    ['ABORTED', { from: 'A1', period: '2026', signal: AbortSignal.abort() }],
  ])('are refused as a whole with %s: %j', async (code, options) => {
    const call = world.issuer.recordCodes(codes.A1 as string[], options as never);
    await expect(call).rejects.toThrow(withCode(code as never));
  });
});
