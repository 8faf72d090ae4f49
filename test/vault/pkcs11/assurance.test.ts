import pkcs11js from 'pkcs11js';
import { type Audience, linkKey, recordAudience, storeAudience, type Vault, type VaultEvent } from 'renkei';
import { openPkcs11Vault, provisionKeys } from 'renkei/pkcs11';
import { openSoftwareVault } from 'renkei/software';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { keyOf } from '../../support/attack-target.js';
import { Intruder } from '../../support/intruder.js';
import { syntheticResidents } from '../../support/residents.js';
import { makeScratchToken } from '../../support/softhsm.js';
import { NSS_MODULE } from '../../support/system-packages.js';

const LINK = linkKey(1);
const STORE = storeAudience(1);
const INSTITUTION = 'institution/0110100000000100/1' as Audience;
const RECORD = recordAudience('2026');
const NAMES = [LINK, STORE, INSTITUTION, RECORD];
const LEVELS = [3, 2, 1] as const;
type Level = (typeof LEVELS)[number];
const LEVEL_NAMES = { 3: 'hsm-enforced', 2: 'hsm-sealed', 1: 'host-visible' };

const scratch = makeScratchToken('level-3');
for (const label of ['level-2', 'level-1', 'mixed', 'empty', 'later', 'modifiable']) scratch.addToken(label);
const on = (label: string) => ({ module: scratch.module, token: { label }, pin: scratch.pin });
const keysOf = (level: Level, names: readonly string[]) =>
  names.map((name) => ({ name, level, value: new Uint8Array(keyOf(name)) }));
const provision = (label: string, level: Level, names: readonly string[]) =>
  provisionKeys({
    ...on(label),
    soPin: () => scratch.soPin,
    keys: keysOf(level, names),
  });

beforeAll(async () => {
  for (const level of LEVELS) await provision(`level-${level}`, level, NAMES);
  await provision('mixed', 3, [LINK, STORE]);
});
afterAll(() => scratch.remove());

describe('The report', () => {
  it.each(LEVELS)('on keys of level %i gives that level, its name and what it rests on', async (level) => {
    await using vault = await openPkcs11Vault(on(`level-${level}`));
    const report = await vault.assurance();
    expect(report).toMatchObject({
      level,
      name: LEVEL_NAMES[level],
      basis: 'attributes-and-attacks',
    });
    expect(report.keys.map(({ name }) => name).sort()).toEqual([...NAMES].sort());
    // A link key of level 2 is one of level 3 too: what the levels differ in is how codes are unwrapped.
    for (const key of report.keys) expect(key.level).toBe(key.name === LINK && level === 2 ? 3 : level);
  });

  it('on level 3 gives no reason against it, and every attack as refused or as a stated limit', async () => {
    await using vault = await openPkcs11Vault(on('level-3'));
    const { reasons, keys } = await vault.assurance();
    expect(reasons).toEqual([]);
    for (const { attacks } of keys) {
      expect(attacks.length).toBeGreaterThan(7);
      for (const { outcome, answer } of attacks) {
        expect(answer).toMatch(/^CKR_/);
        expect(outcome === 'refused').toBe(answer !== 'CKR_OK');
        expect(['refused', 'reported']).toContain(outcome);
      }
    }
    const answers = (name: string) =>
      Object.fromEntries(
        keys.find((key) => key.name === name)?.attacks.map(({ attack, answer }) => [attack, answer]) ?? [],
      );
    expect(answers(STORE)).toMatchObject({
      'unwrap as readable': 'CKR_TEMPLATE_INCONSISTENT',
      "change the key's attributes": 'CKR_ACTION_PROHIBITED',
      'read the linkage code': 'CKR_ATTRIBUTE_SENSITIVE',
      'wrap it under an untrusted key': 'CKR_KEY_NOT_WRAPPABLE',
      'unwrap a forged code': 'CKR_GENERAL_ERROR',
      'digest it (a fingerprint, not the code)': 'CKR_OK',
    });
    expect(answers(RECORD)).toMatchObject({ 'unwrap with a record key': 'CKR_KEY_FUNCTION_NOT_PERMITTED' });
    expect(answers(LINK)).toMatchObject({ 'derive as readable': 'CKR_OK' });
  });

  it('on level 2 says what an owner of the PIN could do', async () => {
    await using vault = await openPkcs11Vault(on('level-2'));
    const { reasons, keys } = await vault.assurance();
    expect(reasons).toContain('store/1: accepted: unwrap as readable');
    expect(reasons).toContain('store/1: CKA_TRUSTED is not as level 3 wants it');
    const accepted = keys.find(({ name }) => name === STORE)?.attacks.filter((a) => a.outcome === 'accepted');
    expect(accepted?.every(({ answer }) => answer === 'CKR_OK')).toBe(true);
  });

  it('on level 1 says that the keys compute block by block', async () => {
    await using vault = await openPkcs11Vault(on('level-1'));
    const { reasons } = await vault.assurance();
    expect(reasons).toContain('store/1: accepted: decrypt with the key');
    expect(reasons).toContain('link/1: accepted: encrypt with the key');
  });

  it('gives the level of the weakest key', async () => {
    await provision('mixed', 1, [INSTITUTION]);
    await using vault = await openPkcs11Vault(on('mixed'));
    const { level, reasons, keys } = await vault.assurance();
    expect(level).toBe(1);
    expect(keys.map((key) => [key.name, key.level]).sort()).toEqual([
      [INSTITUTION, 1],
      [LINK, 3],
      [STORE, 3],
    ]);
    expect(reasons.every((reason) => reason.startsWith(INSTITUTION))).toBe(true);
  });

  it('is never above level 1 for the bulk engine', async () => {
    await using vault = await openPkcs11Vault({ ...on('level-1'), engine: 'bulk' });
    const { level, reasons } = await vault.assurance();
    expect(level).toBe(1);
    expect(reasons[0]).toBe('the bulk engine shows linkage codes to the host');
    await expect(openPkcs11Vault({ ...on('empty'), engine: 'bulk', minimumLevel: 2 })).rejects.toMatchObject({
      code: 'ASSURANCE_TOO_LOW',
    });
  });

  it('on no keys proves nothing above level 2', async () => {
    await using vault = await openPkcs11Vault(on('empty'));
    expect(await vault.assurance()).toMatchObject({
      level: 2,
      reasons: ['there are no keys to prove anything with'],
    });
  });

  it('leaves the token and the codes as they were', async () => {
    await using vault = await openPkcs11Vault(on('level-3'));
    const before = await vault.derive(syntheticResidents(1, 0, 3), [STORE]);
    const first = await vault.assurance();
    expect(await vault.assurance()).toEqual(first);
    expect(await vault.derive(syntheticResidents(1, 0, 3), [STORE])).toEqual(before);
  });
});

