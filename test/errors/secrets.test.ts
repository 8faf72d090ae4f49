import { inspect } from 'node:util';
import {
  createMemoryStore,
  formatPerInstitutionCode,
  type IssuanceStore,
  institutionAudience,
  linkKey,
  openIssuer,
  packResidents,
  parseInstitutionCode,
  parseKeyName,
  parsePerInstitutionCode,
  ResidentRecordCode,
  recordAudience,
  storeAudience,
  type Vault,
} from 'renkei';
import { openPkcs11Vault, provisionKeys } from 'renkei/pkcs11';
import { openSoftwareVault } from 'renkei/software';
import { openSqliteStore } from 'renkei/sqlite';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { testKey, testKeys } from '../support/named-keys.js';
import { syntheticResidents, syntheticResidentTexts } from '../support/residents.js';
import { makeScratchFolder } from '../support/scratch-folder.js';
import { makeScratchToken } from '../support/softhsm.js';
import { openSoftwareIssuer } from '../support/software-issuer.js';
import { standIn } from '../support/stand-in.js';

const [RESIDENT, SECOND] = syntheticResidentTexts(77, 0, 2) as [string, string];
const INDIVIDUAL_NUMBER = '987654321098';
const PIN = 'PIN-of-the-security-officer';
const KEY = testKey('a key nobody may see');
const KEY_HEX = Buffer.from(KEY).toString('hex');
const KEYS = ['link/1', 'store/1', 'institution/A1/1', 'institution/B2/1', 'record/2026'];

type Attempt = () => unknown;

/** How bytes look when somebody renders them. */
function renderings(bytes: Uint8Array): string[] {
  const buffer = Buffer.from(bytes);
  const start = bytes.subarray(0, 6);
  return [
    buffer.toString('hex'),
    buffer.toString('base64'),
    buffer.toString('latin1'),
    inspect(Buffer.from(start)).slice(8, -1),
    [...start].join(', '),
    [...start].join(','),
  ];
}

