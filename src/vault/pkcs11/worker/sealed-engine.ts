import pkcs11js, { type AesCBC, type Mechanism, type PKCS11, type Template } from 'pkcs11js';
import { allocateOffHeap } from '../../../bytes/allocate.js';
import { row } from '../../../bytes/packed.js';
import { wipe } from '../../../bytes/wipe.js';
import { CODE_LENGTH } from '../../../codes/per-institution-code.js';
import { type Refusal, RenkeiError } from '../../../errors/renkei-error.js';
import { fingerprintOf, zeroKey } from '../../../scheme/fingerprint.js';
import { BLOCK_LENGTH, linkFingerprintBlock, writeLinkageBlocks } from '../../../scheme/linkage-block.js';
import { ENFORCED_DERIVED_LINKAGE, ENFORCED_LINKAGE, SEALED_LINKAGE } from '../key-profile.js';
import type { Chunk, SessionEngine } from './engine.js';
import { calling, ckrOf, mayConcernItem, moduleError } from './faults.js';
import { type FoundKey, isLinkKey, requireUsage } from './key-ring.js';
import type { Session } from './session.js';
import { templateOf } from './template.js';

const KEY_WRAP: Mechanism = { mechanism: pkcs11js.CKM_AES_KEY_WRAP };

const AES_KEY: Template = [
  { type: pkcs11js.CKA_CLASS, value: pkcs11js.CKO_SECRET_KEY },
  { type: pkcs11js.CKA_KEY_TYPE, value: pkcs11js.CKK_AES },
];
const VALUE_LENGTH = { type: pkcs11js.CKA_VALUE_LEN, value: BLOCK_LENGTH };

/** How L is made by derivation and by unwrapping: under trusted keys (level 3), and under others. */
const ENFORCED = {
  unwrapped: [...AES_KEY, ...templateOf(ENFORCED_LINKAGE)],
  derived: [...AES_KEY, ...templateOf(ENFORCED_DERIVED_LINKAGE), VALUE_LENGTH],
};
const SEALED = {
  unwrapped: [...AES_KEY, ...templateOf(SEALED_LINKAGE)],
  derived: [...AES_KEY, ...templateOf(SEALED_LINKAGE), VALUE_LENGTH],
};

/** The key a link key is fingerprinted through: it wraps and does nothing else. */
const FINGERPRINT_KEY = withFlags(SEALED.derived, {
  [pkcs11js.CKA_WRAP]: true,
  [pkcs11js.CKA_EXTRACTABLE]: false,
});
/** L of a superseded generation, which the host has to carry to the next link key. */
const READABLE_LINKAGE = withFlags(SEALED.derived, { [pkcs11js.CKA_SENSITIVE]: false });

function withFlags(template: Template, flags: Readonly<Record<number, boolean>>): Template {
  return template.map(({ type, value }) => ({ type, value: flags[type] ?? value }) as Template[number]);
}

/**
 * The sealed engine: a linkage code is a sensitive session object of the HSM from derivation or unwrapping to its
 * destruction in a `finally`. The host never asks for its value. Only where a later generation is derived from a
 * resident record code, the *superseded* generations pass through the host, one at a time, and are wiped.
 */
