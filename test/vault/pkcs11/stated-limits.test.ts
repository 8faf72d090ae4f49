import { createHash } from 'node:crypto';
import pkcs11js from 'pkcs11js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  CODE,
  keyOf,
  LEVELS,
  LINK,
  LINKAGE,
  LINKAGE_AT,
  makeAttackedTokens,
  no,
  READABLE,
  RECORD,
  RESIDENT,
  STORE,
  type Target,
  yes,
} from '../../support/attack-target.js';
import { answerTo, CKA_CHECK_VALUE } from '../../support/intruder.js';
import { keyWrap, linkageBlock } from '../../support/reference-rk1.js';

/** What level 3 does not prevent, shown to work because it is said to; and what is left without the PIN. */

const tokens = makeAttackedTokens();
const { at } = tokens;
beforeAll(async () => {
  await tokens.provision();
  tokens.letIn();
});
afterAll(tokens.remove);

describe('Stated limits of level 3, with the user PIN:', () => {
  it('whoever has a resident record code too derives the linkage code readable', () => {
    const { by, link } = at(3);
    expect(by.read(by.derive(link, linkageBlock(RESIDENT), READABLE)).equals(LINKAGE)).toBe(true);
  });

  it('C_DigestKey gives a fingerprint of the linkage code', () => {
    const fingerprint = createHash('sha256').update(LINKAGE).digest();
    expect(at(3).by.digest(at(3).linkage()).equals(fingerprint)).toBe(true);
  });

  it('a check value of the linkage code does not exist', () => {
    const { by } = at(3);
    const [attribute] = by.module.C_GetAttributeValue(by.session, at(3).linkage(), [
      { type: CKA_CHECK_VALUE },
    ]);
    expect(attribute?.value).toHaveLength(0);
  });

  it('the HSM is an oracle: a code is translated one call at a time', () => {
    const code = at(3).by.wrap(at(3).by.key(RECORD), at(3).linkage());
    expect(code.equals(keyWrap(keyOf(RECORD), LINKAGE))).toBe(true);
  });
});

// Last: a login and its end are the whole process's.
describe('Without the PIN', () => {
  const publicKey = ({ by }: Target) =>
    by.generate({
      ...no(pkcs11js.CKA_PRIVATE),
      ...no(pkcs11js.CKA_SENSITIVE),
      ...yes(pkcs11js.CKA_EXTRACTABLE),
    });
  const before = new Map<
    number,
    { readonly store: Buffer; readonly link: Buffer; readonly linkage: Buffer }
  >();

  beforeAll(() => {
    for (const level of LEVELS) {
      const t = at(level);
      before.set(level, { store: t.store, link: t.link, linkage: t.linkage() });
      t.by.module.C_Logout(t.by.session);
    }
  });

  it.each(LEVELS)('at level %i, nothing private is found', (level) => {
    expect(at(level).by.find(LINK)).toEqual([]);
    expect(at(level).by.find(STORE)).toHaveLength(level === 3 ? 1 : 0);
  });

  it.each([
    [3, 'CKR_USER_NOT_LOGGED_IN'],
    [2, 'CKR_UNWRAPPING_KEY_HANDLE_INVALID'],
    [1, 'CKR_UNWRAPPING_KEY_HANDLE_INVALID'],
  ] as const)('at level %i, no code is unwrapped by the handle from before: %s', (level, answer) => {
    const { store } = before.get(level) as { store: Buffer };
    expect(answerTo(() => at(level).by.unwrap(store, CODE, LINKAGE_AT[level]))).toBe(answer);
  });

  it('at level 3, no code is unwrapped as a public object either', () => {
    const wishes = { ...LINKAGE_AT[3], ...no(pkcs11js.CKA_PRIVATE) };
    expect(answerTo(() => at(3).linkage(wishes))).toBe('CKR_TEMPLATE_INCONSISTENT');
  });

  it.each(LEVELS)('at level %i, linkage codes and link keys from before are gone', (level) => {
    const { by } = at(level);
    const { link, linkage } = before.get(level) as { link: Buffer; linkage: Buffer };
    expect(answerTo(() => by.derive(link, linkageBlock(RESIDENT), READABLE))).toBe(
      'CKR_OBJECT_HANDLE_INVALID',
    );
    expect(answerTo(() => by.read(linkage))).toBe('CKR_OBJECT_HANDLE_INVALID');
  });

  it("stated limit of level 3: an officer's keys are public, so anybody on the host may wrap with them", () => {
    const t = at(3);
    const own = publicKey(t);
    expect(t.by.wrap(t.store, own).equals(keyWrap(keyOf(STORE), t.by.read(own)))).toBe(true);
    expect(answerTo(() => t.by.wrap(before.get(2)?.store as Buffer, publicKey(at(2))))).not.toBe('CKR_OK');
  });
});
