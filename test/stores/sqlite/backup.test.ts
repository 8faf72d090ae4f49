import { chmodSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Sqlite from 'better-sqlite3';
import { type Audience, institutionAudience, openIssuer, parseInstitutionCode, storeAudience } from 'renkei';
import { openSoftwareVault } from 'renkei/software';
import { backUpSqliteStore, openSqliteStore, restoreSqliteStore } from 'renkei/sqlite';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { packedLinkageCodes } from '../../support/linkage-codes.js';
import { MemoryScan } from '../../support/memory-scan.js';
import { testKeys } from '../../support/named-keys.js';
import { syntheticResidents } from '../../support/residents.js';
import { makeScratchFolder } from '../../support/scratch-folder.js';
import { KEY_NAMES } from '../../support/software-issuer.js';
import { syntheticBatches } from '../../support/synthetic-batches.js';
import { withCode } from '../../support/with-code.js';
import { batchOf, storeCodes } from '../contract.js';

const A = parseInstitutionCode('A1');
const KEYS = testKeys(KEY_NAMES);
const PEOPLE = { seed: 3, batches: 1, size: 2_000 };
const RESIDENTS = () => syntheticResidents(PEOPLE.seed, 0, PEOPLE.size);
const root = makeScratchFolder();
let folders = 0;

let path: (name: string) => string;
let store: Awaited<ReturnType<typeof openSqliteStore>>;
let vault: Awaited<ReturnType<typeof openSoftwareVault>>;

beforeEach(async () => {
  const folder = root.path(`${folders++}`);
  mkdirSync(folder);
  path = (name) => join(folder, name);
  vault = await openSoftwareVault({ keys: KEYS });
  store = await openSqliteStore({ path: path('store') });
  const issuer = await openIssuer({ vault, store });
  await issuer.registerInstitution(A);
  for await (const { counts } of issuer.issueAll(A, syntheticBatches(PEOPLE))) {
    expect(counts.issued).toBe(PEOPLE.size);
  }
});

afterEach(async () => {
  await store.close();
  await vault.close();
});

const files = () => readdirSync(path('')).sort();
const fingerprint = (name: Parameters<typeof vault.fingerprint>[0]) => vault.fingerprint(name);

/** Everything a store says of itself. */
async function content(of: typeof store) {
  const page = { limit: 100_000 };
  return [await of.listKeys(), await of.count(), await of.persons(page), await of.issuances(A, page)];
}

it('a copy, and a store made out of it, can be read by whom the store could be read by', async () => {
  const modeOf = (name: string) => statSync(path(name)).mode & 0o777;
  chmodSync(path('store'), 0o600);
  let seen = 0;
  const progress = () => {
    const temporary = files().find((name) => name.endsWith('.part'));
    if (temporary !== undefined) seen |= modeOf(temporary);
  };
  await backUpSqliteStore({ path: path('store'), copy: path('copy'), progress });
  expect([seen, modeOf('copy')]).toEqual([0o600, 0o600]);
  chmodSync(path('copy'), 0o400);
  await restoreSqliteStore({ copy: path('copy'), path: path('restored'), fingerprint });
  expect(modeOf('restored')).toBe(0o600);
});

describe('a copy of a running SQLite store', () => {
  it('holds what the store held when the call began, while others go on writing', async () => {
    const before = await content(store);
    const seen: [number, number][] = [];
    let first = 10_000;
    const other = await openSqliteStore({ path: path('store') });
    const writes: Promise<unknown>[] = [];
    const held = await backUpSqliteStore({
      path: path('store'),
      copy: path('copy'),
      progress: ({ pages, of }) => {
        seen.push([pages, of]);
        for (const one of [store, other]) writes.push(one.issue(batchOf(A, storeCodes(first++))));
      },
    });
    await Promise.all(writes);
    await other.close();
    expect(writes.length).toBeGreaterThanOrEqual(4);
    expect(seen.at(-1)?.[0]).toBe(seen.at(-1)?.[1]);
    expect(held).toEqual(before[1]);
    expect((await store.count()).persons).toBe(PEOPLE.size + writes.length);
    await using copy = await openSqliteStore({ path: path('copy') });
    expect(await content(copy)).toEqual(before);
    expect(await copy.check()).toEqual([]);
  });

  it('is one file, and replaces none', async () => {
    await backUpSqliteStore({ path: path('store'), copy: path('copy') });
    expect(files()).toEqual(['copy', 'store', 'store-shm', 'store-wal']);
    const first = readFileSync(path('copy'));
    for (const copy of ['copy', 'store']) {
      await expect(backUpSqliteStore({ path: path('store'), copy: path(copy) })).rejects.toThrow(
        withCode('OPTION_INVALID', { message: /"copy"/ }),
      );
    }
    expect(readFileSync(path('copy')).equals(first)).toBe(true);
    // A log that lies where the copy's would: SQLite would take it for the copy's own.
    writeFileSync(path('other-wal'), '');
    await expect(backUpSqliteStore({ path: path('store'), copy: path('other') })).rejects.toThrow(
      withCode('OPTION_INVALID', { message: /-wal/ }),
    );
  });

  it('leaves nothing behind when the caller gives up, or when somebody else makes the file first', async () => {
    const before = files();
    const giveUp = new AbortController();
    const aborted = backUpSqliteStore({
      path: path('store'),
      copy: path('copy'),
      progress: () => giveUp.abort(),
      signal: giveUp.signal,
    });
    await expect(aborted).rejects.toThrow(withCode('ABORTED'));
    expect(files()).toEqual(before);
    const overtaken = backUpSqliteStore({
      path: path('store'),
      copy: path('copy'),
      progress: () => writeFileSync(path('copy'), 'theirs'),
    });
    await expect(overtaken).rejects.toThrow(withCode('OPTION_INVALID', { message: /"copy"/ }));
    expect(readFileSync(path('copy'), 'utf8')).toBe('theirs');
    expect(files()).toEqual(['copy', ...before]);
  });

  it('is refused when the store does not pass its check', async () => {
    const database = new Sqlite(path('store'));
    database.exec('DELETE FROM person WHERE store_code IN (SELECT store_code FROM issuance LIMIT 3)');
    database.close();
    const before = files();
    await expect(backUpSqliteStore({ path: path('store'), copy: path('copy') })).rejects.toThrow(
      withCode('STORE_CORRUPT', { message: /issuance-has-person \(3\)/ }),
    );
    expect(files()).toEqual(before);
  });

  it.each([
    ['STORE_FAULT', 'missing', 'copy'],
    ['STORE_FAULT', 'store', 'no/such/folder'],
    ['STORE_SCHEMA', 'empty', 'copy'],
    ['STORE_CORRUPT', 'letter', 'copy'],
  ] as const)('ends with %s for %s to %s', async (code, from, to) => {
    writeFileSync(path('empty'), '');
    writeFileSync(path('letter'), 'This file is a letter. '.repeat(500));
    const before = files();
    await expect(backUpSqliteStore({ path: path(from), copy: path(to) })).rejects.toThrow(withCode(code));
    expect(files()).toEqual(before);
  });

  it('refuses options it does not know', async () => {
    await expect(
      backUpSqliteStore({ path: path('store'), copy: path('copy'), overwrite: true } as never),
    ).rejects.toThrow(withCode('OPTION_UNKNOWN', { message: /"overwrite"/ }));
  });
});

describe('restoring a SQLite store', () => {
  beforeEach(async () => {
    await backUpSqliteStore({ path: path('store'), copy: path('copy') });
  });

  it('gives the store as it was, and issues no one a second time', async () => {
    const before = readFileSync(path('copy'));
    const held = await restoreSqliteStore({ copy: path('copy'), path: path('restored'), fingerprint });
    expect(held).toEqual(await store.count());
    expect(readFileSync(path('copy')).equals(before)).toBe(true);
    await using restored = await openSqliteStore({ path: path('restored') });
    expect(await content(restored)).toEqual(await content(store));
    const issuer = await openIssuer({ vault, store: restored });
    for await (const { counts } of issuer.issueAll(A, syntheticBatches(PEOPLE))) {
      expect(counts.alreadyIssued).toBe(PEOPLE.size);
    }
  });

  it.each(['link/1', 'store/1', 'institution/A1/1'])(
    'refuses a store whose %s is not the one of the vault, and leaves nothing behind',
    async (name) => {
      const before = files();
      await using other = await openSoftwareVault({ keys: { ...KEYS, ...testKeys([name], 'another') } });
      const restored = restoreSqliteStore({
        copy: path('copy'),
        path: path('restored'),
        fingerprint: (key) => other.fingerprint(key),
      });
      await expect(restored).rejects.toThrow(
        withCode('KEY_FINGERPRINT_MISMATCH', { message: new RegExp(name), retryable: false }),
      );
      expect(files()).toEqual(before);
    },
  );

  it('refuses a store with a key that the vault does not have', async () => {
    await using other = await openSoftwareVault({ keys: testKeys(['link/1', 'store/1']) });
    await expect(
      restoreSqliteStore({
        copy: path('copy'),
        path: path('restored'),
        fingerprint: (key) => other.fingerprint(key),
      }),
    ).rejects.toThrow(withCode('KEY_NOT_FOUND'));
  });

  it('replaces no store', async () => {
    const restored = restoreSqliteStore({ copy: path('copy'), path: path('store'), fingerprint });
    await expect(restored).rejects.toThrow(withCode('OPTION_INVALID', { message: /"path"/ }));
  });

  it('refuses a file in use for a copy: the last of it is in its log', async () => {
    const restored = restoreSqliteStore({ copy: path('store'), path: path('restored'), fingerprint });
    await expect(restored).rejects.toThrow(withCode('OPTION_INVALID', { message: /"copy".*-wal/ }));
  });

  it('refuses a copy that is damaged or cut off, and leaves nothing behind', async () => {
    const whole = readFileSync(path('copy'));
    const before = files();
    for (const damaged of [
      whole.subarray(0, whole.length / 2),
      Buffer.concat([whole.subarray(0, 5 * 16_384), Buffer.alloc(16_384), whole.subarray(6 * 16_384)]),
    ]) {
      writeFileSync(path('copy'), damaged);
      const restored = restoreSqliteStore({ copy: path('copy'), path: path('restored'), fingerprint });
      await expect(restored).rejects.toThrow(withCode('STORE_CORRUPT'));
      expect(files()).toEqual(before);
    }
  });

  it('gives up when the caller does', async () => {
    const before = files();
    const giveUp = new AbortController();
    const restored = restoreSqliteStore({
      copy: path('copy'),
      path: path('restored'),
      fingerprint: (name) => {
        giveUp.abort();
        return vault.fingerprint(name);
      },
      signal: giveUp.signal,
    });
    await expect(restored).rejects.toThrow(withCode('ABORTED'));
    expect(files()).toEqual(before);
  });
});

it('store, log, copy and restored store hold wrapped store codes, and nothing else of a person or a key', async () => {
  const audiences: Audience[] = [storeAudience(1), institutionAudience(A, 1)];
  const { codes } = await vault.derive(RESIDENTS(), audiences);
  const [ofStore, ofInstitution] = codes as [Uint8Array, Uint8Array];
  const hex = (bytes: Uint8Array) => Buffer.from(Buffer.from(bytes).toString('hex'));
  const linkage = packedLinkageCodes(KEYS['link/1'] as Uint8Array, RESIDENTS());
  const keys = Buffer.concat(Object.values(KEYS));
  const secrets = new MemoryScan([
    { name: 'resident record code', width: 11, rows: RESIDENTS() },
    { name: 'linkage code', width: 16, rows: linkage },
    { name: 'linkage code in hex', width: 32, rows: hex(linkage) },
    { name: "institution's code", width: 24, rows: ofInstitution },
    { name: "institution's code in hex", width: 48, rows: hex(ofInstitution) },
    { name: 'key', width: 32, rows: keys },
    { name: 'key in hex', width: 64, rows: hex(keys) },
  ]);
  const wrapped = new MemoryScan([{ name: 'store code', width: 24, rows: ofStore }]);

  const scanned = new Map<string, number>();
  const scanAll = () => {
    for (const name of files()) {
      expect(secrets.file(path(name))).toEqual([]);
      scanned.set(name.replace(/\d+-\d+/, '…'), wrapped.file(path(name)).length);
    }
  };
  await store.change({
    generation: 1,
    changedAt: 0,
    oldCodes: ofStore.subarray(0, 24),
    newCodes: storeCodes(1),
  });
  await backUpSqliteStore({ path: path('store'), copy: path('copy'), progress: scanAll });
  await restoreSqliteStore({
    copy: path('copy'),
    path: path('restored'),
    fingerprint: (name) => {
      scanAll();
      return vault.fingerprint(name);
    },
  });
  scanAll();
  // The scan can find: it found what is there to be found.
  for (const name of ['store-wal', 'copy', 'copy.….part', 'restored.….part', 'restored']) {
    expect(scanned.get(name), name).toBeGreaterThanOrEqual(PEOPLE.size);
  }
});
