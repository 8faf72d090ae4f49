import pkcs11js, { type Mechanism, type Template } from 'pkcs11js';
import type { AttackResult } from '../../port.js';
import { attributeType } from '../attributes.js';
import { ENFORCED_LINKAGE, SEALED_LINKAGE } from '../key-profile.js';
import { type Ckr, calling, ckrOf, mayConcernDevice, mayConcernItem, moduleError } from './faults.js';
import type { FoundKey } from './key-ring.js';
import type { Session } from './session.js';
import { templateOf } from './template.js';

const KEY_WRAP: Mechanism = { mechanism: pkcs11js.CKM_AES_KEY_WRAP };
const ECB: Mechanism = { mechanism: pkcs11js.CKM_AES_ECB };
const CMAC: Mechanism = { mechanism: pkcs11js.CKM_AES_CMAC };
const AES: Template = [
  { type: pkcs11js.CKA_CLASS, value: pkcs11js.CKO_SECRET_KEY },
  { type: pkcs11js.CKA_KEY_TYPE, value: pkcs11js.CKK_AES },
];
/** A block that is no M(J): its domain byte is neither a resident's nor the fingerprint's. */
const THROW_AWAY_BLOCK = Buffer.from('RK1:\u0002throw-away.', 'latin1');

/** Mechanisms that a linkage code must not be good for. */
const ANY_MECHANISM = Buffer.from(BigUint64Array.of(BigInt(ECB.mechanism), BigInt(CMAC.mechanism)).buffer);

type Attempt = readonly [attack: string, action: () => void];
/** Attributes by number that are asked for otherwise than the library does. */
type Change = Readonly<Record<number, boolean | number | Buffer>>;

/**
 * Tries to get at a linkage code, on a key as it stands on the token and on throw-away linkage codes: random values
 * wrapped under it. Nothing that succeeds changes the key: attributes are set to what they are, copies are session
 * objects. Everything is done in a read-write session of its own, which takes all throw-away objects with it.
 */
export function attackKey(session: Session, key: FoundKey): AttackResult[] {
  const { module } = session;
  const flags = pkcs11js.CKF_SERIAL_SESSION | pkcs11js.CKF_RW_SESSION;
  const handle = module.C_OpenSession(session.slot, flags);
  try {
    const range = new ShootingRange({ module, slot: session.slot, handle }, key);
    return [...range.attemptsOnKey(), ...range.attemptsOnLinkage()];
  } finally {
    module.C_CloseSession(handle);
  }
}

/** Attacks on a key itself that say more about its level than that it is not 3. */
export const CHANGE_THE_KEY = "change the key's attributes";
export const COPY_THE_KEY = 'copy the key for decrypting';
export const WRAP_THE_KEY = 'wrap the key';

class ShootingRange {
  readonly #session: Session;
  readonly #key: FoundKey;

  constructor(session: Session, key: FoundKey) {
    this.#session = session;
    this.#key = key;
  }

