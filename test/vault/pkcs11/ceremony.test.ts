import pkcs11js from 'pkcs11js';
import {
  addInstitution,
  addKeyVersion,
  addRecordPeriod,
  destroyKey,
  formatCeremonyRecord,
  initialiseKeys,
  type KeyLevel,
  listKeys,
  openPkcs11Vault,
  printCeremonyRecord,
  provisionKeys,
  verifyCeremonyRecord,
} from 'renkei/pkcs11';
import { afterAll, describe, expect, test } from 'vitest';
import { rawToken } from '../../support/raw-token.js';
import { makeScratchToken } from '../../support/softhsm.js';

const INSTITUTION = '0220113112101700';
const LEVELS: readonly KeyLevel[] = [3, 2, 1];
const WHO = ['officer Sato', 'user Suzuki', '立会人 田中'];
const NOW = () => new Date('2027-02-03T04:05:06.789Z');

const scratch = makeScratchToken('renkei-level-3');
for (const label of ['renkei-level-2', 'renkei-level-1', 'renkei-spare']) scratch.addToken(label);
afterAll(() => scratch.remove());

/** What opens the token of that label, and what a ceremony on it needs besides. */
const token = (label: string) => ({ module: scratch.module, token: { label }, pin: scratch.pin });
const ceremony = (label: string) => ({ ...token(label), who: WHO, now: NOW, soPin: () => scratch.soPin });
const recorded = ({ soPin: _, ...options }: ReturnType<typeof ceremony>) => options;

describe.each(LEVELS)('a token of level %i', (level) => {
  const label = `renkei-level-${level}`;
  const asked = { ...ceremony(label), level };

  test('init makes link/1, store/1, record/<fiscal year of the clock> and audit/1, and a record of them', async () => {
    const record = await initialiseKeys(asked);
    expect(record).toMatchObject({
      format: 'renkei-ceremony-record',
      version: 1,
      ceremony: 'init',
      at: '2027-02-03T04:05:06.789Z',
      who: WHO,
      level,
      token: { label, manufacturer: 'SoftHSM project', model: 'SoftHSM v2', firmwareVersion: '2.6' },
      module: { description: 'Implementation of PKCS11', cryptokiVersion: '2.40' },
      signedBy: { name: 'audit/1' },
    });
    expect(record.keys.map(({ name, outcome }) => [name, outcome])).toEqual([
      ['link/1', 'made'],
      ['store/1', 'made'],
      ['record/2026', 'made'],
      ['audit/1', 'made'],
    ]);
    // Every attribute of the profile was read back and is as planned.
    for (const key of record.keys) expect(key.deviations).toEqual([]);
    const [, store] = record.keys;
    expect(store?.attributes).toMatchObject({
      CKA_SENSITIVE: true,
      CKA_EXTRACTABLE: false,
      CKA_LOCAL: true,
      CKA_ENCRYPT: level === 1,
      CKA_TRUSTED: level === 3,
      CKA_MODIFIABLE: level === 1,
    });
    expect(store?.unreadable).toEqual(level === 3 ? ['CKA_UNWRAP_TEMPLATE'] : []);
  });

  test('init a second time is refused and changes nothing', async () => {
    const before = await listKeys(token(label));
    await expect(initialiseKeys(asked)).rejects.toMatchObject({ code: 'KEY_EXISTS' });
    expect(await listKeys(token(label))).toEqual(before);
  });

  test('an institution, its next version and a period are added, each once', async () => {
    const institution = await addInstitution({ ...asked, institution: INSTITUTION });
    const second = await addKeyVersion({ ...asked, of: `institution/${INSTITUTION}` });
    const store = await addKeyVersion({ ...asked, of: 'store' });
    const period = await addRecordPeriod({ ...asked, period: '2027' });
    expect([institution, second, store, period].map(({ keys }) => keys.map(({ name }) => name))).toEqual([
      [`institution/${INSTITUTION}/1`],
      [`institution/${INSTITUTION}/2`],
      ['store/2'],
      ['record/2027'],
    ]);
    for (const again of [
      () => addInstitution({ ...asked, institution: INSTITUTION }),
      () => addRecordPeriod({ ...asked, period: '2027' }),
    ]) {
      await expect(again()).rejects.toMatchObject({ code: 'KEY_EXISTS' });
    }
    await expect(addKeyVersion({ ...asked, of: 'institution/NOBODY' })).rejects.toMatchObject({
      code: 'KEY_NOT_FOUND',
    });
  });

  test('list tells level and fingerprint of every key, the vault the same fingerprints', async () => {
    const { keys, others } = await listKeys(token(label));
    expect(others).toBe(0);
    expect(keys.map(({ name, objects, level: allowed }) => [name, objects, allowed])).toEqual([
      ['audit/1', 1, undefined],
      [`institution/${INSTITUTION}/1`, 1, level],
      [`institution/${INSTITUTION}/2`, 1, level],
      // A sealed link key is all that level 3 asks of it.
      ['link/1', 1, level === 1 ? 1 : 3],
      ['record/2026', 1, level],
      ['record/2027', 1, level],
      ['store/1', 1, level],
      ['store/2', 1, level],
    ]);
    expect(new Set(keys.map(({ fingerprint }) => fingerprint)).size).toBe(keys.length);
    await using vault = await openPkcs11Vault(token(label));
    for (const { name, fingerprint } of keys) {
      if (name !== 'audit/1') expect(await vault.fingerprint(name)).toBe(fingerprint);
    }
  });

  test('the record of a destruction keeps the fingerprint and matches only when the key is gone', async () => {
    const options = recorded(ceremony(label));
    const { keys } = await listKeys(token(label));
    const fingerprint = keys.find(({ name }) => name === 'store/2')?.fingerprint;
    const record = await destroyKey({ ...options, name: 'store/2', confirmations: ['store/2', 'store/2'] });
    expect(record.keys).toMatchObject([{ name: 'store/2', outcome: 'destroyed', fingerprint }]);
    const text = formatCeremonyRecord(record);
    expect(await verifyCeremonyRecord({ ...token(label), record: text })).toMatchObject({ matches: true });
    await provisionKeys({
      ...token(label),
      soPin: () => scratch.soPin,
      keys: [{ name: 'store/2', level }],
    });
    expect(await verifyCeremonyRecord({ ...token(label), record: text })).toMatchObject({
      matches: false,
      keys: [{ name: 'store/2', status: 'not-destroyed' }],
    });
  });
});

