import { inspect } from 'node:util';
import { createMemoryStore, institutionAudience, openIssuer } from 'renkei';
import { openSoftwareVault } from 'renkei/software';
import { describe, expect, it } from 'vitest';
import { testKey, testKeys } from '../support/named-keys.js';
import { KEY_NAMES, openSoftwareIssuer } from '../support/software-issuer.js';
import { standIn } from '../support/stand-in.js';
import { withCode } from '../support/with-code.js';

const openVault = (changes: Record<string, Uint8Array> = {}) =>
  openSoftwareVault({ keys: { ...testKeys(KEY_NAMES), ...changes } });

describe('opening an issuer', () => {
  it.each([
    ['OPTION_UNKNOWN', { clock: Date.now }, /"clock"/],
    ['OPTION_INVALID', { vault: undefined }, /"vault"/],
    ['OPTION_INVALID', { store: null }, /"store"/],
    ['OPTION_INVALID', { generation: 0 }, /"generation"/],
    ['OPTION_INVALID', { generation: 256 }, /"generation"/],
    ['OPTION_INVALID', { storeKeyVersion: 1.5 }, /"storeKeyVersion"/],
    ['OPTION_INVALID', { now: 5 }, /"now"/],
  ] as const)('refuses with %s: %j', async (code, changes, message) => {
    const options = { vault: await openVault(), store: createMemoryStore(), ...changes };
    await expect(openIssuer(options as never)).rejects.toThrow(withCode(code, { message }));
  });

  it('puts the link and store keys on record in an empty store, with the time of the clock', async () => {
    const store = createMemoryStore();
    const vault = await openVault();
    await openIssuer({ vault, store, now: () => 77 });
    const begun = { registeredAt: 77, state: 'active', since: { active: 77 }, generation: 1 };
    expect(await store.listKeys()).toEqual([
      { ...begun, name: 'link/1', fingerprint: await vault.fingerprint('link/1' as never) },
      { ...begun, name: 'store/1', fingerprint: await vault.fingerprint('store/1' as never) },
    ]);
  });

  it('puts the link keys of all generations up to its own on record', async () => {
    const store = createMemoryStore();
    const vault = await openVault({ 'link/2': testKey('link/2') });
    await openIssuer({ vault, store, generation: 2 });
    expect((await store.listKeys()).map(({ name }) => name)).toEqual(['link/1', 'link/2', 'store/1']);
  });

  it.each(['link/1', 'store/1'])('refuses a vault whose key %s is not the recorded one', async (name) => {
    const store = createMemoryStore();
    await openIssuer({ vault: await openVault(), store });
    const before = await store.listKeys();
    const swapped = await openVault({ [name]: testKey('another') });
    await expect(openIssuer({ vault: swapped, store })).rejects.toThrow(
      withCode('KEY_FINGERPRINT_MISMATCH', { message: new RegExp(name) }),
    );
    expect(await store.listKeys()).toEqual(before);
  });

  it('refuses a store key that is the same as an institution key', async () => {
    const shared = testKey('shared');
    const vault = await openVault({ 'store/1': shared, 'institution/A1/1': shared });
    const store = createMemoryStore();
    const name = institutionAudience('A1', 1);
    await store.registerKey({ name, fingerprint: await vault.fingerprint(name), registeredAt: 1 });
    await expect(openIssuer({ vault, store })).rejects.toThrow(
      withCode('KEY_NOT_DISTINCT', { message: /store\/1/ }),
    );
  });

  it('passes on that the vault lacks a key', async () => {
    const vault = await openSoftwareVault({ keys: testKeys(['link/1']) });
    await expect(openIssuer({ vault, store: createMemoryStore() })).rejects.toThrow(
      withCode('KEY_NOT_FOUND', { message: /store\/1/ }),
    );
  });
});

describe('registering institutions and record periods', () => {
  it('inserts once and says that it existed after that', async () => {
    const { issuer } = await openSoftwareIssuer();
    expect(await issuer.registerInstitution('C3')).toBe('inserted');
    expect(await issuer.registerInstitution('C3')).toBe('existed');
    expect(await issuer.registerInstitution('A1', 2)).toBe('inserted');
    expect(await issuer.registerRecordPeriod('2026')).toBe('inserted');
    expect(await issuer.registerRecordPeriod('2026')).toBe('existed');
  });

  it('registers the period of the clock by default', async () => {
    const { issuer, store } = await openSoftwareIssuer({ now: () => Date.UTC(2027, 5, 1) });
    expect(await issuer.registerRecordPeriod()).toBe('inserted');
    expect((await store.listKeys()).map(({ name }) => name)).toContain('record/2027');
  });

  it('令27条5項4号: refuses an institution whose key is the same as another one', async () => {
    const keys = testKeys(KEY_NAMES);
    const shared = keys['institution/A1/1'] as Uint8Array;
    const vault = await openVault({ 'institution/C3/1': shared, 'record/2026': shared });
    const { issuer, store } = await openSoftwareIssuer({ vault });
    const before = await store.listKeys();
    await expect(issuer.registerInstitution('C3')).rejects.toThrow(
      withCode('KEY_NOT_DISTINCT', { message: /institution\/C3\/1/ }),
    );
    await expect(issuer.registerRecordPeriod('2026')).rejects.toThrow(withCode('KEY_NOT_DISTINCT'));
    expect(await store.listKeys()).toEqual(before);
  });

  it('refuses an institution whose key was exchanged', async () => {
    const { store } = await openSoftwareIssuer();
    const vault = await openVault({ 'institution/A1/1': testKey('another') });
    const issuer = await openIssuer({ vault, store });
    await expect(issuer.registerInstitution('A1')).rejects.toThrow(withCode('KEY_FINGERPRINT_MISMATCH'));
  });

  it.each([
    ['INSTITUTION_CODE_INVALID', 'A-1', 1],
    ['INSTITUTION_CODE_INVALID', '', 1],
    ['VERSION_INVALID', 'A1', 0],
    ['VERSION_INVALID', 'A1', 256],
    ['KEY_NOT_FOUND', 'A1', 3],
  ] as const)('refuses with %s: %j version %d', async (code, institution, version) => {
    const { issuer } = await openSoftwareIssuer();
    await expect(issuer.registerInstitution(institution, version)).rejects.toThrow(withCode(code));
  });

  it('refuses a record period that is none', async () => {
    const { issuer } = await openSoftwareIssuer();
    await expect(issuer.registerRecordPeriod('2026/04')).rejects.toThrow(withCode('RECORD_PERIOD_INVALID'));
  });
});

