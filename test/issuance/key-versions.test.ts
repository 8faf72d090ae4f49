import { openIssuer, parsePerInstitutionCode } from 'renkei';
import { openSoftwareVault } from 'renkei/software';
import { beforeEach, describe, expect, it } from 'vitest';
import { testKey, testKeys } from '../support/named-keys.js';
import { syntheticResidents } from '../support/residents.js';
import { KEY_NAMES, openSoftwareIssuer, type SoftwareIssuer } from '../support/software-issuer.js';
import { acquisitionNumbers } from '../support/synthetic-batches.js';
import { withCode } from '../support/with-code.js';

/** People issued for before and after B2 got the second version of its key. */
const EARLY = 4;
const ALL = 7;

describe('a second version of an institution’s key', () => {
  let world: SoftwareIssuer;
  let a: string[];
  let early: string[];
  let all: string[];

  const request = (count: number) => ({
    acquisitionNumbers: acquisitionNumbers(count),
    residents: syntheticResidents(3, 0, count),
  });
  const issue = async (institution: string, count: number, reissue = false) =>
    [...(await world.issuer.issueBatch(institution, request(count), { reissue }))].map((item) =>
      item.status === 'refused' ? '' : (item.code ?? ''),
    );
  const translate = async (issuer: SoftwareIssuer['issuer'], texts: string[], from: string, to: string) =>
    Array.from(await issuer.translate(texts, { from, to }), (item) =>
      item.status === 'translated' ? item.code : item.status,
    );

  beforeEach(async () => {
    world = await openSoftwareIssuer();
    a = await issue('A1', ALL);
    early = await issue('B2', EARLY);
    await world.issuer.registerInstitution('B2', 2);
    const result = await world.issuer.issueBatch('B2', request(ALL));
    expect([...result].map(({ status }) => status)).toEqual([
      ...Array.from({ length: EARLY }, () => 'already-issued'),
      ...Array.from({ length: ALL - EARLY }, () => 'issued'),
    ]);
    all = await issue('B2', ALL, true);
  });

  it('makes new codes, and leaves a person’s code under the version it was issued under', () => {
    expect(all.map((code) => parsePerInstitutionCode(code).version)).toEqual([1, 1, 1, 1, 2, 2, 2]);
    expect(all.slice(0, EARLY)).toEqual(early);
  });

  it('is found by translation, and so is the first', async () => {
    expect(await translate(world.issuer, a, 'A1', 'B2')).toEqual(all);
    expect(await translate(world.issuer, all, 'B2', 'A1')).toEqual(a);
    expect(await translate(world.issuer, all.toReversed(), 'B2', 'A1')).toEqual(a.toReversed());
  });

  it('opens codes for the record as the first does', async () => {
    await world.issuer.registerRecordPeriod('2026');
    const viaA = await world.issuer.recordCodes(a, { from: 'A1', period: '2026' });
    const viaB = await world.issuer.recordCodes(all, { from: 'B2', period: '2026' });
    expect(viaB).toEqual(viaA);
  });

  it('makes new codes also when the first is registered after it', async () => {
    await world.issuer.registerInstitution('B2', 1);
    const [last] = [
      ...(await world.issuer.issueBatch('B2', {
        acquisitionNumbers: ['X'],
        residents: syntheticResidents(3, ALL, 1),
      })),
    ];
    expect(parsePerInstitutionCode((last as { code: string }).code).version).toBe(2);
  });

  it('gives way to version 10: the highest is highest by number, not by name', async () => {
    await world.issuer.registerInstitution('B2', 10);
    const residents = syntheticResidents(3, ALL, 1);
    const [last] = [...(await world.issuer.issueBatch('B2', { acquisitionNumbers: ['X'], residents }))];
    expect(parsePerInstitutionCode((last as { code: string }).code).version).toBe(10);
    expect(await translate(world.issuer, a, 'A1', 'B2')).toEqual(all);
  });

  it('is understood by an issuer of another process that was opened before it was registered', async () => {
    const fresh = await openSoftwareIssuer();
    const { vault, store } = fresh;
    const other = await openIssuer({ vault, store });
    // Both know version 1 of both institutions by now.
    await other.issueBatch('B2', { acquisitionNumbers: ['X'], residents: syntheticResidents(3, 50, 1) });
    await fresh.issuer.registerInstitution('B2', 2);
    const [b2] = [...(await fresh.issuer.issueBatch('B2', request(1)))];
    const [a1] = [...(await other.issueBatch('A1', request(1)))];
    expect(await translate(other, [(a1 as { code: string }).code], 'A1', 'B2')).toEqual([
      (b2 as { code: string }).code,
    ]);
    const [again] = [...(await other.issueBatch('B2', request(1), { reissue: true }))];
    expect(again).toMatchObject({ status: 'already-issued', code: (b2 as { code: string }).code });
  });

  it('leaves the first version refused when that was exchanged in the vault', async () => {
    const keys = { ...testKeys(KEY_NAMES), 'institution/B2/1': testKey('another') };
    const vault = await openSoftwareVault({ keys });
    const calls = [
      (issuer: SoftwareIssuer['issuer']) => translate(issuer, a, 'A1', 'B2'),
      (issuer: SoftwareIssuer['issuer']) => translate(issuer, early, 'B2', 'A1'),
      (issuer: SoftwareIssuer['issuer']) => issuer.issueBatch('B2', request(1), { reissue: true }),
    ];
    for (const call of calls) {
      const issuer = await openIssuer({ vault, store: world.store });
      await expect(call(issuer)).rejects.toThrow(withCode('KEY_FINGERPRINT_MISMATCH'));
    }
  });

  it('that this vault lacks is an error of the key, not a wrong answer', async () => {
    const { vault, store } = await openSoftwareIssuer();
    await store.registerKey({
      name: 'institution/B2/3' as never,
      fingerprint: 'f'.repeat(16),
      registeredAt: 1,
    });
    const issuer = await openIssuer({ vault, store });
    await expect(
      issuer.issueBatch('B2', { acquisitionNumbers: ['X'], residents: syntheticResidents(3, 0, 1) }),
    ).rejects.toThrow(withCode('KEY_NOT_FOUND'));
  });
});