describe('a ceremony', () => {
  const label = 'renkei-spare';

  test('calls for the PIN once and gives up when it is refused', async () => {
    for (const who of ['pin', 'soPin'] as const) {
      let calls = 0;
      const wrong = () => {
        calls++;
        return '99999999';
      };
      const asked = { ...ceremony(label), [who]: wrong, level: 3 as const };
      await expect(initialiseKeys(asked)).rejects.toMatchObject({ code: 'PIN_REFUSED' });
      expect(calls).toBe(1);
    }
    expect(await listKeys(token(label))).toMatchObject({ keys: [], others: 0 });
  });

  test('without an audit key is refused before anything is done, except init', async () => {
    const asked = { ...ceremony(label), level: 2 as const };
    await expect(addInstitution({ ...asked, institution: INSTITUTION })).rejects.toMatchObject({
      code: 'KEY_NOT_FOUND',
    });
    expect((await listKeys(token(label))).keys).toEqual([]);
  });

  test('names who was there, in characters that can be printed', async () => {
    const asked = { ...ceremony(label), level: 2 as const };
    for (const who of [[], [''], ['\u001b[2J'], ['a\nb'], ['\ud800'], ['x'.repeat(101)]]) {
      await expect(initialiseKeys({ ...asked, who })).rejects.toMatchObject({ code: 'OPTION_INVALID' });
    }
  });

  test('destroys nothing unless the name is confirmed twice, and never the last audit key', async () => {
    await initialiseKeys({ ...ceremony(label), level: 2, period: 'trial' });
    const options = recorded(ceremony(label));
    for (const confirmations of [
      ['store/1', 'store/2'],
      ['store/2', 'store/1'],
      ['', ''],
    ] as const) {
      const attempt = destroyKey({ ...options, name: 'store/1', confirmations });
      await expect(attempt).rejects.toMatchObject({ code: 'OPTION_INVALID' });
    }
    const last = destroyKey({ ...options, name: 'audit/1', confirmations: ['audit/1', 'audit/1'] });
    await expect(last).rejects.toMatchObject({ code: 'KEY_NOT_FOUND' });
    expect((await listKeys(token(label))).keys).toHaveLength(4);
  });

  test('a new audit key is vouched for by the old one, which it can then outlive', async () => {
    const made = await addKeyVersion({ ...ceremony(label), level: 2, of: 'audit' });
    expect(made.signedBy.name).toBe('audit/1');
    const options = {
      ...recorded(ceremony(label)),
      name: 'audit/1',
      confirmations: ['audit/1', 'audit/1'] as const,
    };
    const gone = await destroyKey(options);
    expect(gone.signedBy.publicKey).toBe(made.keys[0]?.publicHalf?.publicKey);
    expect(await verifyCeremonyRecord({ ...token(label), record: formatCeremonyRecord(gone) })).toMatchObject(
      {
        matches: true,
      },
    );
  });

  test('does not sign with an audit key whose public half somebody has replaced', async () => {
    rawToken(scratch, label, 'user', ({ module, session, find, read }) => {
      const isPublic = (object: Buffer) =>
        read(object, pkcs11js.CKA_CLASS).readUInt32LE() === pkcs11js.CKO_PUBLIC_KEY;
      const genuine = find('audit/2').find(isPublic) as Buffer;
      const id = read(genuine, pkcs11js.CKA_ID);
      module.C_DestroyObject(session, genuine);
      const half = (type: number) => [
        { type: pkcs11js.CKA_CLASS, value: type },
        { type: pkcs11js.CKA_KEY_TYPE, value: pkcs11js.CKK_EC },
        { type: pkcs11js.CKA_LABEL, value: type === pkcs11js.CKO_PUBLIC_KEY ? 'audit/2' : 'other' },
        { type: pkcs11js.CKA_ID, value: id },
        { type: pkcs11js.CKA_TOKEN, value: true },
      ];
      const curve = { type: pkcs11js.CKA_EC_PARAMS, value: Buffer.from('06082a8648ce3d030107', 'hex') };
      module.C_GenerateKeyPair(
        session,
        { mechanism: pkcs11js.CKM_EC_KEY_PAIR_GEN },
        [...half(pkcs11js.CKO_PUBLIC_KEY), curve],
        half(pkcs11js.CKO_PRIVATE_KEY),
      );
    });
    const asked = { ...ceremony(label), level: 2 as const, period: 'next' };
    await expect(addRecordPeriod(asked)).rejects.toMatchObject({ code: 'KEY_FINGERPRINT_MISMATCH' });
    const { keys } = await listKeys(token(label));
    expect(keys.map(({ name }) => name)).not.toContain('record/next');
  });
});