describe('The least level an application accepts', () => {
  it.each([
    [3, 3],
    [2, 2],
    [2, 3],
  ] as const)('%i opens on keys of level %i', async (minimumLevel, level) => {
    await using vault = await openPkcs11Vault({ ...on(`level-${level}`), minimumLevel });
    expect((await vault.derive(syntheticResidents(1, 0, 1), [STORE])).refusals).toEqual([]);
  });

  it.each([
    [3, 2, /level 2 \(hsm-sealed\) is below 3: .*CKA_TRUSTED is not as level 3 wants it/],
    [3, 1, /level 1 \(host-visible\) is below 3/],
    [2, 1, /level 1 \(host-visible\) is below 2/],
  ] as const)('%i does not open on keys of level %i, and says why', async (minimumLevel, level, message) => {
    const opening = openPkcs11Vault({ ...on(`level-${level}`), minimumLevel });
    await expect(opening).rejects.toMatchObject({
      code: 'ASSURANCE_TOO_LOW',
      message: expect.stringMatching(message),
    });
  });

  it('holds for a key made after the opening: refused before any code is made with it', async () => {
    await provision('later', 3, [LINK, STORE]);
    const events: VaultEvent[] = [];
    await using vault = await openPkcs11Vault({
      ...on('later'),
      minimumLevel: 3,
      observe: (event) => void events.push(event),
    });
    const residents = () => syntheticResidents(1, 0, 3);
    const before = await vault.derive(residents(), [STORE]);
    await provision('later', 2, [INSTITUTION]);
    const [store] = before.codes as [Uint8Array];
    const tooLow = { code: 'ASSURANCE_TOO_LOW', message: expect.stringContaining(INSTITUTION) };
    for (let n = 0; n < 2; n++) {
      await expect(vault.derive(residents(), [STORE, INSTITUTION])).rejects.toMatchObject(tooLow);
      await expect(vault.translate(store, STORE, [INSTITUTION])).rejects.toMatchObject(tooLow);
      await expect(vault.fingerprint(INSTITUTION)).rejects.toMatchObject(tooLow);
    }
    expect(await vault.derive(residents(), [STORE])).toEqual(before);
    const served = events.filter((event) => event.type === 'call' && event.items > 0);
    expect(served).toHaveLength(2);
  });

  it('of 2 accepts such a key', async () => {
    await using vault = await openPkcs11Vault({ ...on('later'), minimumLevel: 2 });
    expect((await vault.derive(syntheticResidents(1, 0, 1), [INSTITUTION])).refusals).toEqual([]);
  });
});

