import { createHash } from 'node:crypto';
import pkcs11js from 'pkcs11js';
import { provisionKeys } from 'renkei/pkcs11';
import { CKA_COPYABLE, CKA_WRAP_WITH_TRUSTED, Intruder, type Wishes } from './intruder.js';
import { keyWrap, linkageCodes } from './reference-rk1.js';
import { makeScratchToken, type ScratchToken } from './softhsm.js';

export const RESIDENT = '24727059608';
export const STORE = 'store/1';
export const LINK = 'link/1';
export const RECORD = 'record/2026';
export const keyOf = (name: string) => createHash('sha256').update(`attacks: ${name}`).digest();
/** What must not come out. */
export const LINKAGE = linkageCodes([keyOf(LINK)], RESIDENT)[0] as Buffer;
export const CODE = keyWrap(keyOf(STORE), LINKAGE);
export const BLOCK = CODE.subarray(0, 16);

/** The levels of keys on an HSM, and the tokens that hold them. */
export const LEVELS = [3, 2, 1] as const;
export type Level = (typeof LEVELS)[number];
export const yes = (type: number): Wishes => ({ [type]: true });
export const no = (type: number): Wishes => ({ [type]: false });
export const onlyFor = (mechanism: bigint): Wishes => ({
  [pkcs11js.CKA_ALLOWED_MECHANISMS]: Buffer.from(BigUint64Array.of(mechanism).buffer),
});
export const READABLE: Wishes = { ...no(pkcs11js.CKA_SENSITIVE), ...yes(pkcs11js.CKA_EXTRACTABLE) };
export const OF_THE_SESSION = no(pkcs11js.CKA_TOKEN);

/** How the library asks for a linkage code, written down once more. */
export const LINKAGE_AT: Readonly<Record<Level, Wishes>> = (() => {
  const two: Wishes = {
    ...OF_THE_SESSION,
    ...yes(pkcs11js.CKA_PRIVATE),
    ...yes(pkcs11js.CKA_SENSITIVE),
    ...yes(pkcs11js.CKA_EXTRACTABLE),
    ...no(pkcs11js.CKA_ENCRYPT),
    ...no(pkcs11js.CKA_DECRYPT),
    ...no(pkcs11js.CKA_SIGN),
    ...no(pkcs11js.CKA_VERIFY),
    ...no(pkcs11js.CKA_WRAP),
    ...no(pkcs11js.CKA_UNWRAP),
    ...no(pkcs11js.CKA_DERIVE),
  };
  const three: Wishes = {
    ...two,
    ...yes(CKA_WRAP_WITH_TRUSTED),
    ...no(CKA_COPYABLE),
    ...no(pkcs11js.CKA_MODIFIABLE),
    ...onlyFor(0x2109n),
  };
  return { 1: two, 2: two, 3: three };
})();

/** An intruder with the user PIN, before the keys of one level. */
export class Target {
  readonly by: Intruder;
  readonly level: Level;

  constructor(scratch: ScratchToken, level: Level) {
    this.by = new Intruder(scratch, `level-${level}`, scratch.userPin);
    this.level = level;
  }

  get store(): Buffer {
    return this.by.key(STORE);
  }

  get link(): Buffer {
    return this.by.key(LINK);
  }

  /** The linkage code as an object, unwrapped as its level wants it, but for some wishes. */
  linkage(wishes: Wishes = {}): Buffer {
    return this.by.unwrap(this.store, CODE, { ...LINKAGE_AT[this.level], ...wishes });
  }

  /** Wraps something under a key of the intruder's own, and unwraps it readable. */
  throughOwnKey(object: Buffer): Buffer {
    const own = this.by.generate({ ...yes(pkcs11js.CKA_WRAP), ...yes(pkcs11js.CKA_UNWRAP) });
    return this.by.read(this.by.unwrap(own, this.by.wrap(own, object), READABLE));
  }
}

/** Tokens with the same keys at each level, `level-3` to `level-1`. */
export interface AttackedTokens {
  readonly optionsOf: (level: Level) => Pick<ScratchToken, 'module' | 'token' | 'pin'>;
  /** Makes the keys. */
  readonly provision: () => Promise<void>;
  /** Lets the intruders in, one to each token. */
  readonly letIn: () => void;
  readonly at: (level: Level) => Target;
  readonly remove: () => void;
}

/** Makes the tokens; to be called before the module is first loaded. */
export function makeAttackedTokens(): AttackedTokens {
  const scratch = makeScratchToken('level-3');
  for (const level of [2, 1]) scratch.addToken(`level-${level}`);
  const targets = new Map<Level, Target>();
  const optionsOf = (level: Level) => ({
    module: scratch.module,
    token: { label: `level-${level}` },
    pin: scratch.pin,
  });
  return {
    optionsOf,
    provision: async () => {
      for (const level of LEVELS) {
        const keys = [LINK, STORE, RECORD].map((name) => ({
          name,
          level,
          value: new Uint8Array(keyOf(name)),
        }));
        await provisionKeys({ ...optionsOf(level), soPin: () => scratch.soPin, keys });
      }
    },
    letIn: () => {
      for (const level of LEVELS) targets.set(level, new Target(scratch, level));
    },
    at: (level) => targets.get(level) as Target,
    remove: () => scratch.remove(),
  };
}