describe('verify', () => {
  const label = 'renkei-level-2';

  test('reports key by key what is missing, another key, or changed', async () => {
    const record = await addKeyVersion({ ...ceremony(label), level: 1, of: 'store' });
    const name = record.keys[0]?.name ?? '';
    const text = formatCeremonyRecord(record);
    const verify = () => verifyCeremonyRecord({ ...token(label), record: text });
    expect(await verify()).toMatchObject({ matches: true, sameSerial: true, sameAuditKey: true });

    rawToken(scratch, label, 'user', ({ module, session, find }) => {
      module.C_SetAttributeValue(session, find(name)[0] as Buffer, [
        { type: pkcs11js.CKA_DECRYPT, value: false },
      ]);
    });
    expect(await verify()).toMatchObject({
      matches: false,
      keys: [
        {
          name,
          status: 'attributes-differ',
          differences: [{ attribute: 'CKA_DECRYPT', expected: true, found: false }],
        },
      ],
    });
    const options = { ...recorded(ceremony(label)), name, confirmations: [name, name] as const };
    await destroyKey(options);
    expect(await verify()).toMatchObject({ matches: false, keys: [{ name, status: 'missing' }] });
    await provisionKeys({ ...token(label), keys: [{ name, level: 1 }] });
    expect(await verify()).toMatchObject({ matches: false, keys: [{ name, status: 'other-key' }] });
    rawToken(scratch, label, 'user', ({ module, session, find }) => {
      module.C_CopyObject(session, find(name)[0] as Buffer, []);
    });
    expect(await verify()).toMatchObject({ matches: false, keys: [{ name, status: 'ambiguous' }] });
  });

  test('tells a token with another serial number and another audit key', async () => {
    const record = await addRecordPeriod({ ...ceremony(label), level: 2, period: 'here' });
    const elsewhere = { ...token('renkei-level-1'), record: formatCeremonyRecord(record) };
    expect(await verifyCeremonyRecord(elsewhere)).toMatchObject({
      matches: false,
      sameSerial: false,
      sameAuditKey: false,
      keys: [{ status: 'missing' }],
    });
  });
});

test('the printed record holds what the file holds, and no PIN', async () => {
  const record = await addRecordPeriod({ ...ceremony('renkei-level-3'), level: 3, period: 'printed' });
  const printed = printCeremonyRecord(record);
  for (const text of [...WHO, record.at, record.token.serial, record.signedBy.fingerprint]) {
    expect(printed).toContain(text);
  }
  const joined = printed.replaceAll(/\s/g, '');
  expect(joined).toContain(record.signature);
  expect(joined).toContain(record.signedBy.publicKey);
  for (const [name, value] of Object.entries(record.keys[0]?.attributes ?? {})) {
    expect(joined).toContain(`${name}${Array.isArray(value) ? value.join('') : value}`);
  }
  for (const text of [printed, formatCeremonyRecord(record)]) expect(text).not.toContain(scratch.soPin);
});
