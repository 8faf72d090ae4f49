import { institutionAudience, openIssuer, storeAudience } from 'renkei';
import { openPostgresStore, type PostgresStoreOptions } from 'renkei/postgres';
import { openSoftwareVault } from 'renkei/software';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { packedLinkageCodes } from '../../support/linkage-codes.js';
import { testKeys } from '../../support/named-keys.js';
import { ScratchPostgres } from '../../support/postgres.js';
import { syntheticResidents } from '../../support/residents.js';
import { openSoftwareIssuer } from '../../support/software-issuer.js';
import { withCode } from '../../support/with-code.js';

const PEOPLE = 20;
const NAMES = ['link/1', 'store/1', 'institution/A1/1', 'institution/B2/1'];
const KEYS = testKeys(NAMES);
const residents = () => syntheticResidents(4, 0, PEOPLE);
const request = () => ({
  acquisitionNumbers: Array.from({ length: PEOPLE }, (_, n) => `A-${n}`),
  residents: residents(),
});

describe('a PostgreSQL store that an issuer filled, dumped and restored', () => {
  let server: ScratchPostgres;
  let restored: PostgresStoreOptions['connection'];
  let dump: Buffer;

  beforeAll(async () => {
    server = await ScratchPostgres.start();
    const [from, to] = [await server.newDatabase(), await server.newDatabase()];
    await using vault = await openSoftwareVault({ keys: KEYS });
    await using store = await openPostgresStore({ connection: from });
    const { issuer } = await openSoftwareIssuer({ vault, store });
    await issuer.issueBatch('A1', request());
    dump = server.run('pg_dump', from, '--format=custom', '--compress=0');
    server.load('pg_restore', to, dump, `--dbname=${to.database}`, '--exit-on-error');
    restored = to;
  });
  afterAll(() => server.remove());

  it('issues no one a second time, and is in order', async () => {
    await using vault = await openSoftwareVault({ keys: KEYS });
    await using store = await openPostgresStore({ connection: restored, create: false });
    const { issuer } = await openSoftwareIssuer({ vault, store });
    const result = await issuer.issueBatch('A1', request());
    expect(result.counts).toMatchObject({ issued: 0, alreadyIssued: PEOPLE });
    expect(await issuer.checkStore()).toEqual([]);
  });

  it.each(['link/1', 'store/1', 'institution/A1/1'])(
    'is refused where %s is not the one of the vault',
    async (name) => {
      await using vault = await openSoftwareVault({ keys: { ...KEYS, ...testKeys([name], 'another') } });
      await using store = await openPostgresStore({ connection: restored, create: false });
      const issued = openIssuer({ vault, store }).then((issuer) => issuer.issueBatch('A1', request()));
      await expect(issued).rejects.toThrow(withCode('KEY_FINGERPRINT_MISMATCH', { retryable: false }));
    },
  );

  it('lies in the dump as wrapped store codes, and nothing else of a person or a key', async () => {
    await using vault = await openSoftwareVault({ keys: KEYS });
    const audiences = [storeAudience(1), institutionAudience('A1', 1)];
    const { codes } = await vault.derive(residents(), audiences);
    const text = dump.toString('latin1');
    const found = (packed: Uint8Array, width: number) =>
      Array.from({ length: packed.length / width }, (_, n) => packed.subarray(n * width, (n + 1) * width))
        .map((row) => Buffer.from(row))
        .filter((row) => text.includes(row.toString('latin1')) || text.includes(row.toString('hex'))).length;
    expect(found(codes[0] as Uint8Array, 24)).toBe(PEOPLE);
    expect(found(codes[1] as Uint8Array, 24)).toBe(0);
    expect(found(residents(), 11)).toBe(0);
    expect(found(packedLinkageCodes(KEYS['link/1'] as Uint8Array, residents()), 16)).toBe(0);
    expect(found(Buffer.concat(Object.values(KEYS)), 32)).toBe(0);
  });
});
