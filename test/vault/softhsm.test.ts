import pkcs11js from 'pkcs11js';
import { openPkcs11Vault, provisionKeys } from 'renkei/pkcs11';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { referenceLinkageCode } from '../support/reference.js';
import { syntheticResidents, syntheticResidentTexts } from '../support/residents.js';
import { makeScratchToken } from '../support/softhsm.js';
import { AAA, KEY_NAMES, STORE, TEST_KEYS } from '../support/test-keys.js';
import { vaultContract } from './contract.js';

const scratch = makeScratchToken('level-1');
scratch.addToken('level-2');
const { module, pin } = scratch;
const open1 = { module, pin, token: { label: 'level-1' } };
const open2 = { module, pin, token: { label: 'level-2' } };

beforeAll(async () => {
  for (const [options, level] of [
    [open1, 1],
    [open2, 2],
  ] as const) {
    const keys = KEY_NAMES.map((name) => ({ name, level, value: TEST_KEYS[name] as Uint8Array }));
    await provisionKeys({ ...options, keys });
  }
});
afterAll(() => {
  scratch.remove();
});

vaultContract({
  name: 'SoftHSM, sealed engine, keys of level 2',
  open: () => openPkcs11Vault(open2),
  advances: false,
  assurance: { level: 2, name: 'hsm-sealed', basis: 'attributes-and-attacks' },
  longBatch: 3_000,
});

vaultContract({
  name: 'SoftHSM, sealed engine, three sessions, keys of level 1',
  open: () => openPkcs11Vault({ ...open1, engine: 'sealed', sessions: 3 }),
  advances: false,
  assurance: { level: 1, name: 'host-visible', basis: 'attributes-and-attacks' },
  longBatch: 3_000,
});

vaultContract({
  name: 'SoftHSM, bulk engine, keys of level 1',
  open: () => openPkcs11Vault({ ...open1, engine: 'bulk' }),
  advances: true,
  assurance: { level: 1, name: 'host-visible', basis: 'attributes-and-attacks' },
  longBatch: 200_000,
});

vaultContract({
  name: 'SoftHSM, bulk engine, chunks of three blocks',
  open: () => openPkcs11Vault({ ...open1, engine: 'bulk', chunkBytes: 48 }),
  advances: true,
  assurance: { level: 1, name: 'host-visible', basis: 'attributes-and-attacks' },
  longBatch: 3_000,
});

describe('C_WrapKey by bare calls of the module', () => {
  it('gives the codes of both engines', async () => {
    const bulk = await openPkcs11Vault({ ...open1, engine: 'bulk' });
    const sealed = await openPkcs11Vault(open1);
    const texts = syntheticResidentTexts(6, 0, 50);
    const answers = [];
    for (const vault of [bulk, sealed]) {
      answers.push((await vault.derive(syntheticResidents(6, 0, 50), [AAA, STORE])).codes);
    }
    const bare = new pkcs11js.PKCS11();
    bare.load(module);
    const slot = bare
      .C_GetSlotList(true)
      .find((id) => bare.C_GetTokenInfo(id).label.trim() === 'level-1') as Buffer;
    // The vaults are open: the module is initialised and this process is logged in.
    const session = bare.C_OpenSession(slot, pkcs11js.CKF_SERIAL_SESSION);
    const wrapped = [AAA, STORE].map((audience) => {
      bare.C_FindObjectsInit(session, [{ type: pkcs11js.CKA_LABEL, value: audience }]);
      const [key] = bare.C_FindObjects(session, 2);
      bare.C_FindObjectsFinal(session);
      return Buffer.concat(
        texts.map((text) => {
          const linkage = bare.C_CreateObject(session, [
            { type: pkcs11js.CKA_CLASS, value: pkcs11js.CKO_SECRET_KEY },
            { type: pkcs11js.CKA_KEY_TYPE, value: pkcs11js.CKK_AES },
            { type: pkcs11js.CKA_TOKEN, value: false },
            { type: pkcs11js.CKA_EXTRACTABLE, value: true },
            { type: pkcs11js.CKA_VALUE, value: referenceLinkageCode(TEST_KEYS, text) },
          ]);
          const mechanism = { mechanism: pkcs11js.CKM_AES_KEY_WRAP };
          const code = Buffer.from(
            bare.C_WrapKey(session, mechanism, key as Buffer, linkage, Buffer.alloc(64)),
          );
          bare.C_DestroyObject(session, linkage);
          return code;
        }),
      );
    });
    bare.C_CloseSession(session);
    bare.close();
    for (const codes of answers) expect(codes.map((column) => Buffer.from(column))).toEqual(wrapped);
    await bulk.close();
    await sealed.close();
  });
});
