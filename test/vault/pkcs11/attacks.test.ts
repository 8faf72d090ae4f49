import pkcs11js from 'pkcs11js';
import { openPkcs11Vault } from 'renkei/pkcs11';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  BLOCK,
  CODE,
  keyOf,
  LEVELS,
  type Level,
  LINKAGE,
  LINKAGE_AT,
  makeAttackedTokens,
  no,
  OF_THE_SESSION,
  onlyFor,
  READABLE,
  RECORD,
  RESIDENT,
  type Target,
  yes,
} from '../../support/attack-target.js';
import {
  answerTo,
  CKA_COPYABLE,
  CKA_UNWRAP_TEMPLATE,
  CKA_WRAP_WITH_TRUSTED,
} from '../../support/intruder.js';
import { keyWrap, linkageBlock } from '../../support/reference-rk1.js';

/**
 * The attacks of the design, by somebody on the host who has the user PIN and calls the module himself. The same list
 * runs on keys of levels 3, 2 and 1: what one refuses a lower one grants, or the test would show nothing.
 */

const tokens = makeAttackedTokens();
const { at } = tokens;
beforeAll(tokens.provision);
afterAll(tokens.remove);

/** What is tried and how, by the answers SoftHSM 2.6.1 gives at each level. */
interface Attacks {
  readonly answers: Readonly<Record<Level, string>>;
  readonly tried: Readonly<Record<string, (t: Target) => unknown>>;
}

const PROHIBITED = 'CKR_ACTION_PROHIBITED';
const NOT_PERMITTED = 'CKR_KEY_FUNCTION_NOT_PERMITTED';
const READ_ONLY = 'CKR_ATTRIBUTE_READ_ONLY';
const OK = 'CKR_OK';

const ON_AN_AUDIENCE_KEY: readonly Attacks[] = [
  {
    answers: { 3: 'CKR_ATTRIBUTE_SENSITIVE', 2: 'CKR_ATTRIBUTE_SENSITIVE', 1: 'CKR_ATTRIBUTE_SENSITIVE' },
    tried: {
      'read it': (t) => t.by.read(t.store),
    },
  },
  {
    answers: { 3: NOT_PERMITTED, 2: NOT_PERMITTED, 1: OK },
    tried: {
      'decrypt with it': (t) => t.by.cipher('decrypt', t.store, BLOCK),
      'encrypt with it': (t) => t.by.cipher('encrypt', t.store, BLOCK),
    },
  },
  {
    answers: { 3: NOT_PERMITTED, 2: NOT_PERMITTED, 1: NOT_PERMITTED },
    tried: {
      'sign with it': (t) => t.by.sign(t.store, BLOCK),
      'derive from it': (t) => t.by.derive(t.store, BLOCK, READABLE),
      'unwrap with a record key': (t) =>
        t.by.unwrap(t.by.key(RECORD), keyWrap(keyOf(RECORD), LINKAGE), LINKAGE_AT[t.level]),
    },
  },
  {
    answers: { 3: 'CKR_KEY_UNEXTRACTABLE', 2: 'CKR_KEY_UNEXTRACTABLE', 1: 'CKR_KEY_UNEXTRACTABLE' },
    tried: {
      "wrap it under a key of one's own": (t) => t.throughOwnKey(t.store),
    },
  },
  {
    answers: { 3: PROHIBITED, 2: PROHIBITED, 1: OK },
    tried: {
      'set CKA_DECRYPT on it': (t) => t.by.set(t.store, yes(pkcs11js.CKA_DECRYPT)),
      'copy it': (t) => t.by.copy(t.store, OF_THE_SESSION),
      'copy it with CKA_DECRYPT': (t) =>
        t.by.copy(t.store, { ...OF_THE_SESSION, ...yes(pkcs11js.CKA_DECRYPT) }),
    },
  },
  {
    answers: { 3: PROHIBITED, 2: PROHIBITED, 1: READ_ONLY },
    tried: {
      'set CKA_EXTRACTABLE on it': (t) => t.by.set(t.store, yes(pkcs11js.CKA_EXTRACTABLE)),
      'set CKA_MODIFIABLE on it': (t) => t.by.set(t.store, yes(pkcs11js.CKA_MODIFIABLE)),
      'empty its unwrap template': (t) => t.by.set(t.store, { [CKA_UNWRAP_TEMPLATE]: Buffer.alloc(0) }),
    },
  },
  {
    answers: { 3: READ_ONLY, 2: READ_ONLY, 1: READ_ONLY },
    tried: {
      'make a trusted key': (t) => t.by.generate({ ...yes(pkcs11js.CKA_WRAP), ...yes(pkcs11js.CKA_TRUSTED) }),
      "set CKA_TRUSTED on a key of one's own": (t) =>
        t.by.set(t.by.generate(yes(pkcs11js.CKA_WRAP)), yes(pkcs11js.CKA_TRUSTED)),
    },
  },
];