  attemptsOnKey(): AttackResult[] {
    const { module, handle } = this.#session;
    const key = this.#key.handle;
    const attempts: Attempt[] = [
      ['encrypt with the key', () => this.#operation((s) => module.C_EncryptInit(s, ECB, key))],
      ['decrypt with the key', () => this.#operation((s) => module.C_DecryptInit(s, ECB, key))],
      ['sign with the key', () => this.#operation((s) => module.C_SignInit(s, CMAC, key))],
      [
        CHANGE_THE_KEY,
        // To what it is: should it succeed, nothing has changed.
        () =>
          module.C_SetAttributeValue(handle, key, [{ type: pkcs11js.CKA_DECRYPT, value: this.#decrypts }]),
      ],
      [
        COPY_THE_KEY,
        () =>
          this.#destroy(
            module.C_CopyObject(handle, key, [
              { type: pkcs11js.CKA_TOKEN, value: false },
              { type: pkcs11js.CKA_DECRYPT, value: true },
            ]),
          ),
      ],
      [WRAP_THE_KEY, () => void module.C_WrapKey(handle, KEY_WRAP, this.#ownKey(), key, Buffer.alloc(64))],
      [
        'make a trusted key as the user',
        () => this.#destroy(this.#generate([{ type: attributeType('CKA_TRUSTED'), value: true }])),
      ],
    ];
    return attempts.map((tried) => this.#attempt(tried));
  }

  attemptsOnLinkage(): AttackResult[] {
    const { usages } = this.#key;
    if (usages.has('derive')) return this.#attemptsOnDerived();
    const linkage = this.#throwAwayLinkage();
    const code = this.#wrap(this.#key.handle, linkage);
    if (!usages.has('unwrap')) {
      return [this.#attempt(['unwrap with a record key', () => this.#destroy(this.#unwrap(code, {}))])];
    }
    return [...this.#attemptsOnUnwrapping(code), ...this.#attemptsOnUnwrapped(code)];
  }

  /** Asks for the linkage code as something else than a sealed object. */
  #attemptsOnUnwrapping(code: Buffer): AttackResult[] {
    const changes: readonly (readonly [attack: string, change: Change])[] = [
      ['unwrap as readable', { [pkcs11js.CKA_SENSITIVE]: false }],
      ['unwrap for wrapping under any key', { [attributeType('CKA_WRAP_WITH_TRUSTED')]: false }],
      ['unwrap as a token object', { [pkcs11js.CKA_TOKEN]: true }],
      ['unwrap as a public object', { [pkcs11js.CKA_PRIVATE]: false }],
      ['unwrap as modifiable', { [pkcs11js.CKA_MODIFIABLE]: true }],
      ['unwrap as copyable', { [attributeType('CKA_COPYABLE')]: true }],
      ['unwrap for deriving', { [pkcs11js.CKA_DERIVE]: true }],
      ['unwrap for encrypting', { [pkcs11js.CKA_ENCRYPT]: true }],
      ['unwrap for decrypting', { [pkcs11js.CKA_DECRYPT]: true }],
      ['unwrap for signing', { [pkcs11js.CKA_SIGN]: true }],
      ['unwrap for verifying', { [pkcs11js.CKA_VERIFY]: true }],
      ['unwrap for wrapping', { [pkcs11js.CKA_WRAP]: true }],
      ['unwrap for unwrapping', { [pkcs11js.CKA_UNWRAP]: true }],
      ['unwrap as a generic secret', { [pkcs11js.CKA_KEY_TYPE]: pkcs11js.CKK_GENERIC_SECRET }],
      ['unwrap for other mechanisms', { [attributeType('CKA_ALLOWED_MECHANISMS')]: ANY_MECHANISM }],
    ];
    const forged = Buffer.from(code);
    forged[1] = (forged[1] as number) ^ 1;
    return [
      ...changes.map(([attack, change]) =>
        this.#attempt([attack, () => this.#destroy(this.#unwrap(code, change))]),
      ),
      this.#attempt(['unwrap a forged code', () => this.#destroy(this.#unwrap(forged, {}))]),
    ];
  }

  /** Works on a linkage code that was unwrapped as it should be. */
  #attemptsOnUnwrapped(code: Buffer): AttackResult[] {
    const { module, handle } = this.#session;
    const linkage = this.#unwrap(code, {});
    const allow = (type: number) => () =>
      module.C_SetAttributeValue(handle, linkage, [{ type, value: true }]);
    const copy = (type: number) => () =>
      this.#destroy(module.C_CopyObject(handle, linkage, [{ type, value: true }]));
    const attempts: Attempt[] = [
      [
        'read the linkage code',
        () => void module.C_GetAttributeValue(handle, linkage, [{ type: pkcs11js.CKA_VALUE }]),
      ],
      ['wrap it under an untrusted key', () => void this.#wrap(this.#ownKey(), linkage)],
      ['allow it deriving', allow(pkcs11js.CKA_DERIVE)],
      ['allow it signing', allow(pkcs11js.CKA_SIGN)],
      ['copy it for encrypting', copy(pkcs11js.CKA_ENCRYPT)],
      ['copy it as a token object', copy(pkcs11js.CKA_TOKEN)],
      ['derive from it', () => this.#destroy(this.#derive(linkage, true))],
      ['sign with it', () => this.#operation((s) => module.C_SignInit(s, CMAC, linkage))],
      ['encrypt with it', () => this.#operation((s) => module.C_EncryptInit(s, ECB, linkage))],
    ];
    const digest = () =>
      this.#operation((s) => {
        module.C_DigestInit(s, { mechanism: pkcs11js.CKM_SHA256 });
        module.C_DigestKey(s, linkage);
      });
    const checkValue = () => {
      const [attribute] = module.C_GetAttributeValue(handle, linkage, [
        { type: attributeType('CKA_CHECK_VALUE') },
      ]);
      if (attribute === undefined || (attribute.value as Buffer).length === 0)
        throw new Error('CKR_ATTRIBUTE_TYPE_INVALID:18');
    };
    return [
      ...attempts.map((tried) => this.#attempt(tried)),
      report(this.#attempt(['digest it (a fingerprint, not the code)', digest])),
      report(this.#attempt(['read its check value (a fingerprint, not the code)', checkValue])),
    ];
  }

  /** PKCS#11 2.40 has no template for derived keys: what a link key makes is as readable as its caller asks for. */
  #attemptsOnDerived(): AttackResult[] {
    const { handle } = this.#key;
    return [report(this.#attempt(['derive as readable', () => this.#destroy(this.#derive(handle, false))]))];
  }

  get #decrypts(): boolean {
    return this.#key.usages.has('decrypt');
  }

  /** A random linkage code with the attributes a real one has. */
  #throwAwayLinkage(): Buffer {
    const attributes = this.#key.trusted ? ENFORCED_LINKAGE : SEALED_LINKAGE;
    const { module, handle } = this.#session;
    return module.C_GenerateKey(handle, { mechanism: pkcs11js.CKM_AES_KEY_GEN }, [
      { type: pkcs11js.CKA_VALUE_LEN, value: 16 },
      ...templateOf(attributes),
    ]);
  }

  #unwrap(code: Buffer, change: Change): Buffer {
    const { module, handle } = this.#session;
    const template = [...AES, ...templateOf(this.#key.trusted ? ENFORCED_LINKAGE : SEALED_LINKAGE)];
    const changed = template.map(
      ({ type, value }) => ({ type, value: change[type] ?? value }) as Template[number],
    );
    const added = Object.entries(change)
      .filter(([type]) => !template.some((attribute) => attribute.type === Number(type)))
      .map(([type, value]) => ({ type: Number(type), value }));
    // What is added stands before CKA_MODIFIABLE false, after which SoftHSM sets nothing.
    return module.C_UnwrapKey(handle, KEY_WRAP, this.#key.handle, code, [...added, ...changed]);
  }

  #wrap(key: Buffer, value: Buffer): Buffer {
    const { module, handle } = this.#session;
    return Buffer.from(module.C_WrapKey(handle, KEY_WRAP, key, value, Buffer.alloc(64)));
  }

  #derive(from: Buffer, sensitive: boolean): Buffer {
    const { module, handle } = this.#session;
    const iv = Buffer.alloc(16);
    return module.C_DeriveKey(
      handle,
      {
        mechanism: pkcs11js.CKM_AES_CBC_ENCRYPT_DATA,
        parameter: { type: pkcs11js.CK_PARAMS_AES_CBC, iv, data: THROW_AWAY_BLOCK } as pkcs11js.AesCBC,
      },
      from,
      [
        ...AES,
        { type: pkcs11js.CKA_VALUE_LEN, value: 16 },
        { type: pkcs11js.CKA_TOKEN, value: false },
        { type: pkcs11js.CKA_SENSITIVE, value: sensitive },
        { type: pkcs11js.CKA_EXTRACTABLE, value: true },
      ],
    );
  }

  /** A wrapping key that the attacker has made. */
  #ownKey(): Buffer {
    return this.#generate([{ type: pkcs11js.CKA_WRAP, value: true }]);
  }

  #generate(attributes: Template): Buffer {
    const { module, handle } = this.#session;
    return module.C_GenerateKey(handle, { mechanism: pkcs11js.CKM_AES_KEY_GEN }, [
      { type: pkcs11js.CKA_VALUE_LEN, value: 32 },
      { type: pkcs11js.CKA_TOKEN, value: false },
      ...attributes,
    ]);
  }

  /**
   * Makes one attempt. A module that does not know what is asked for refuses it too. An answer that may be about the
   * device counts only when what the key is for works just then, and the attempt is refused again.
   */
  #attempt(tried: Attempt): AttackResult {
    const [attack] = tried;
    let refusal = refusalOf(tried);
    if (refusal !== undefined && mayConcernDevice(refusal)) {
      calling(attack, () => this.#useAsMeant());
      refusal = refusalOf(tried);
    }
    if (refusal === undefined) return { attack, outcome: 'accepted', answer: 'CKR_OK' };
    return { attack, outcome: 'refused', answer: refusal.name };
  }

  /** Does what the key is for; throws the module's answer when that fails. */
  #useAsMeant(): void {
    const { handle, usages } = this.#key;
    if (usages.has('derive')) {
      this.#destroy(this.#derive(handle, true));
      return;
    }
    const linkage = this.#throwAwayLinkage();
    const code = this.#wrap(handle, linkage);
    this.#destroy(linkage);
    if (usages.has('unwrap')) this.#destroy(this.#unwrap(code, {}));
  }

  #destroy(object: Buffer): void {
    this.#session.module.C_DestroyObject(this.#session.handle, object);
  }

  /** Begins an operation in a session that ends with it: an operation that was accepted stays open. */
  #operation(begin: (session: Buffer) => void): void {
    const { module, slot } = this.#session;
    const session = module.C_OpenSession(slot, pkcs11js.CKF_SERIAL_SESSION | pkcs11js.CKF_RW_SESSION);
    try {
      begin(session);
    } finally {
      module.C_CloseSession(session);
    }
  }
}

/** The module's refusal of one attempt; `undefined` when it was accepted. A device that fails refuses nothing. */
function refusalOf([attack, action]: Attempt): Ckr | undefined {
  try {
    action();
    return undefined;
  } catch (error) {
    const ckr = ckrOf(error);
    if (ckr === undefined || !mayConcernItem(ckr)) throw moduleError(attack, error);
    return ckr;
  }
}

function report(result: AttackResult): AttackResult {
  return result.outcome === 'accepted' ? { ...result, outcome: 'reported' } : result;
}
