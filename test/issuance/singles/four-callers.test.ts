import { createMemoryStore, type IssuanceStore, type Issuer, openIssuer } from 'renkei';
import { openPkcs11Vault, provisionKeys } from 'renkei/pkcs11';
import { openSqliteStore } from 'renkei/sqlite';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { syntheticResidents } from '../../support/residents.js';
import { makeScratchFolder } from '../../support/scratch-folder.js';
import { makeScratchToken } from '../../support/softhsm.js';

const CALLERS = 4;
const PEOPLE = 10_000;
const KEYS = ['link/1', 'store/1', 'institution/A1/1'];

describe('ten thousand issues from four concurrent callers of one process', () => {
  const token = makeScratchToken();
  const folder = makeScratchFolder();
  const connection = { module: token.module, token: token.token, pin: token.pin };
  let vault: Awaited<ReturnType<typeof openPkcs11Vault>>;

  beforeAll(async () => {
    await provisionKeys({ ...connection, keys: KEYS.map((name) => ({ name, level: 2 as const })) });
    vault = await openPkcs11Vault({ ...connection, engine: 'sealed', sessions: 2 });
  });

  afterAll(async () => {
    await vault.close();
    token.remove();
  });

  const stores: Record<string, () => Promise<IssuanceStore>> = {
    memory: async () => createMemoryStore(),
    SQLite: () => openSqliteStore({ path: folder.path('callers.sqlite') }),
  };

  it.each(Object.keys(stores))(
    'give each person one row and one code: sealed vault, %s store',
    { timeout: 180_000 },
    async (name) => {
      const store = await (stores[name] as (typeof stores)[string])();
      // Two issuers on one store, as two servers would be, each with two callers.
      const issuers = [await openIssuer({ vault, store }), await openIssuer({ vault, store })] as const;
      await issuers[0].registerInstitution('A1');
      const answers = await Promise.all(
        Array.from({ length: CALLERS }, (_, caller) =>
          issueToEverybody(issuers[caller % 2] as Issuer, caller),
        ),
      );

      const issuedTo = new Uint8Array(PEOPLE);
      const codes = new Map<number, string>();
      for (const { person, status, code } of answers.flat()) {
        if (status === 'issued') issuedTo[person] = (issuedTo[person] as number) + 1;
        expect(codes.get(person) ?? code).toBe(code);
        codes.set(person, code);
      }
      // Whoever came first issued; everybody who came later was told so, and got the same code.
      expect(issuedTo.every((times) => times === 1)).toBe(true);
      expect(new Set(codes.values()).size).toBe(PEOPLE);
      expect(await store.count()).toEqual({ keys: 3, persons: PEOPLE, aliases: 0, issuances: PEOPLE });
      await store.close();
    },
  );
});

/** Asks for everybody's code in batches of another size and order than the other callers. */
async function issueToEverybody(issuer: Issuer, caller: number) {
  const size = [100, 125, 200, 250][caller] as number;
  const answers: { person: number; status: string; code: string }[] = [];
  const firsts = Array.from({ length: PEOPLE / size }, (_, n) => n * size);
  if (caller % 2 === 1) firsts.reverse();
  for (const first of firsts) {
    const request = {
      acquisitionNumbers: Array.from({ length: size }, (_, n) => `C${caller}-${first + n}`),
      residents: syntheticResidents(12, first, size),
    };
    for (const item of await issuer.issueBatch('A1', request, { reissue: true })) {
      if (item.status === 'refused') throw new Error(`refused: ${item.error}`);
      answers.push({ person: first + item.index, status: item.status, code: item.code ?? '' });
    }
  }
  return answers;
}