const ON_A_CODE: readonly Attacks[] = [
  {
    answers: { 3: 'CKR_TEMPLATE_INCONSISTENT', 2: OK, 1: OK },
    tried: {
      'unwrap it readable': (t) => t.by.read(t.linkage(READABLE)),
      'unwrap it with nothing said but that': (t) => t.by.read(t.by.unwrap(t.store, CODE, READABLE)),
      'unwrap it for wrapping under any key': (t) => t.throughOwnKey(t.linkage(no(CKA_WRAP_WITH_TRUSTED))),
      'unwrap it as a token object': (t) => t.linkage(yes(pkcs11js.CKA_TOKEN)),
      'unwrap it as a public object': (t) => t.linkage(no(pkcs11js.CKA_PRIVATE)),
      'unwrap it as modifiable': (t) => t.linkage(yes(pkcs11js.CKA_MODIFIABLE)),
      'unwrap it as copyable': (t) => t.linkage(yes(CKA_COPYABLE)),
      'unwrap it for encrypting': (t) => t.linkage(yes(pkcs11js.CKA_ENCRYPT)),
      'unwrap it for decrypting': (t) => t.linkage(yes(pkcs11js.CKA_DECRYPT)),
      'unwrap it for signing': (t) => t.linkage(yes(pkcs11js.CKA_SIGN)),
      'unwrap it for verifying': (t) => t.linkage(yes(pkcs11js.CKA_VERIFY)),
      'unwrap it for wrapping': (t) => t.linkage(yes(pkcs11js.CKA_WRAP)),
      'unwrap it for unwrapping': (t) => t.linkage(yes(pkcs11js.CKA_UNWRAP)),
      'unwrap it for deriving': (t) => t.linkage(yes(pkcs11js.CKA_DERIVE)),
      'unwrap it for AES-ECB': (t) => t.linkage(onlyFor(0x1081n)),
      'unwrap it as a generic secret': (t) =>
        t.linkage({ [pkcs11js.CKA_KEY_TYPE]: pkcs11js.CKK_GENERIC_SECRET }),
      'unwrap it as a DES key': (t) => t.linkage({ [pkcs11js.CKA_KEY_TYPE]: pkcs11js.CKK_DES2 }),
    },
  },
  {
    answers: { 3: 'CKR_MECHANISM_INVALID', 2: 'CKR_MECHANISM_INVALID', 1: 'CKR_MECHANISM_INVALID' },
    tried: {
      'unwrap it by padded AES Key Wrap': (t) =>
        t.by.unwrap(t.store, CODE, LINKAGE_AT[t.level], { mechanism: 0x210a }),
    },
  },
];

const ON_THE_LINKAGE_CODE: readonly Attacks[] = [
  {
    answers: { 3: 'CKR_ATTRIBUTE_SENSITIVE', 2: 'CKR_ATTRIBUTE_SENSITIVE', 1: 'CKR_ATTRIBUTE_SENSITIVE' },
    tried: {
      'read it': (t) => t.by.read(t.linkage()),
    },
  },
  {
    answers: { 3: 'CKR_KEY_NOT_WRAPPABLE', 2: OK, 1: OK },
    tried: {
      "wrap it under a key of one's own": (t) => t.throughOwnKey(t.linkage()),
    },
  },
  {
    answers: { 3: 'CKR_MECHANISM_INVALID', 2: 'CKR_MECHANISM_INVALID', 1: 'CKR_MECHANISM_INVALID' },
    tried: {
      'wrap it by padded AES Key Wrap': (t) => t.by.wrap(t.store, t.linkage(), { mechanism: 0x210a }),
    },
  },
  {
    answers: { 3: PROHIBITED, 2: READ_ONLY, 1: READ_ONLY },
    tried: {
      'make it readable': (t) => t.by.set(t.linkage(), READABLE),
      'allow it any wrapping key': (t) => t.by.set(t.linkage(), no(CKA_WRAP_WITH_TRUSTED)),
      'allow it changes': (t) => t.by.set(t.linkage(), yes(pkcs11js.CKA_MODIFIABLE)),
      'copy it readable': (t) => t.by.copy(t.linkage(), READABLE),
      'copy it for any wrapping key': (t) => t.by.copy(t.linkage(), no(CKA_WRAP_WITH_TRUSTED)),
    },
  },
  {
    answers: { 3: PROHIBITED, 2: OK, 1: OK },
    tried: {
      'allow it deriving': (t) => t.by.set(t.linkage(), yes(pkcs11js.CKA_DERIVE)),
      'allow it encrypting': (t) => t.by.set(t.linkage(), yes(pkcs11js.CKA_ENCRYPT)),
      'allow it signing': (t) => t.by.set(t.linkage(), yes(pkcs11js.CKA_SIGN)),
      'copy it for encrypting': (t) => t.by.copy(t.linkage(), yes(pkcs11js.CKA_ENCRYPT)),
      'copy it as a token object': (t) => t.by.copy(t.linkage(), yes(pkcs11js.CKA_TOKEN)),
    },
  },
  {
    answers: { 3: NOT_PERMITTED, 2: NOT_PERMITTED, 1: NOT_PERMITTED },
    tried: {
      'derive from it': (t) => t.by.derive(t.linkage(), BLOCK, READABLE),
      'sign with it': (t) => t.by.sign(t.linkage(), BLOCK),
      'encrypt with it': (t) => t.by.cipher('encrypt', t.linkage(), BLOCK),
      'decrypt with it': (t) => t.by.cipher('decrypt', t.linkage(), BLOCK),
    },
  },
];

