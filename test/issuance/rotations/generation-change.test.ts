import { formatPerInstitutionCode, institutionAudience, openIssuer } from 'renkei';
import { openSoftwareVault } from 'renkei/software';
import { beforeEach, describe, expect, test } from 'vitest';
import { FaultyVault } from '../../support/faulty-vault.js';
import { testKeys } from '../../support/named-keys.js';
import { syntheticResidents, syntheticResidentTexts } from '../../support/residents.js';
import {
  beginGenerationRotation,
  beginStoreRotation,
  type RotationByHand,
  succeedAll,
} from '../../support/rotation-by-hand.js';
import { makeScratchFolder } from '../../support/scratch-folder.js';
import { KEY_NAMES, openSoftwareIssuer, type SoftwareIssuer } from '../../support/software-issuer.js';
import { acquisitionNumbers } from '../../support/synthetic-batches.js';
import { withCode } from '../../support/with-code.js';

const SEED = 70;
/** People issued to before the rotation, and those who come while it runs. */
const EARLY = 4;
const ALL = 6;
const ALL_KEYS = testKeys([...KEY_NAMES, 'link/2', 'store/2']);
const folder = makeScratchFolder();

let world: SoftwareIssuer;

beforeEach(async () => {
  world = await openSoftwareIssuer({ vault: await openSoftwareVault({ keys: ALL_KEYS }) });
});

async function issue(institution: string, count: number, first = 0, reissue = true): Promise<string[]> {
  const request = {
    acquisitionNumbers: acquisitionNumbers(count),
    residents: syntheticResidents(SEED, first, count),
  };
  const result = await world.issuer.issueBatch(institution, request, { reissue });
  return Array.from(result, (item) => (item.status === 'refused' ? '' : (item.code ?? '')));
}

async function translate(texts: string[], from: string, to: string): Promise<string[]> {
  return Array.from(await world.issuer.translate(texts, { from, to }), (item) =>
    item.status === 'translated' ? item.code : item.status === 'refused' ? item.error : item.status,
  );
}

/** The codes as the vault alone makes them from resident record codes. */
async function derived(institution: string, version: number, generation: number, count: number, first = 0) {
  const residents = syntheticResidents(SEED, first, count);
  const { codes } = await world.vault.derive(residents, [`institution/${institution}/${version}` as never], {
    generation,
  });
  return Array.from({ length: count }, (_, k) =>
    formatPerInstitutionCode((codes[0] as Uint8Array).subarray(k * 24, (k + 1) * 24), version),
  );
}

const times = <Value>(count: number, value: Value): Value[] => Array.from({ length: count }, () => value);

