import { checkRecords, openIssuer, openRotations, recordEraser } from 'renkei';
import { createPkcs11KeyDestroyer, openPkcs11Vault, provisionKeys } from 'renkei/pkcs11';
import { openSqliteRecordStore, openSqliteStore } from 'renkei/sqlite';
import { afterAll, describe, expect, test } from 'vitest';
import {
  addBranch,
  IN_2026,
  loggedEntries,
  ON_BEHALF,
  openRecordWorld,
  recordAbout,
} from '../support/record-world.js';
import { read, workAndVerify } from '../support/rotation-world.js';
import { makeScratchFolder } from '../support/scratch-folder.js';
import { makeScratchToken } from '../support/softhsm.js';
import { standIn } from '../support/stand-in.js';

const { path } = makeScratchFolder();
const token = makeScratchToken();
afterAll(() => token.remove());

const LAST_DAY = Date.parse('2034-03-31T23:59:59.999+09:00');
const KEYS = ['link/1', 'store/1', 'record/2026', 'record/2027', 'audit/1'].concat(
  ['A1', 'B2', 'C3'].map((code) => `institution/${code}/1`),
);

describe('records are kept for seven years (令30条)', () => {
  test('then rows are erased and the key is destroyed, the proof stays, other periods are untouched', async () => {
    const connection = { module: token.module, token: token.token, pin: token.pin };
    await provisionKeys({ ...connection, keys: KEYS.map((name) => ({ name, level: 2 as const })) });
    const vault = await openPkcs11Vault(connection);
    const store = await openSqliteStore({ path: path('issuance.sqlite') });
    const file = await openSqliteRecordStore({ path: path('records.sqlite') });
    const world = await openRecordWorld({ vault, store, file });
    const { records, shown, clock } = world;
    const [person, other] = shown;
    await recordAbout(world, person, [{}, {}, {}]);
    await recordAbout(world, other, [{}]);
    await addBranch(world, 2, { providedAt: IN_2026 + 1 });
    await recordAbout(world, person, [{}], { period: '2027' });
    const disclosed = async () => {
      const page = await records.disclose({ ...ON_BEHALF, code: person });
      return [...page].map((item) => item.status === 'shown' && item.content.serial);
    };
    expect(await disclosed()).toEqual([5, 3, 2, 1]);
    const rotation = await world.rotations.begin({ kind: 'record-period', close: '2026', open: '2027' });
    await workAndVerify(rotation, path('rotation'));
    await rotation.switch({ folder: path('rotation'), graceMs: 0 });

    const eraser = recordEraser({ store: file, batchRows: 2, now: () => clock.now });
    clock.now = LAST_DAY;
    await expect(rotation.retire({ eraser })).rejects.toMatchObject({ code: 'ROTATION_TOO_EARLY' });
    expect(await disclosed()).toEqual([5, 3, 2, 1]);
    clock.now++;
    expect(read(await rotation.retire({ eraser })).counts).toEqual({ erased: 5 });
    expect((await file.records({ limit: 100 })).map(({ serial }) => serial)).toEqual([5]);
    expect(await file.periods()).toMatchObject([
      { period: '2026', rows: 0, erased: true },
      { period: '2027', rows: 1, erased: false },
    ]);
    const receipt = read(await rotation.destroy({ destroyer: createPkcs11KeyDestroyer(connection) }));
    expect(receipt.proof?.map(({ key, answer }) => [key, answer])).toEqual([
      ['record/2026', 'KEY_NOT_FOUND'],
      ['record/2026', 'KEY_NOT_FOUND'],
    ]);

    // What was requested, answered and shown stays provable: the log is whole.
    for await (const finding of checkRecords(file)) throw new Error(finding.finding);
    expect(await loggedEntries(file, 'record')).toHaveLength(6);
    expect(await loggedEntries(file, 'records.erasing')).toEqual([{ period: '2026' }]);
    expect(await loggedEntries(file, 'records.erased')).toEqual(
      [2, 2, 1].map((rows) => ({ period: '2026', rows })),
    );
    // Nothing is recorded for that period any more; the others go on.
    await expect(recordAbout(world, person, [{}])).rejects.toThrow();
    const requested = world.issuer.recordCodes([person], { from: 'C3', period: '2026' });
    await expect(requested).rejects.toMatchObject({ code: 'RECORD_PERIOD_RETIRED' });
    expect(await disclosed()).toEqual([5]);
    await recordAbout(world, other, [{}], { period: '2027' });

    // And after a restart.
    await file.close();
    await store.close();
    await vault.close();
    const again = await openPkcs11Vault(connection);
    const keys = await openSqliteStore({ path: path('issuance.sqlite') });
    await openIssuer({ vault: again, store: keys });
    const rotations = await openRotations({ vault: again, store: keys, auditKey: 'audit/1' });
    expect(await (await rotations.list())[0]?.status()).toBe('destroyed');
    await keys.close();
    await again.close();
  });

  test('erasure that was broken off goes on, and disclosure shows nothing of the period meanwhile', async () => {
    const world = await openRecordWorld();
    const { file, rotations, clock, records } = world;
    const [person] = world.shown;
    await recordAbout(world, person, [{}, {}, {}, {}, {}]);
    const rotation = await rotations.begin({ kind: 'record-period', close: '2026', open: '2027' });
    await workAndVerify(rotation, path('broken-off'));
    await rotation.switch({ folder: path('broken-off'), graceMs: 0 });
    clock.now = LAST_DAY + 1;
    const failing = standIn(file);
    let calls = 0;
    failing.before = (method) => {
      if (method === 'erase' && ++calls === 2)
        throw Object.assign(new Error('injected'), { code: 'STORE_FAULT' });
    };
    const seen: number[] = [];
    const eraser = recordEraser({
      store: failing.object,
      batchRows: 2,
      onProgress: (rows) => seen.push(rows),
    });
    await expect(rotation.retire({ eraser })).rejects.toMatchObject({ code: 'STORE_FAULT' });
    expect(seen).toEqual([2]);
    expect((await file.periods())[0]).toMatchObject({ rows: 3, erased: true });
    expect((await records.disclose({ ...ON_BEHALF, code: person })).length).toBe(0);
    const corrected = records.correct({ ...ON_BEHALF, serial: 5, change: { affair: 'x' }, reason: 'y' });
    const answer = await corrected.catch(({ code }) => code);
    expect(['RECORD_PERIOD_RETIRED', { outcome: 'unknown' }]).toContainEqual(answer);
    expect(read(await rotation.retire({ eraser })).counts).toEqual({ erased: 3 });
    expect(await file.records({ limit: 10 })).toEqual([]);
    for await (const finding of checkRecords(file)) throw new Error(finding.finding);
  });

  test('a period without records is erased by a call that erases none', async () => {
    const { file } = await openRecordWorld();
    expect(await recordEraser({ store: file }).erase('2026')).toEqual({ rows: 0 });
    const given = recordEraser({ store: file, signal: AbortSignal.abort() });
    await expect(given.erase('2026')).rejects.toMatchObject({ code: 'ABORTED' });
  });
});