const ON_THE_LINK_KEY: readonly Attacks[] = [
  {
    answers: { 3: 'CKR_ATTRIBUTE_SENSITIVE', 2: 'CKR_ATTRIBUTE_SENSITIVE', 1: 'CKR_ATTRIBUTE_SENSITIVE' },
    tried: {
      'read it': (t) => t.by.read(t.link),
    },
  },
  {
    answers: { 3: NOT_PERMITTED, 2: NOT_PERMITTED, 1: OK },
    tried: {
      'encrypt with it': (t) => t.by.cipher('encrypt', t.link, linkageBlock(RESIDENT)),
    },
  },
  {
    answers: { 3: NOT_PERMITTED, 2: NOT_PERMITTED, 1: NOT_PERMITTED },
    tried: {
      'sign with it': (t) => t.by.sign(t.link, BLOCK),
      'wrap a linkage code under it': (t) => t.by.wrap(t.link, t.linkage()),
    },
  },
  {
    answers: { 3: 'CKR_KEY_UNEXTRACTABLE', 2: 'CKR_KEY_UNEXTRACTABLE', 1: 'CKR_KEY_UNEXTRACTABLE' },
    tried: {
      "wrap it under a key of one's own": (t) => t.throughOwnKey(t.link),
    },
  },
  {
    answers: { 3: PROHIBITED, 2: PROHIBITED, 1: OK },
    tried: {
      'set CKA_ENCRYPT on it': (t) => t.by.set(t.link, yes(pkcs11js.CKA_ENCRYPT)),
      'copy it with CKA_ENCRYPT': (t) =>
        t.by.copy(t.link, { ...OF_THE_SESSION, ...yes(pkcs11js.CKA_ENCRYPT) }),
    },
  },
];

describe('The library itself', () => {
  it('reports what is accepted at each level, and that level 3 accepts nothing', async () => {
    for (const level of LEVELS) {
      await using vault = await openPkcs11Vault(tokens.optionsOf(level));
      const report = await vault.assurance();
      expect(report.level).toBe(level);
      const accepted = report.keys.flatMap(({ attacks }) =>
        attacks.filter(({ outcome }) => outcome === 'accepted').map(({ attack }) => attack),
      );
      expect(accepted.includes('unwrap as readable')).toBe(level < 3);
      expect(accepted.includes('decrypt with the key')).toBe(level < 2);
      if (level === 3) expect(accepted).toEqual([]);
    }
  });
});

describe.each([
  ['an audience key', ON_AN_AUDIENCE_KEY],
  ['a code', ON_A_CODE],
  ['an unwrapped linkage code', ON_THE_LINKAGE_CODE],
  ['the link key', ON_THE_LINK_KEY],
])('With the user PIN, on %s:', (_, attacks) => {
  beforeAll(tokens.letIn);
  const cases = attacks.flatMap(({ answers, tried }) =>
    Object.entries(tried).map(([what, run]) => ({ what, run, answers, refusal: answers[3] })),
  );
  it.each(cases)('$what: level 3 answers $refusal', ({ run, answers }) => {
    for (const level of LEVELS) expect(answerTo(() => run(at(level)))).toBe(answers[level]);
  });
});

describe('What level 2 grants is the linkage code itself:', () => {
  it.each<[string, (t: Target) => Buffer]>([
    ['unwrapped readable', (t) => t.by.read(t.linkage(READABLE))],
    ["wrapped under a key of one's own", (t) => t.throughOwnKey(t.linkage())],
  ])('%s', (_, take) => {
    expect(take(at(2)).equals(LINKAGE)).toBe(true);
    expect(answerTo(() => take(at(3)))).not.toBe(OK);
  });
});