describe('holding the recorded keys against the vault', () => {
  it('says of every key whether it matches, is another or is not there', async () => {
    const { store, issuer } = await openSoftwareIssuer();
    expect(await issuer.checkKeys()).toEqual(
      ['institution/A1/1', 'institution/B2/1', 'link/1', 'store/1'].map((name) => ({
        name,
        state: 'active',
        result: 'matches',
      })),
    );
    const vault = await openSoftwareVault({
      keys: { ...testKeys(['link/1', 'store/1']), 'institution/A1/1': testKey('another') },
    });
    const other = await openIssuer({ vault, store });
    expect(await other.checkKeys()).toEqual([
      { name: 'institution/A1/1', state: 'active', result: 'KEY_FINGERPRINT_MISMATCH' },
      { name: 'institution/B2/1', state: 'active', result: 'KEY_NOT_FOUND' },
      { name: 'link/1', state: 'active', result: 'matches' },
      { name: 'store/1', state: 'active', result: 'matches' },
    ]);
  });

  it('passes on an error that is not about a key', async () => {
    const vault = standIn(await openVault());
    const { issuer } = await openSoftwareIssuer({ vault: vault.object });
    vault.fail(new TypeError('not of the library'));
    await expect(issuer.checkKeys()).rejects.toThrow(TypeError);
  });

  it('refuses an exchanged key before a code is made under it', async () => {
    const { store } = await openSoftwareIssuer();
    const vault = standIn(await openVault({ 'institution/A1/1': testKey('another') }));
    const issuer = await openIssuer({ vault: vault.object, store });
    const residents = new Uint8Array(11).fill(0x30);
    await expect(issuer.issueBatch('A1', { acquisitionNumbers: ['X'], residents })).rejects.toThrow(
      withCode('KEY_FINGERPRINT_MISMATCH'),
    );
    expect(vault.calls).not.toContain('derive');
  });
});

describe('closing an issuer', () => {
  it('lets running calls end first and leaves the vault and the store open', async () => {
    const { issuer, vault, store } = await openSoftwareIssuer();
    const residents = new Uint8Array(11).fill(0x30);
    const running = issuer.issueBatch('A1', { acquisitionNumbers: ['X'], residents });
    await issuer.close();
    expect((await store.count()).issuances).toBe(1);
    expect((await running).counts).toEqual({ issued: 1, alreadyIssued: 0, refused: 0 });
    expect(await vault.fingerprint('link/1' as never)).toMatch(/^[0-9a-f]{16}$/);
  });

  it('may be done twice, also as an async disposal, and refuses every call after it', async () => {
    const { issuer } = await openSoftwareIssuer();
    await Promise.all([issuer.close(), issuer.close()]);
    await issuer[Symbol.asyncDispose]();
    const residents = new Uint8Array(11).fill(0x30);
    const request = { acquisitionNumbers: ['X'], residents };
    const calls = [
      () => issuer.registerInstitution('A1'),
      () => issuer.registerRecordPeriod('2026'),
      () => issuer.checkKeys(),
      () => issuer.issueBatch('A1', request),
      () => issuer.issueAll('A1', [request]).next(),
      () => issuer.translate([], { from: 'A1', to: 'B2' }),
      () => issuer.recordCodes([], { from: 'A1' }),
    ];
    for (const call of calls) await expect(call()).rejects.toThrow(withCode('ISSUER_CLOSED'));
    expect(residents).toEqual(new Uint8Array(11));
  });

  it('shows nothing of its content', async () => {
    const { issuer } = await openSoftwareIssuer();
    for (const text of [
      String(issuer),
      JSON.stringify(issuer),
      inspect(issuer, { showHidden: true, depth: null }),
    ]) {
      expect(text.replaceAll('"', '')).toBe('[Issuer: redacted]');
    }
  });
});