export class SealedEngine implements SessionEngine {
  readonly usages = { link: 'derive', wrap: 'wrap', unwrap: 'unwrap' } as const;
  readonly #module: PKCS11;
  readonly #session: Buffer;
  /** One call's input and output, reused: everything on this thread is synchronous. */
  readonly #block = Buffer.from(allocateOffHeap(BLOCK_LENGTH).buffer);
  readonly #wrapped = Buffer.alloc(64);
  /** An object of sixteen zero bytes, made at its first use: what fingerprints are made from. */
  #zeroKey: Buffer | undefined;
  readonly #encryptData: Mechanism = {
    mechanism: pkcs11js.CKM_AES_CBC_ENCRYPT_DATA,
    // A zero IV makes CBC over the one block the bare cipher.
    parameter: {
      type: pkcs11js.CK_PARAMS_AES_CBC,
      iv: Buffer.alloc(BLOCK_LENGTH),
      data: this.#block,
    } as AesCBC,
  };

  constructor({ module, handle }: Session) {
    this.#module = module;
    this.#session = handle;
  }

  compute(chunk: Chunk): Refusal[] {
    return chunk.from === undefined ? this.#derive(chunk) : this.#translate(chunk, chunk.from);
  }

  readonly fingerprint = (key: Pick<FoundKey, 'name' | 'handle' | 'usages'>) => {
    if (!isLinkKey(key.name)) {
      requireUsage(key, 'wrap');
      const wrappedZeroKey = this.#wrapZeroKey(key.handle);
      return { fingerprint: fingerprintOf(wrappedZeroKey), wrappedZeroKey };
    }
    requireUsage(key, 'derive');
    this.#block.set(linkFingerprintBlock());
    const derived = this.#deriveKey(key, FINGERPRINT_KEY);
    try {
      const wrappedZeroKey = this.#wrapZeroKey(derived);
      return { fingerprint: fingerprintOf(wrappedZeroKey), wrappedZeroKey };
    } finally {
      this.#destroy(derived);
    }
  };

  #derive({ rows, firstIndex, input, links, to, outputs, checkAbort }: Chunk): Refusal[] {
    const { derived } = to.every(({ trusted }) => trusted) ? ENFORCED : SEALED;
    const blocks = new Uint8Array(rows * BLOCK_LENGTH);
    try {
      const refusals = writeLinkageBlocks(input, blocks, firstIndex);
      const refused = new Set(refusals.map(({ index }) => index - firstIndex));
      for (let i = 0; i < rows; i++) {
        checkAbort();
        if (refused.has(i)) {
          for (const out of outputs) row(out, CODE_LENGTH, i).fill(0);
          continue;
        }
        this.#block.set(row(blocks, BLOCK_LENGTH, i));
        this.#wrapAndDestroy(this.#linkageCode(links, derived), to, outputs, i);
      }
      return refusals;
    } finally {
      wipe(blocks, this.#block);
    }
  }

  #translate({ rows, firstIndex, input, to, outputs, checkAbort }: Chunk, from: FoundKey): Refusal[] {
    const refusals: Refusal[] = [];
    // Apart from the shared memory: the module must not see bytes that another thread could change.
    const code = Buffer.alloc(CODE_LENGTH);
    for (let i = 0; i < rows; i++) {
      checkAbort();
      code.set(row(input, CODE_LENGTH, i));
      const linkage = this.#unwrap(from, code);
      if (linkage === undefined) {
        refusals.push({ index: firstIndex + i, code: 'CODE_FORGED' });
        for (const out of outputs) row(out, CODE_LENGTH, i).fill(0);
      } else {
        this.#wrapAndDestroy(linkage, to, outputs, i);
      }
    }
    return refusals;
  }

  /** L[g] as an object of the HSM, from M(J) in the block. */
  #linkageCode(links: readonly FoundKey[], template: Template): Buffer {
    for (const link of links.slice(0, -1)) {
      const readable = this.#deriveKey(link, READABLE_LINKAGE);
      try {
        const [attribute] = calling('C_GetAttributeValue', () =>
          this.#module.C_GetAttributeValue(this.#session, readable, [{ type: pkcs11js.CKA_VALUE }]),
        );
        const value = attribute?.value as Buffer;
        this.#block.set(value);
        wipe(value);
      } finally {
        this.#destroy(readable);
      }
    }
    return this.#deriveKey(links.at(-1) as FoundKey, template);
  }

  #deriveKey(link: Pick<FoundKey, 'handle'>, template: Template): Buffer {
    try {
      return this.#module.C_DeriveKey(this.#session, this.#encryptData, link.handle, template);
    } catch (error) {
      throw moduleError('C_DeriveKey', error);
    }
  }

  /**
   * L inside a code as an object of the HSM, or `undefined` for a forged code. Modules name a failed integrity check
   * differently (SoftHSM: CKR_GENERAL_ERROR), so a code counts as forged only when it is refused, a code known to be
   * good is accepted, and it is refused again. Everything else is a fault of the module.
   */
  #unwrap(from: FoundKey, code: Buffer): Buffer | undefined {
    const { unwrapped } = from.trusted ? ENFORCED : SEALED;
    try {
      return this.#module.C_UnwrapKey(this.#session, KEY_WRAP, from.handle, code, unwrapped);
    } catch (error) {
      const ckr = ckrOf(error);
      if (ckr === undefined || !mayConcernItem(ckr)) throw moduleError('C_UnwrapKey', error);
    }
    const good = Buffer.from(from.wrappedZeroKey);
    this.#destroy(
      calling('C_UnwrapKey', () =>
        this.#module.C_UnwrapKey(this.#session, KEY_WRAP, from.handle, good, unwrapped),
      ),
    );
    try {
      return this.#module.C_UnwrapKey(this.#session, KEY_WRAP, from.handle, code, unwrapped);
    } catch (error) {
      const ckr = ckrOf(error);
      if (ckr === undefined || !mayConcernItem(ckr)) throw moduleError('C_UnwrapKey', error);
      return undefined;
    }
  }

  #wrapAndDestroy(
    linkage: Buffer,
    to: readonly FoundKey[],
    outputs: readonly Uint8Array[],
    index: number,
  ): void {
    try {
      for (let k = 0; k < to.length; k++) {
        const wrapped = this.#wrap((to[k] as FoundKey).handle, linkage);
        (outputs[k] as Uint8Array).set(wrapped, index * CODE_LENGTH);
      }
    } finally {
      this.#destroy(linkage);
    }
  }

  #wrap(key: Buffer, value: Buffer): Buffer {
    let wrapped: Buffer;
    try {
      wrapped = this.#module.C_WrapKey(this.#session, KEY_WRAP, key, value, this.#wrapped);
    } catch (error) {
      throw moduleError('C_WrapKey', error);
    }
    if (wrapped.length !== CODE_LENGTH) {
      throw new RenkeiError(
        'MODULE_REFUSED',
        `C_WrapKey gave ${wrapped.length} bytes instead of ${CODE_LENGTH}`,
      );
    }
    return wrapped;
  }

  #wrapZeroKey(key: Buffer): Uint8Array {
    this.#zeroKey ??= calling('C_CreateObject', () =>
      this.#module.C_CreateObject(this.#session, [
        ...SEALED.unwrapped,
        { type: pkcs11js.CKA_VALUE, value: Buffer.from(zeroKey()) },
      ]),
    );
    return Uint8Array.from(this.#wrap(key, this.#zeroKey));
  }

  #destroy(object: Buffer): void {
    try {
      this.#module.C_DestroyObject(this.#session, object);
    } catch (error) {
      throw moduleError('C_DestroyObject', error);
    }
  }
}
