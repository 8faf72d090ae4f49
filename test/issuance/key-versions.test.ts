import { formatPerInstitutionCode, openIssuer, parsePerInstitutionCode } from 'renkei';
import { openSoftwareVault } from 'renkei/software';
import { beforeEach, describe, expect, it } from 'vitest';
import { testKey, testKeys } from '../support/named-keys.js';
import { syntheticResidents } from '../support/residents.js';
import { beginInstitutionRotation, type RotationByHand } from '../support/rotation-by-hand.js';
import { KEY_NAMES, openSoftwareIssuer, type SoftwareIssuer } from '../support/software-issuer.js';
import { acquisitionNumbers } from '../support/synthetic-batches.js';
import { withCode } from '../support/with-code.js';

/** People issued for before and after B2's key was rotated. */
const EARLY = 4;
const ALL = 7;

const request = (count: number, first = 0) => ({
  acquisitionNumbers: acquisitionNumbers(count),
  residents: syntheticResidents(3, first, count),
});

async function issue({ issuer }: Pick<SoftwareIssuer, 'issuer'>, institution: string, count: number) {
  const result = await issuer.issueBatch(institution, request(count), { reissue: true });
  return Array.from(result, (item) => (item.status === 'refused' ? '' : (item.code ?? '')));
}

async function translate(issuer: SoftwareIssuer['issuer'], texts: string[], from: string, to: string) {
  return Array.from(await issuer.translate(texts, { from, to }), (item) =>
    item.status === 'translated' ? item.code : item.status === 'refused' ? item.error : item.status,
  );
}

const codeText = (codes: Uint8Array, row: number, version: number) =>
  formatPerInstitutionCode(codes.subarray(row * 24, (row + 1) * 24), version);
const versionOf = (text: string) => parsePerInstitutionCode(text).version;
const times = <Value>(count: number, value: Value): Value[] => Array.from({ length: count }, () => value);

describe('a further version of an institution’s key that is registered and not switched to', () => {
  it.each([2, 10])(
    'is pre-active: version %d makes no code, before and after the first one',
    async (version) => {
      const world = await openSoftwareIssuer();
      expect(await world.issuer.registerInstitution('B2', version)).toBe('inserted');
      expect((await issue(world, 'B2', ALL)).map(versionOf)).toEqual(times(ALL, 1));
      const states = await world.issuer.checkKeys();
      expect(states.filter(({ name }) => name.startsWith('institution/B2/'))).toEqual([
        { name: 'institution/B2/1', state: 'active', result: 'matches' },
        { name: `institution/B2/${version}`, state: 'pre-active', result: 'matches' },
      ]);
    },
  );

  it('is the active one where it is the first that is registered', async () => {
    const world = await openSoftwareIssuer();
    const vault = await openSoftwareVault({
      keys: testKeys([...KEY_NAMES, 'institution/D4/1', 'institution/D4/7']),
    });
    const issuer = await openIssuer({ vault, store: world.store });
    await issuer.registerInstitution('D4', 7);
    await issuer.registerInstitution('D4', 1);
    expect((await issue({ issuer }, 'D4', 1)).map(versionOf)).toEqual([7]);
  });

  it('that this vault lacks does not keep the active one from serving', async () => {
    const { vault, store } = await openSoftwareIssuer();
    const name = 'institution/B2/3' as never;
    await store.registerKey({ name, fingerprint: 'f'.repeat(16), registeredAt: 1 });
    const issuer = await openIssuer({ vault, store });
    expect((await issuer.issueBatch('B2', request(1))).counts.issued).toBe(1);
    expect((await issuer.checkKeys()).find((key) => key.name === name)).toEqual({
      name,
      state: 'pre-active',
      result: 'KEY_NOT_FOUND',
    });
  });
});

