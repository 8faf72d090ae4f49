import { type Issuer, openIssuer, ResidentRecordCode, type Vault } from 'renkei';
import { openPkcs11Vault, provisionKeys } from 'renkei/pkcs11';
import { openSoftwareVault } from 'renkei/software';
import { openSqliteStore } from 'renkei/sqlite';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { testKeys } from '../support/named-keys.js';
import { syntheticResidents, syntheticResidentTexts } from '../support/residents.js';
import { makeScratchFolder } from '../support/scratch-folder.js';
import { makeScratchToken } from '../support/softhsm.js';
import { acquisitionNumbers, syntheticBatches } from '../support/synthetic-batches.js';
import { withCode } from '../support/with-code.js';

const KEYS = testKeys(['link/1', 'store/1', 'institution/A1/1', 'institution/B2/1', 'record/2026']);
const PLAN = { seed: 15, batches: 3, size: 500 };
const PEOPLE = PLAN.batches * PLAN.size;

/** From the first issuance to the record code, on a real token and a real database. */
describe('SoftHSM and SQLite', () => {
  const token = makeScratchToken();
  const path = makeScratchFolder().path('store.sqlite');
  const connection = { module: token.module, token: token.token, pin: token.pin };
  const vaults: Record<string, Vault> = {};
  const issuers: Record<string, Issuer> = {};
  let store: Awaited<ReturnType<typeof openSqliteStore>>;
  const codes: Record<string, string[]> = {};

  beforeAll(async () => {
    const keys = Object.entries(KEYS).map(([name, value]) => ({ name, level: 1 as const, value }));
    await provisionKeys({ ...connection, keys });
    vaults.bulk = await openPkcs11Vault({ ...connection, engine: 'bulk' });
    vaults.sealed = await openPkcs11Vault({ ...connection, engine: 'sealed' });
    vaults.software = await openSoftwareVault({ keys: KEYS });
    store = await openSqliteStore({ path });
    for (const [name, vault] of Object.entries(vaults)) issuers[name] = await openIssuer({ vault, store });
  });

  afterAll(async () => {
    for (const vault of Object.values(vaults)) await vault.close();
    await store.close();
    token.remove();
  });

  const issuer = (name: string) => issuers[name] as Issuer;

  it('issue a population through the bulk engine and through the sealed one', async () => {
    for (const [name, institution] of [
      ['bulk', 'A1'],
      ['sealed', 'B2'],
    ] as const) {
      expect(await issuer(name).registerInstitution(institution)).toBe('inserted');
      const issued: string[] = [];
      for await (const result of issuer(name).issueAll(institution, syntheticBatches(PLAN))) {
        for (const item of result) if (item.status === 'issued') issued.push(item.code);
      }
      expect(new Set(issued).size).toBe(PEOPLE);
      codes[institution] = issued;
    }
    expect(await store.count()).toEqual({ keys: 4, persons: PEOPLE, aliases: 0, issuances: 2 * PEOPLE });
  });

  it.each(['sealed', 'bulk', 'software'])(
    'translate through the %s vault into what was issued',
    async (name) => {
      for (const [from, to] of [
        ['A1', 'B2'],
        ['B2', 'A1'],
      ] as const) {
        const result = await issuer(name).translate(codes[from] as string[], { from, to });
        expect(Array.from(result, (item) => item.status === 'translated' && item.code)).toEqual(codes[to]);
      }
    },
  );

  it.each(['sealed', 'bulk', 'software'])('answer a repeated request through the %s vault', async (name) => {
    const request = () => ({
      acquisitionNumbers: acquisitionNumbers(PLAN.size),
      residents: syntheticResidents(PLAN.seed, 0, PLAN.size),
    });
    const quiet = await issuer(name).issueBatch('A1', request());
    expect([...quiet].every((item) => item.status === 'already-issued' && item.code === undefined)).toBe(
      true,
    );
    const again = await issuer(name).issueBatch('A1', request(), { reissue: true });
    expect(Array.from(again, (item) => 'code' in item && item.code)).toEqual(codes.A1?.slice(0, PLAN.size));
  });

  it.each(['sealed', 'bulk', 'software'])(
    'refuse a forged code through the %s vault, and serve the others',
    async (name) => {
      const [first, second] = codes.A1 as [string, string];
      const forged = `${first.slice(0, 39)}${first.endsWith('a') ? 'b' : 'a'}`;
      const other = (codes.B2 as string[])[0] as string;
      const result = await issuer(name).translate([first, forged, other, second], { from: 'A1', to: 'B2' });
      expect(Array.from(result, ({ status }) => status)).toEqual([
        'translated',
        'refused',
        'refused',
        'translated',
      ]);
      expect([result.at(1), result.at(2)]).toMatchObject([
        { error: 'CODE_FORGED' },
        { error: 'CODE_FORGED' },
      ]);
    },
  );

  it('give the same record codes for both institutions through every vault', async () => {
    const answers = [];
    for (const name of Object.keys(vaults)) {
      await issuer(name).registerRecordPeriod('2026');
      for (const from of ['A1', 'B2']) {
        const options = { from, period: '2026' };
        answers.push(await issuer(name).recordCodes((codes[from] as string[]).slice(0, 50), options));
      }
    }
    for (const answer of answers) expect(answer).toEqual(answers[0]);
  });

  it('take one resident record code, wipe it and issue once', async () => {
    const [text] = syntheticResidentTexts(PLAN.seed, PEOPLE, 1) as [string];
    const residentRecordCode = new ResidentRecordCode(text);
    const request = { acquisitionNumber: 'ONE', residentRecordCode };
    expect(await issuer('sealed').issue('A1', request)).toMatchObject({ status: 'issued' });
    await expect(issuer('sealed').issue('A1', request)).rejects.toThrow(
      withCode('RESIDENT_RECORD_CODE_WIPED'),
    );
  });

  it('hold all recorded keys against the token', async () => {
    for (const name of Object.keys(vaults)) {
      const checks = await issuer(name).checkKeys();
      expect(checks).toHaveLength(5);
      expect(checks.every(({ result }) => result === 'matches')).toBe(true);
    }
  });

  it('abort a stream with whole batches only, and go on from there', async () => {
    const controller = new AbortController();
    const batches = { seed: 16, batches: 4, size: 200 };
    const before = (await store.count()).persons;
    const stream = issuer('sealed').issueAll('A1', syntheticBatches(batches), {
      signal: controller.signal,
      onProgress: (progress) => {
        if (progress.batches === 2) controller.abort();
      },
    });
    const reading = (async () => {
      for await (const _ of stream);
    })();
    await expect(reading).rejects.toThrow(withCode('ABORTED'));
    expect((await store.count()).persons).toBe(before + 2 * batches.size);
    const counts = [];
    for await (const result of issuer('bulk').issueAll('A1', syntheticBatches(batches)))
      counts.push(result.counts.issued);
    expect(counts).toEqual([0, 0, batches.size, batches.size]);
  });

  it('refuse a vault whose store key was made anew', async () => {
    const vault = await openSoftwareVault({ keys: { ...KEYS, ...testKeys(['store/1'], 'anew') } });
    await expect(openIssuer({ vault, store })).rejects.toThrow(withCode('KEY_FINGERPRINT_MISMATCH'));
  });
});