/** Calls with secrets in the wrong places, and calls with secrets in the right places that fail for other reasons. */
describe('no error shows a resident record code, a code, a PIN or a key', () => {
  const token = makeScratchToken();
  const folder = makeScratchFolder();
  const connection = { module: token.module, token: token.token, pin: token.pin };
  const closing: { close(): Promise<void> }[] = [];
  const secrets: string[] = [];
  const seen = new Map<string, number>();
  let attempts: Record<string, Attempt[]>;

  beforeAll(async () => {
    await provisionKeys({ ...connection, keys: KEYS.map((name) => ({ name, level: 2 as const })) });
    const { vault, store, issuer } = await openSoftwareIssuer({
      vault: await openSoftwareVault({ keys: { ...testKeys(KEYS), 'link/1': KEY } }),
    });
    const [item] = [...(await issuer.issueBatch('A1', { acquisitionNumbers: ['X'], residents: [RESIDENT] }))];
    const code = (item as { code: string }).code;
    const audiences = [storeAudience(1), institutionAudience('A1', 1)];
    const derived = await vault.derive(syntheticResidents(77, 0, 1), audiences);
    const [storeCode, codeBytes] = derived.codes as [Uint8Array, Uint8Array];
    secrets.push(RESIDENT, SECOND, INDIVIDUAL_NUMBER, PIN, code, code.slice(0, 39));
    for (const bytes of [KEY, storeCode, codeBytes, syntheticResidents(77, 0, 1)])
      secrets.push(...renderings(bytes));

    const sealed = await openPkcs11Vault({ ...connection });
    const sqlite = await openSqliteStore({ path: folder.path('a.sqlite'), busyTimeoutMs: 1 });
    closing.push(sealed, sqlite);
    await sqlite.registerKey({
      name: institutionAudience('A1', 1),
      fingerprint: 'f'.repeat(16),
      registeredAt: 1,
    });
    const broken = standIn(createMemoryStore());
    const closed = await openSoftwareIssuer();
    for (const part of [closed.issuer, closed.vault, closed.store]) await part.close();

    attempts = {
      'resident record codes': [
        ...[RESIDENT.slice(1), INDIVIDUAL_NUMBER, `${RESIDENT.slice(0, 10)}x`, wrongCheckDigit(RESIDENT)].map(
          (text) => () => new ResidentRecordCode(text),
        ),
        () => {
          const used = new ResidentRecordCode(RESIDENT);
          used.wipe();
          return used.take();
        },
        () => packResidents(RESIDENT as never),
      ],
      codes: [
        ...[code.slice(0, 39), code.toUpperCase(), `${code}${code}`, 'a'.repeat(40)].map(
          (text) => () => parsePerInstitutionCode(text),
        ),
        () => formatPerInstitutionCode(codeBytes, 0),
        () => formatPerInstitutionCode(codeBytes.subarray(1), 1),
        () => parseInstitutionCode(`${RESIDENT} `),
        () => parseKeyName(KEY_HEX),
        () => parseKeyName(`institution/${KEY_HEX}/1`),
        () => recordAudience(`${RESIDENT}/${RESIDENT}`),
        () => linkKey(Number(RESIDENT)),
        () => storeAudience(Number(RESIDENT)),
      ],
      'opening vaults and stores': [
        () => openSoftwareVault({ keys: { [KEY_HEX]: KEY } }),
        () => openSoftwareVault({ keys: { 'link/1': KEY_HEX as never } }),
        () => openSoftwareVault({ keys: { 'link/1': KEY.subarray(1) } }),
        () => openSoftwareVault({ keys: KEY_HEX as never }),
        () => openSoftwareVault({ keys: {}, [KEY_HEX]: 1 } as never),
        () => openSoftwareVault({ keys: {}, [code]: 1 } as never),
        () => openPkcs11Vault({ ...connection, pin: PIN as never }),
        () => openPkcs11Vault({ ...connection, [PIN]: 1 } as never),
        () => openPkcs11Vault({ ...connection, engine: PIN as never }),
        () => openPkcs11Vault({ ...connection, module: `/nowhere/${PIN}.so` }),
        () => openPkcs11Vault({ ...connection, token: { label: PIN } }),
        () => openPkcs11Vault({ ...connection, token: PIN as never }),
        () => openPkcs11Vault({ ...connection, expectedFingerprints: { [KEY_HEX]: 'f'.repeat(16) } }),
        () => provisionKeys({ ...connection, keys: [{ name: 'link/1', level: 2, value: KEY }] }),
        () => provisionKeys({ ...connection, keys: [{ name: 'link/9', level: 2, value: KEY.subarray(1) }] }),
        () => provisionKeys({ ...connection, keys: [{ name: KEY_HEX, level: 2, value: KEY }] }),
        () => provisionKeys({ ...connection, keys: [{ name: 'link/9', level: KEY_HEX as never }] }),
        () => provisionKeys({ ...connection, keys: [KEY_HEX as never] }),
        () => openSqliteStore({ path: `/nowhere/${PIN}.sqlite` }),
        () => openSqliteStore({ path: folder.path('b.sqlite'), [code]: 1 } as never),
      ],
      'calls of a software vault': vaultAttempts(vault, storeCode, code),
      'calls of a sealed vault': vaultAttempts(sealed, storeCode, code),
      'calls of a closed vault': vaultAttempts(closed.vault, storeCode, code),
      'calls of a memory store': storeAttempts(store, storeCode),
      'calls of a SQLite store': [
        ...storeAttempts(sqlite, storeCode),
        () => sqlite.registerKey({ name: linkKey(1), fingerprint: KEY_HEX, registeredAt: 1 }),
        () => sqlite.registerKey({ name: RESIDENT as never, fingerprint: 'e'.repeat(16), registeredAt: 1 }),
        () => sqlite.issue(issuance(storeCode, { keyVersion: 256 })),
        () => sqlite.issue(issuance(storeCode, { generation: RESIDENT })),
        () => sqlite.issue(issuance(storeCode, { issuedAt: { secret: RESIDENT } })),
      ],
      'calls of a closed store': storeAttempts(closed.store, storeCode),
      'calls of an issuer': [
        () => openIssuer({ vault: PIN as never, store }),
        () => openIssuer({ vault, store, [code]: 1 } as never),
        () => openIssuer({ vault: sealed, store }),
        () => issuer.registerInstitution(`${RESIDENT}-${RESIDENT}`),
        () => issuer.registerRecordPeriod(`${RESIDENT}${RESIDENT}`),
        () => issuer.issue('A1', { acquisitionNumber: RESIDENT, residentRecordCode: RESIDENT as never }),
        () => issuer.issue('A1', RESIDENT as never),
        () => issuer.issueBatch('A1', RESIDENT as never),
        () => issuer.issueBatch('A1', { acquisitionNumbers: RESIDENT as never, residents: [RESIDENT] }),
        () => issuer.issueBatch('A1', { acquisitionNumbers: [], residents: [RESIDENT] }),
        () => issuer.issueBatch('A1', { acquisitionNumbers: ['X'], residents: RESIDENT as never }),
        () => issuer.issueBatch('Unknown', { acquisitionNumbers: [RESIDENT], residents: [RESIDENT] }),
        () =>
          issuer.issueBatch('A1', { acquisitionNumbers: ['X'], residents: [RESIDENT] }, {
            [code]: 1,
          } as never),
        () =>
          issuer.issueBatch(
            'A1',
            { acquisitionNumbers: ['X'], residents: [RESIDENT] },
            { signal: AbortSignal.abort(RESIDENT) },
          ),
        () => issuer.issueAll('A1', RESIDENT as never).next(),
        () => issuer.issueAll('A1', [RESIDENT as never]).next(),
        () => issuer.translate(code as never, { from: 'A1', to: 'B2' }),
        () => issuer.translate([code], { from: code, to: 'B2' }),
        () => issuer.translate([code], { from: 'A1', to: 'B2', [code]: 1 } as never),
        () => issuer.translate([code], { from: 'A1', to: 'B2', signal: AbortSignal.abort(code) }),
        () => issuer.recordCodes([code], { from: 'A1', period: '2031' }),
        () => issuer.recordCodes([code], { from: 'A1', period: code }),
        () => issuer.changeResidentRecordCodes(RESIDENT as never),
        () => issuer.changeResidentRecordCodes({ old: RESIDENT as never, new: SECOND as never }),
        () => issuer.changeResidentRecordCodes({ old: [RESIDENT], new: [] }),
        () => issuer.changeResidentRecordCodes({ old: [RESIDENT], new: [SECOND] }, { [code]: 1 } as never),
        () =>
          issuer.changeResidentRecordCodes(
            { old: [RESIDENT], new: [SECOND] },
            { signal: AbortSignal.abort(RESIDENT) },
          ),
        () => issuer.removePersons(RESIDENT as never),
        () => issuer.removePersons(syntheticResidents(77, 0, 1).subarray(1)),
        () => issuer.removePersons([RESIDENT], { [code]: 1 } as never),
        () => issuer.removePersons([RESIDENT], { signal: AbortSignal.abort(RESIDENT) }),
        () => issuer.holders(code as never, { from: 'A1' }),
        () => issuer.holders([code], { from: code }),
        () => issuer.holders([code], { from: 'A1', [code]: 1 } as never),
        () => issuer.managementInformation(code as never, { from: 'A1' }),
        () => issuer.managementInformation([code], { from: code }),
        () => issuer.managementInformation([code], { from: 'A1', signal: AbortSignal.abort(code) }),
        () => issuer.statistics({ [code]: 1 } as never),
        () => issuer.checkStore({ [code]: 1 } as never),
        () => issuer.checkStore({ onProgress: code as never }),
        () => closed.issuer.issueBatch('A1', { acquisitionNumbers: ['X'], residents: [RESIDENT] }),
        () => closed.issuer.changeResidentRecordCodes({ old: [RESIDENT], new: [SECOND] }),
        () => closed.issuer.removePersons([RESIDENT]),
        async () => {
          const faulty = await openIssuer({ vault, store: broken.object });
          await faulty.registerInstitution('A1');
          // What a driver of the application's own might throw is passed on as it is: it holds nothing of ours.
          broken.fail(new Error('no store'));
          return faulty.issueBatch('A1', { acquisitionNumbers: ['X'], residents: [RESIDENT] });
        },
      ],
      // Last, and once: SoftHSM counts wrong PINs.
      'a wrong PIN': [
        async () => {
          await sealed.close();
          return openPkcs11Vault({ ...connection, pin: () => PIN });
        },
        () => openPkcs11Vault({ ...connection, pin: () => Promise.reject(new Error(PIN)) }),
        () => openPkcs11Vault({ ...connection, pin: () => ({ secret: PIN }) as never }),
      ],
    };
  });

  afterAll(async () => {
    for (const part of closing) await part.close();
    token.remove();
  });

  it.each([
    'resident record codes',
    'codes',
    'opening vaults and stores',
    'calls of a software vault',
    'calls of a sealed vault',
    'calls of a closed vault',
    'calls of a memory store',
    'calls of a SQLite store',
    'calls of a closed store',
    'calls of an issuer',
    'a wrong PIN',
  ])('%s', async (group) => {
    for (const [k, attempt] of (attempts[group] as Attempt[]).entries()) {
      const error = await failureOf(attempt);
      expect(error, `attempt ${k} must fail`).toBeInstanceOf(Error);
      const { code = 'none' } = error as { code?: string };
      seen.set(code, (seen.get(code) ?? 0) + 1);
      const rendered = [
        inspect(error, { depth: Number.POSITIVE_INFINITY, showHidden: true, getters: true }),
        (error as Error).stack,
        (error as Error).message,
        JSON.stringify(error),
        JSON.stringify(Object.getOwnPropertyDescriptors(error)),
        String(error),
      ].join('\n');
      const shown = secrets.filter((secret) => rendered.includes(secret)).length;
      expect(shown, `attempt ${k} (${code}) shows a secret`).toBe(0);
      expect((error as Error).cause).toBeUndefined();
    }
  });

  it('results of the life of a person are redacted in every rendering, and findings and refusals show no secret', async () => {
    const { issuer, store } = await openSoftwareIssuer();
    const [item] = await issuer.issueBatch('A1', { acquisitionNumbers: ['X'], residents: [RESIDENT] });
    const { code } = item as { code: string };
    const { storeCodes } = await store.persons({ limit: 1 });
    const own = [RESIDENT, SECOND, code, ...renderings(storeCodes)];
    const bad = wrongCheckDigit(RESIDENT);
    const changes = { old: [RESIDENT, bad], new: [SECOND, SECOND] };
    const results = [
      await issuer.changeResidentRecordCodes(changes),
      await issuer.holders([code, bad], { from: 'A1' }),
      await issuer.managementInformation([code, bad], { from: 'A1' }),
      await issuer.removePersons([RESIDENT, bad]),
    ];
    for (const result of results) {
      const renderedWhole = [String(result), JSON.stringify(result), inspect(result, { showHidden: true })];
      for (const text of renderedWhole)
        expect(text.replaceAll('"', '')).toMatch(/^\[(Change|Holders|Management|Removal)Result: redacted\]$/);
      const items = [...result];
      expect(items.map(({ status }) => status)).toContain('refused');
      const rendered = [inspect(items, { depth: null }), JSON.stringify(items)].join();
      expect([...own, bad].filter((secret) => rendered.includes(secret))).toEqual([]);
    }
    await store.issue(
      issuance(
        storeCodes.map((byte) => byte ^ 1),
        {},
      ),
    );
    const findings = await issuer.checkStore();
    expect(findings).toEqual([{ invariant: 'store-code-genuine', rows: 1 }]);
  });

  it('the sweep went through many kinds of failure, and would notice a secret', () => {
    expect(seen.size).toBeGreaterThanOrEqual(25);
    const careless = inspect(Object.assign(new Error('refused'), { input: KEY, resident: RESIDENT }));
    expect(secrets.filter((secret) => careless.includes(secret)).length).toBeGreaterThanOrEqual(2);
  });
});