describe('連携用符号の再生成: a change of the generation', () => {
  let rotation: RotationByHand;
  let oldA: string[];
  let newA: string[];
  let newB: string[];

  beforeEach(async () => {
    await issue('A1', EARLY);
    await issue('B2', EARLY);
    rotation = await beginGenerationRotation(world, ['A1', 'B2']);
    await issue('A1', ALL - EARLY, EARLY);
    oldA = await derived('A1', 1, 1, ALL);
    newA = await derived('A1', 2, 2, ALL);
    newB = await derived('B2', 2, 2, EARLY);
  });

  const switchOver = async () => {
    await succeedAll(world, 2);
    await rotation.verify();
    await rotation.switchOver();
  };

  test('before its switch hands out codes of the generation before', async () => {
    expect(await issue('A1', ALL)).toEqual(oldA);
    expect(await translate(oldA, 'A1', 'A1')).toEqual(oldA);
  });

  test('who is issued to while it runs has a successor at once, and needs no note', async () => {
    const noted = await world.store.noted(100);
    expect(noted.filter(({ institution }) => institution === undefined)).toEqual([]);
    // Those from before are the only ones without.
    expect((await world.store.withoutSuccessor({ limit: 100 })).length).toBe(EARLY * 24);
  });

  test('a new code that was delivered is understood before the switch, for whoever was issued to', async () => {
    await succeedAll(world, 2);
    expect(await translate(newA, 'A1', 'B2')).toEqual([
      ...(await derived('B2', 1, 1, EARLY)),
      ...times(ALL - EARLY, 'not-held'),
    ]);
    expect(await translate(await derived('B2', 2, 2, ALL), 'B2', 'A1')).toEqual([
      ...oldA.slice(0, EARLY),
      ...times(ALL - EARLY, 'CODE_NOT_ISSUED'),
    ]);
  });

  test('after its switch hands out new codes only, and understands both', async () => {
    await switchOver();
    expect(await issue('A1', ALL)).toEqual(newA);
    expect(await issue('B2', 1, ALL)).toEqual(await derived('B2', 2, 2, 1, ALL));
    const ofB = [...newB, ...times(ALL - EARLY, 'not-held')];
    expect(await translate(oldA, 'A1', 'B2')).toEqual(ofB);
    expect(await translate(newA, 'A1', 'B2')).toEqual(ofB);
    expect(await translate([...newB, ...(await derived('B2', 1, 1, EARLY))], 'B2', 'A1')).toEqual([
      ...newA.slice(0, EARLY),
      ...newA.slice(0, EARLY),
    ]);
  });

  test('after its switch an old and a new code give the same record code, holders and 発行日時', async () => {
    await switchOver();
    await world.issuer.registerRecordPeriod('2026');
    const options = { from: 'A1' };
    const byOld = await world.issuer.recordCodes(oldA, { ...options, period: '2026' });
    expect(byOld).toEqual(await world.issuer.recordCodes(newA, { ...options, period: '2026' }));
    expect([...(await world.issuer.holders(oldA, options))]).toEqual([
      ...(await world.issuer.holders(newA, options)),
    ]);
    const information = await world.issuer.managementInformation([...oldA, ...newA], options);
    for (const [index, item] of [...information].entries()) {
      const version = index < ALL ? 1 : 2;
      const keyFingerprint = await world.vault.fingerprint(`institution/A1/${version}` as never);
      expect(item).toMatchObject({
        status: 'found',
        generation: version,
        keyVersion: version,
        keyFingerprint,
      });
    }
  });

  test('令27条5項3号: nobody is issued to twice across the switch', async () => {
    await switchOver();
    const again = await world.issuer.issueBatch('A1', {
      acquisitionNumbers: acquisitionNumbers(ALL),
      residents: syntheticResidents(SEED, 0, ALL),
    });
    expect(again.counts).toEqual({ issued: 0, alreadyIssued: ALL, refused: 0 });
    expect(await world.store.count()).toMatchObject({ persons: ALL });
  });

  test('once it is retired no old code unlocks anything, whoever presents it', async () => {
    await switchOver();
    await rotation.retire();
    expect(await translate(oldA, 'A1', 'B2')).toEqual(times(ALL, 'CODE_VERSION_RETIRED'));
    expect(await translate(newA, 'A1', 'B2')).toEqual([...newB, ...times(ALL - EARLY, 'not-held')]);
    expect(await issue('A1', ALL)).toEqual(newA);
    expect((await world.store.persons({ limit: 100 })).generations).toEqual(new Uint8Array(ALL).fill(2));
  });

  test('at every step the store is what it should be', async () => {
    for (const step of [
      switchOver,
      () => issue('B2', ALL + 2),
      () => rotation.beginRetiring(),
      () => rotation.endRetiring(),
    ]) {
      await step();
      expect(await world.issuer.checkStore()).toEqual([]);
    }
  });

  test('a changed resident record code leads to the person’s codes at every step', async () => {
    const names = syntheticResidentTexts(SEED, 0, 40);
    const change = (old: number, after: number) =>
      world.issuer.changeResidentRecordCodes({ old: [names[old] as string], new: [names[after] as string] });
    const under = async (name: number) => {
      const request = { acquisitionNumbers: ['X'], residents: [names[name] as string] };
      const [item] = await world.issuer.issueBatch('A1', request, { reissue: true });
      return item !== undefined && 'code' in item ? [item.status, item.code] : [item?.status];
    };
    await change(0, 30);
    expect(await under(30)).toEqual(['already-issued', oldA[0]]);
    await switchOver();
    expect(await under(30)).toEqual(['already-issued', newA[0]]);
    await change(30, 31);
    await rotation.retire();
    for (const name of [0, 30, 31]) expect(await under(name)).toEqual(['already-issued', newA[0]]);
    // A code made from an alias was never handed out.
    expect(await translate(await derived('A1', 2, 2, 1, 30), 'A1', 'A1')).toEqual(['CODE_NOT_ISSUED']);
    expect(await world.issuer.checkStore()).toEqual([]);
  });

  test('a change that is recorded while it runs has its successor at once', async () => {
    await succeedAll(world, 2);
    const [after] = syntheticResidentTexts(SEED, 40, 1) as [string];
    await world.issuer.changeResidentRecordCodes({ old: syntheticResidents(SEED, 0, 1), new: [after] });
    await rotation.verify();
    await rotation.switchOver();
    const request = { acquisitionNumbers: ['X'], residents: [after] };
    const [item] = await world.issuer.issueBatch('A1', request, { reissue: true });
    expect(item).toMatchObject({ status: 'already-issued', code: newA[0] });
  });

  test('an issuer that has another key than the one it leads to stores nothing, while it can be aborted', async () => {
    const keys = { ...ALL_KEYS, 'store/2': ALL_KEYS['record/2027'] as Uint8Array };
    const issuer = await openIssuer({ vault: await openSoftwareVault({ keys }), store: world.store });
    const before = await world.store.count();
    const request = { acquisitionNumbers: ['X'], residents: syntheticResidents(SEED, 80, 1) };
    await expect(issuer.issueBatch('A1', request)).rejects.toThrow(withCode('KEY_FINGERPRINT_MISMATCH'));
    const change = { old: syntheticResidents(SEED, 0, 1), new: syntheticResidents(SEED, 81, 1) };
    await expect(issuer.changeResidentRecordCodes(change)).rejects.toThrow(
      withCode('KEY_FINGERPRINT_MISMATCH'),
    );
    expect(await world.store.count()).toEqual(before);
  });

  test('物理削除 by any name removes the person at every step', async () => {
    const remove = async (first: number) =>
      (await world.issuer.removePersons(syntheticResidents(SEED, first, 1))).at(0)?.status;
    expect(await remove(0)).toBe('removed');
    await switchOver();
    expect(await remove(1)).toBe('removed');
    expect(await translate([oldA[0], oldA[1], newA[1]] as string[], 'A1', 'A1')).toEqual(
      times(3, 'CODE_NOT_ISSUED'),
    );
    await issue('A1', 1, 1);
    // Issued to again under version 2: there never was a code of version 1 for this.
    expect(await translate([oldA[1], newA[1]] as string[], 'A1', 'A1')).toEqual(['CODE_NOT_ISSUED', newA[1]]);
    await rotation.retire();
    expect(await remove(2)).toBe('removed');
    expect(await world.store.count()).toMatchObject({ persons: ALL - 2 });
  });

  test('整合性確認 is refused while rows stand under two store keys, and not before and after', async () => {
    const compare = async () => {
      const comparison = await world.issuer.comparePopulation([syntheticResidents(SEED, 0, ALL)], {
        folder: folder.path('comparison'),
      });
      await comparison.close();
      return comparison.counts.both;
    };
    expect(await compare()).toBe(ALL);
    await switchOver();
    await expect(compare()).rejects.toThrow(withCode('ROTATION_IN_PROGRESS'));
    await rotation.beginRetiring();
    await expect(compare()).rejects.toThrow(withCode('ROTATION_IN_PROGRESS'));
    await rotation.endRetiring();
    expect(await compare()).toBe(ALL);
  });

  test('an institution registered after it has a key of the new generation', async () => {
    await switchOver();
    await world.issuer.registerInstitution('C3');
    expect(await issue('C3', 1)).toEqual(await derived('C3', 1, 2, 1));
    expect(await translate(oldA, 'A1', 'C3')).toEqual([
      ...(await derived('C3', 1, 2, 1)),
      ...times(ALL - 1, 'not-held'),
    ]);
  });

  test('before its switch no further institution is registered: it would have no key of the new generation', async () => {
    await expect(world.issuer.registerInstitution('C3')).rejects.toThrow(withCode('ROTATION_IN_PROGRESS'));
    expect(await world.issuer.registerInstitution('A1')).toBe('existed');
    // Record codes of a period that nobody delivers would be lost with the generation.
    await expect(world.issuer.registerRecordPeriod('2026')).rejects.toThrow(withCode('ROTATION_IN_PROGRESS'));
  });

  test('an institution that it has left out is KEY_USAGE, and the others are served', async () => {
    const name = institutionAudience('C3', 1);
    const fingerprint = await world.vault.fingerprint(name);
    // Past the issuer, which refuses it.
    await world.store.registerKey({ name, fingerprint, registeredAt: 0 });
    await switchOver();
    await expect(issue('C3', 1)).rejects.toThrow(withCode('KEY_USAGE'));
    await expect(world.issuer.translate(newA, { from: 'A1', to: 'C3' })).rejects.toThrow(
      withCode('KEY_USAGE'),
    );
    expect(await issue('A1', ALL)).toEqual(newA);
  });

  test('an issuer that is opened after it works with the new keys, whatever its options say', async () => {
    await switchOver();
    const { vault, store } = world;
    world = { vault, store, issuer: await openIssuer({ vault, store, generation: 1, storeKeyVersion: 1 }) };
    expect(await issue('A1', ALL)).toEqual(newA);
  });

  test('an issuer whose vault lacks the new store key refuses to open after it', async () => {
    await switchOver();
    const vault = await openSoftwareVault({ keys: testKeys([...KEY_NAMES, 'link/2']) });
    await expect(openIssuer({ vault, store: world.store })).rejects.toThrow(withCode('KEY_NOT_FOUND'));
  });

  test('住民票コードは直ちに削除する: both copies of the residents are wiped, also when the second call fails', async () => {
    for (const failing of [false, true]) {
      const vault = new FaultyVault(world.vault as never);
      const issuer = await openIssuer({ vault: vault as never, store: world.store });
      await issuer.issueBatch('A1', {
        acquisitionNumbers: ['W'],
        residents: syntheticResidents(SEED, 90, 1),
      });
      const residents = syntheticResidents(SEED, 91, 2);
      vault.residents.length = 0;
      let calls = 0;
      vault.before = (method) => {
        if (failing && method === 'derive' && ++calls === 2) throw new Error('injected');
      };
      const call = issuer.issueBatch('A1', { acquisitionNumbers: ['X', 'Y'], residents });
      if (failing) await expect(call).rejects.toThrow('injected');
      else await call;
      expect(vault.residents).toHaveLength(2);
      for (const given of [residents, ...vault.residents]) expect(given).toEqual(new Uint8Array(22));
    }
  });
});