describe('a rotation of an institution’s key', () => {
  let world: SoftwareIssuer;
  let rotation: RotationByHand;
  let a: string[];
  /** Codes of B2 under version 1 and 2, of the same people: all of them, whenever they were issued to. */
  let old: string[];
  let fresh: string[];

  beforeEach(async () => {
    world = await openSoftwareIssuer();
    a = await issue(world, 'A1', ALL);
    old = await issue(world, 'B2', EARLY);
    rotation = await beginInstitutionRotation(world, 'B2', 2);
    const { codes } = await world.vault.derive(syntheticResidents(3, 0, ALL), ['institution/B2/2' as never]);
    fresh = Array.from({ length: ALL }, (_, k) => codeText(codes[0] as Uint8Array, k, 2));
  });

  it('makes no code of the new version before its switch, and understands those that are delivered', async () => {
    expect(await issue(world, 'B2', EARLY)).toEqual(old);
    expect(await translate(world.issuer, a, 'A1', 'B2')).toEqual([...old, ...times(ALL - EARLY, 'not-held')]);
    expect(await translate(world.issuer, old, 'B2', 'A1')).toEqual(a.slice(0, EARLY));
    await rotation.verify();
    // Of whom B2 has no code nothing was delivered.
    expect(await translate(world.issuer, fresh, 'B2', 'A1')).toEqual([
      ...a.slice(0, EARLY),
      ...times(ALL - EARLY, 'CODE_NOT_ISSUED'),
    ]);
  });

  it('that is aborted leaves its version unknown', async () => {
    await translate(world.issuer, fresh, 'B2', 'A1');
    await rotation.abort();
    expect(await translate(world.issuer, fresh, 'B2', 'A1')).toEqual(times(ALL, 'CODE_VERSION_UNKNOWN'));
    expect(await translate(world.issuer, old, 'B2', 'A1')).toEqual(a.slice(0, EARLY));
  });

  it('that is aborted with its key leaves the version refused for good', async () => {
    await translate(world.issuer, fresh, 'B2', 'A1');
    await rotation.abort(true);
    expect(await translate(world.issuer, fresh, 'B2', 'A1')).toEqual(times(ALL, 'CODE_VERSION_RETIRED'));
  });

  it('after its switch hands out codes of the new version only, also of people issued to before', async () => {
    await rotation.verify();
    await rotation.switchOver();
    expect(await issue(world, 'B2', ALL)).toEqual(fresh);
    expect(await translate(world.issuer, a, 'A1', 'B2')).toEqual(fresh);
    expect(await translate(world.issuer, fresh, 'B2', 'B2')).toEqual(fresh);
  });

  it('after its switch understands both versions, until the old one is retired', async () => {
    await rotation.verify();
    await rotation.switchOver();
    await issue(world, 'B2', ALL);
    expect(await translate(world.issuer, [...old, ...fresh], 'B2', 'A1')).toEqual([
      ...a.slice(0, EARLY),
      ...a,
    ]);
    expect(await translate(world.issuer, old, 'B2', 'B2')).toEqual(fresh.slice(0, EARLY));
    await rotation.retire();
    const result = await world.issuer.translate([old[0] as string, fresh[0] as string], {
      from: 'B2',
      to: 'A1',
    });
    expect([...result]).toEqual([
      { index: 0, status: 'refused', error: 'CODE_VERSION_RETIRED', version: 1 },
      { index: 1, status: 'translated', code: a[0] },
    ]);
    await rotation.destroy();
    const later = await openIssuer({ vault: world.vault, store: world.store });
    for (const issuer of [world.issuer, later]) {
      expect(await translate(issuer, old, 'B2', 'A1')).toEqual(times(EARLY, 'CODE_VERSION_RETIRED'));
    }
  });

  it('leaves an old code refused of a person who was issued to after the switch', async () => {
    const { codes } = await world.vault.derive(syntheticResidents(3, EARLY, 1), [
      'institution/B2/1' as never,
    ]);
    const neverIssued = codeText(codes[0] as Uint8Array, 0, 1);
    await rotation.verify();
    await rotation.switchOver();
    await issue(world, 'B2', ALL);
    expect(await translate(world.issuer, [neverIssued], 'B2', 'A1')).toEqual(['CODE_NOT_ISSUED']);
    await world.issuer.removePersons(syntheticResidents(3, 0, 1));
    await issue(world, 'B2', ALL);
    expect(await translate(world.issuer, [old[0] as string], 'B2', 'B2')).toEqual(['CODE_NOT_ISSUED']);
  });

  it('令26条: looks at the version before anything is unwrapped: a forged code of a retired version is retired', async () => {
    await rotation.verify();
    await rotation.switchOver();
    await rotation.retire();
    const forged = codeText(new Uint8Array(24).fill(9), 0, 1);
    expect(await translate(world.issuer, [forged], 'B2', 'A1')).toEqual(['CODE_VERSION_RETIRED']);
    // No key is touched for it: not even one that the vault has not any more.
    const keys = testKeys(KEY_NAMES.filter((name) => name !== 'institution/B2/1'));
    const issuer = await openIssuer({ vault: await openSoftwareVault({ keys }), store: world.store });
    expect(await translate(issuer, [forged], 'B2', 'A1')).toEqual(['CODE_VERSION_RETIRED']);
  });

  it('names the retired version for record codes, holders and management information too', async () => {
    await world.issuer.registerRecordPeriod('2026');
    await rotation.verify();
    await rotation.switchOver();
    await rotation.retire();
    const texts = [old[0] as string];
    const records = await world.issuer.recordCodes(texts, { from: 'B2', period: '2026' });
    expect(records.refusals).toEqual([{ index: 0, code: 'CODE_VERSION_RETIRED', version: 1 }]);
    const refused = { index: 0, status: 'refused', error: 'CODE_VERSION_RETIRED', version: 1 };
    expect([...(await world.issuer.holders(texts, { from: 'B2' }))]).toEqual([refused]);
    expect([...(await world.issuer.managementInformation(texts, { from: 'B2' }))]).toEqual([refused]);
  });

  it('連携用符号管理情報 is that of the version a code is presented under', async () => {
    await rotation.verify();
    await rotation.switchOver();
    const texts = [old[0] as string, fresh[0] as string];
    const [first, second] = await world.issuer.managementInformation(texts, { from: 'B2' });
    for (const [item, version] of [[first, 1] as const, [second, 2] as const]) {
      const keyFingerprint = await world.vault.fingerprint(`institution/B2/${version}` as never);
      expect(item).toMatchObject({ status: 'found', keyVersion: version, generation: 1, keyFingerprint });
    }
  });

  it('gives the same record codes under either version', async () => {
    await world.issuer.registerRecordPeriod('2026');
    await rotation.verify();
    await rotation.switchOver();
    await issue(world, 'B2', ALL);
    const viaA = await world.issuer.recordCodes(a, { from: 'A1', period: '2026' });
    const viaB = await world.issuer.recordCodes([...old, ...fresh.slice(EARLY)], {
      from: 'B2',
      period: '2026',
    });
    expect(viaB).toEqual(viaA);
  });

  it('is followed by an issuer of another process that was opened before', async () => {
    const other = await openIssuer({ vault: world.vault, store: world.store });
    expect(await issue({ issuer: other }, 'B2', EARLY)).toEqual(old);
    await rotation.verify();
    await rotation.switchOver();
    expect(await issue({ issuer: other }, 'B2', ALL)).toEqual(fresh);
    await rotation.retire();
    expect(await translate(other, old, 'B2', 'A1')).toEqual(times(EARLY, 'CODE_VERSION_RETIRED'));
  });

  it.each([1, 2])('leaves version %d refused when that was exchanged in the vault', async (version) => {
    await rotation.verify();
    await rotation.switchOver();
    const name = `institution/B2/${version}`;
    const vault = await openSoftwareVault({ keys: { ...testKeys(KEY_NAMES), [name]: testKey('another') } });
    const issuer = await openIssuer({ vault, store: world.store });
    const mismatch = withCode('KEY_FINGERPRINT_MISMATCH');
    await expect(issuer.translate(version === 1 ? old : fresh, { from: 'B2', to: 'A1' })).rejects.toThrow(
      mismatch,
    );
    if (version === 2) await expect(issuer.issueBatch('B2', request(1))).rejects.toThrow(mismatch);
    else expect(await translate(issuer, fresh.slice(0, EARLY), 'B2', 'A1')).toEqual(a.slice(0, EARLY));
  });

  it('tells of a destroyed key that the vault has still, and not of one that is gone', async () => {
    await rotation.verify();
    await rotation.switchOver();
    await rotation.retire();
    await rotation.destroy();
    const name = 'institution/B2/1';
    const check = async (issuer: SoftwareIssuer['issuer']) =>
      (await issuer.checkKeys()).find((key) => key.name === name);
    expect(await check(world.issuer)).toEqual({ name, state: 'destroyed', result: 'KEY_STILL_PRESENT' });
    expect(await world.issuer.checkStore()).toEqual([
      { invariant: 'key-matches-vault', rows: 1, detail: `${name}: KEY_STILL_PRESENT` },
    ]);
    const keys = testKeys(KEY_NAMES.filter((key) => key !== name));
    const issuer = await openIssuer({ vault: await openSoftwareVault({ keys }), store: world.store });
    expect(await check(issuer)).toEqual({ name, state: 'destroyed', result: 'gone' });
    expect(await issuer.checkStore()).toEqual([]);
  });
});