/** The error an attempt ends with; `undefined` when it ends well. */
async function failureOf(attempt: Attempt): Promise<unknown> {
  try {
    await attempt();
    return undefined;
  } catch (error) {
    return error;
  }
}

function wrongCheckDigit(text: string): string {
  return `${text.slice(0, 10)}${(Number(text[10]) + 1) % 10}`;
}

function issuance(storeCodes: Uint8Array, changes: object) {
  const institution = parseInstitutionCode('A1');
  return { institution, keyVersion: 1, generation: 1, issuedAt: 1, storeCodes, ...changes } as never;
}

function vaultAttempts(vault: Vault, storeCode: Uint8Array, code: string): Attempt[] {
  const residents = () => syntheticResidents(77, 0, 1);
  const a1 = institutionAudience('A1', 1);
  return [
    () => vault.derive(RESIDENT as never, [a1]),
    () => vault.derive(residents().subarray(1), [a1]),
    () => vault.derive(residents(), [KEY_HEX as never]),
    () => vault.derive(residents(), RESIDENT as never),
    () => vault.derive(residents(), [linkKey(1) as never]),
    () => vault.derive(residents(), [storeAudience(9)]),
    () => vault.derive(residents(), [a1], { generation: RESIDENT as never }),
    () => vault.derive(residents(), [a1], { [code]: 1 } as never),
    () => vault.derive(residents(), [a1], { signal: AbortSignal.abort(RESIDENT) }),
    () => vault.translate(storeCode.subarray(1), storeAudience(1), [a1]),
    () => vault.translate(code as never, storeAudience(1), [a1]),
    () => vault.translate(storeCode, recordAudience('2026'), [a1]),
    () => vault.translate(storeCode, code as never, [a1]),
    () => vault.advance(storeCode, storeAudience(1), 1, [a1]),
    () => vault.advance(storeCode, storeAudience(1), 2, [a1]),
    () => vault.fingerprint(KEY_HEX as never),
    () => vault.fingerprint(linkKey(99)),
  ];
}