describe('a change of the store key', () => {
  test('costs no further call of the vault while it runs', async () => {
    await beginStoreRotation(world);
    const vault = new FaultyVault(world.vault as never);
    const issuer = await openIssuer({ vault: vault as never, store: world.store });
    const request = { acquisitionNumbers: ['X'], residents: syntheticResidents(SEED, 0, 1) };
    expect((await issuer.issueBatch('A1', request)).counts.issued).toBe(1);
    expect(vault.count('derive')).toBe(1);
    expect(await world.store.withoutSuccessor({ limit: 1 })).toHaveLength(0);
  });

  test('is not seen by institutions: codes stay, at every step', async () => {
    const a = await issue('A1', EARLY);
    const b = await issue('B2', EARLY);
    const check = async () => {
      expect(await issue('A1', EARLY)).toEqual(a);
      expect(await translate(a, 'A1', 'B2')).toEqual(b);
      expect(await translate(b, 'B2', 'A1')).toEqual(a);
      expect(await world.issuer.checkStore()).toEqual([]);
    };
    const rotation = await beginStoreRotation(world);
    await issue('A1', 1, EARLY);
    expect((await world.store.withoutSuccessor({ limit: 100 })).length).toBe(EARLY * 24);
    await check();
    await succeedAll(world, 1);
    await rotation.verify();
    await check();
    await rotation.switchOver();
    await check();
    await issue('A1', 1, EARLY + 1);
    await rotation.beginRetiring();
    await check();
    await rotation.endRetiring();
    await check();
    expect(await world.store.count()).toMatchObject({ persons: EARLY + 2 });
  });
});