describe('A key that can be modified', () => {
  it('is of level 1, whatever it permits today: a holder of the PIN may set the rest', async () => {
    const { CKA_SENSITIVE, CKA_EXTRACTABLE, CKA_TOKEN, CKA_WRAP, CKA_UNWRAP, CKA_MODIFIABLE } = pkcs11js;
    const { CKA_ENCRYPT, CKA_DECRYPT, CKA_DERIVE, CKA_SIGN, CKA_VERIFY } = pkcs11js;
    const holder = new Intruder(scratch, 'modifiable', scratch.userPin);
    const flags = (types: readonly number[], value: boolean) =>
      Object.fromEntries(types.map((type) => [type, value]));
    const key = holder.plant(STORE, keyOf(STORE), {
      ...flags([CKA_TOKEN, CKA_SENSITIVE, CKA_WRAP, CKA_UNWRAP, CKA_MODIFIABLE], true),
      ...flags([CKA_EXTRACTABLE, CKA_ENCRYPT, CKA_DECRYPT, CKA_DERIVE, CKA_SIGN, CKA_VERIFY], false),
    });
    await using vault = await openPkcs11Vault(on('modifiable'));
    const { level, reasons } = await vault.assurance();
    expect(level).toBe(1);
    expect(reasons).toContain('store/1: CKA_MODIFIABLE is not as level 3 wants it');
    await expect(openPkcs11Vault({ ...on('modifiable'), minimumLevel: 2 })).rejects.toMatchObject({
      code: 'ASSURANCE_TOO_LOW',
    });
    holder.set(key, { [CKA_DECRYPT]: true });
    expect(holder.cipher('decrypt', key, new Uint8Array(16))).toHaveLength(16);
  });
});

describe('The same bytes', () => {
  it('come out at level 3, 2, 1, from the bulk engine and from software', async () => {
    const keys = Object.fromEntries(NAMES.map((name) => [name, new Uint8Array(keyOf(name))]));
    const vaults: Vault[] = [await openSoftwareVault({ keys })];
    for (const level of LEVELS) vaults.push(await openPkcs11Vault(on(`level-${level}`)));
    vaults.push(await openPkcs11Vault({ ...on('level-1'), engine: 'bulk' }));
    const results = [];
    for (const vault of vaults) {
      const derived = await vault.derive(syntheticResidents(7, 0, 50), [STORE, INSTITUTION, RECORD]);
      const [store] = derived.codes as [Uint8Array];
      const fingerprints = [];
      for (const name of NAMES) fingerprints.push(await vault.fingerprint(name));
      results.push({
        derived,
        translated: await vault.translate(store, STORE, [INSTITUTION, RECORD]),
        fingerprints,
      });
      await vault.close();
    }
    expect(results).toHaveLength(5);
    for (const result of results) expect(result).toEqual(results[0]);
    expect(results[0]?.derived.refusals).toEqual([]);
  });
});

describe('NSS softokn', () => {
  const nss = {
    module: NSS_MODULE,
    libraryParameters:
      "configdir='' certPrefix='' keyPrefix='' secmod='' flags=readOnly,noCertDB,noModDB,forceOpen",
  };
  const token = { label: 'NSS Generic Crypto Services' };

  it('comes out below level 3, with the reasons: it knows neither trusted keys nor unwrap templates', async () => {
    // Without a database it keeps session objects only, which every session of the process sees.
    const owner = new Intruder(nss, token.label);
    const { CKA_SENSITIVE, CKA_EXTRACTABLE, CKA_MODIFIABLE, CKA_ENCRYPT, CKA_DECRYPT } = pkcs11js;
    const { CKA_WRAP, CKA_UNWRAP, CKA_DERIVE, CKA_SIGN, CKA_VERIFY } = pkcs11js;
    const flags = (set: readonly number[], clear: readonly number[]) => ({
      ...Object.fromEntries(set.map((type) => [type, true])),
      ...Object.fromEntries(clear.map((type) => [type, false])),
    });
    const never = [CKA_EXTRACTABLE, CKA_MODIFIABLE, CKA_ENCRYPT, CKA_DECRYPT, CKA_SIGN, CKA_VERIFY];
    owner.plant(LINK, keyOf(LINK), flags([CKA_SENSITIVE, CKA_DERIVE], [...never, CKA_WRAP, CKA_UNWRAP]));
    owner.plant(STORE, keyOf(STORE), flags([CKA_SENSITIVE, CKA_WRAP, CKA_UNWRAP], [...never, CKA_DERIVE]));

    await using vault = await openPkcs11Vault({ ...nss, token });
    const { level, reasons } = await vault.assurance();
    expect(level).toBe(0);
    expect(reasons).toEqual(
      expect.arrayContaining([
        'store/1: CKA_TRUSTED is not known to the module',
        'store/1: CKA_ALLOWED_MECHANISMS is not known to the module',
        'store/1: accepted: wrap the key',
        'store/1: accepted: copy the key for decrypting',
        'store/1: accepted: unwrap as readable',
        'store/1: accepted: wrap it under an untrusted key',
      ]),
    );
    const opening = openPkcs11Vault({ ...nss, token, minimumLevel: 3 });
    await expect(opening).rejects.toMatchObject({ code: 'ASSURANCE_TOO_LOW' });
  });
});