function storeAttempts(store: IssuanceStore, storeCode: Uint8Array): Attempt[] {
  return [
    () => store.issue(issuance(storeCode.subarray(1), {})),
    () => store.issue(issuance(RESIDENT as never, {})),
    () => store.issue(issuance(storeCode, { institution: 'Unknown' })),
    () => store.issue(issuance(new Uint8Array(24 * 100_001), {})),
    () => store.lookUp(parseInstitutionCode('A1'), storeCode.subarray(1)),
    () => store.lookUp(parseInstitutionCode('Unknown'), storeCode),
    () => store.lookUp(parseInstitutionCode('A1'), storeCode, { [RESIDENT]: 1 } as never),
    () => store.details(parseInstitutionCode('A1'), storeCode.subarray(1)),
    () => store.holders(storeCode.subarray(1)),
    () => store.remove(storeCode.subarray(1)),
    () => store.remove(RESIDENT as never),
    () => store.change(change(storeCode, storeCode.subarray(1))),
    () => store.change({ ...change(storeCode, storeCode), generation: Number(RESIDENT) }),
    () => store.change({ ...change(storeCode, storeCode), changedAt: RESIDENT as never }),
    () => store.persons({ limit: Number(RESIDENT) }),
    () => store.persons({ limit: 1, after: storeCode.subarray(1) }),
    () => store.issuances(parseInstitutionCode('Unknown'), { limit: 1, after: storeCode }),
    () => store.statistics({ signal: AbortSignal.abort(storeCode) }),
    () => store.check({ [RESIDENT]: 1 } as never),
  ];
}

function change(oldCodes: Uint8Array, newCodes: Uint8Array) {
  return { generation: 1, changedAt: 1, oldCodes, newCodes };
}
