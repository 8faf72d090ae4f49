import { row } from '../../bytes/packed.js';
import { Redacted } from '../../bytes/redacted.js';
import { wipe } from '../../bytes/wipe.js';
import {
  type Audience,
  type AuditKeyName,
  type KeyName,
  linkKey,
  parseKeyName,
} from '../../codes/key-names.js';
import { CODE_LENGTH } from '../../codes/per-institution-code.js';
import { throwIfAborted } from '../../errors/abort.js';
import { checkOptions, objectRule, required } from '../../errors/options.js';
import { type Refusal, RenkeiError } from '../../errors/renkei-error.js';
import { Drain } from '../../lifecycle/drain.js';
import { BLOCK_LENGTH, writeLinkageBlocks } from '../../scheme/linkage-block.js';
import {
  checkAdvance,
  checkAuditKey,
  checkCallOptions,
  checkDerive,
  checkSign,
  checkTranslate,
  wipeResidents,
} from '../arguments.js';
import { CallLimits } from '../call-limits.js';
import type {
  Assurance,
  DeriveOptions,
  KeyDestroyer,
  PackedCodes,
  Vault,
  VaultCallOptions,
  VaultHealth,
} from '../port.js';
import { SoftwareKeys } from './software-keys.js';

/** Options of {@link openSoftwareVault}. */
export interface SoftwareVaultOptions {
  /**
   * Keys by name; copied. AES-256 keys (`link/1`, `store/1`, `institution/<code>/1`, `record/2026`) have 32 bytes. An
   * audit key (`audit/1`) is a private key on P-256: PKCS#8, DER.
   */
  readonly keys: Readonly<Record<string, Uint8Array>>;
}

/** Rows between two looks at the abort signal and two turns of the event loop. */
const ROWS_A_TURN = 256;

/**
 * A vault with its keys in process memory, on `@noble/ciphers`: for development, tests and as the oracle the HSM
 * engines are compared with. Level of assurance 0: whoever reads the process reads everything.
 *
 * @throws RenkeiError `OPTION_UNKNOWN`, `OPTION_INVALID`, `KEY_NAME_INVALID` or `KEY_LENGTH`
 */
export async function openSoftwareVault(options: SoftwareVaultOptions): Promise<Vault> {
  checkOptions('openSoftwareVault', options, {
    keys: required(objectRule('an object of keys by name')),
  });
  return new SoftwareVault(new SoftwareKeys(options.keys));
}

/** Gives the linkage code for a row, or `undefined` for a row that is refused. The caller wipes it. */
type LinkageSource = (index: number) => Uint8Array | undefined;

/**
 * What destroys keys of a software vault: it wipes them in this process and no copy that anybody else has. The vault
 * answers `KEY_NOT_FOUND` from then on.
 *
 * @throws RenkeiError `OPTION_INVALID` for another vault
 */
export function softwareKeyDestroyer(vault: Vault): KeyDestroyer {
  return SoftwareVault.destroyerOf(vault);
}

class SoftwareVault extends Redacted implements Vault {
  readonly #keys: SoftwareKeys;
  readonly #drain = new Drain('vault', 'VAULT_CLOSED');

  constructor(keys: SoftwareKeys) {
    super();
    this.#keys = keys;
  }

  static destroyerOf(vault: Vault): KeyDestroyer {
    if (typeof vault !== 'object' || vault === null || !(#keys in vault)) {
      throw new RenkeiError('OPTION_INVALID', 'softwareKeyDestroyer: this is no software vault');
    }
    const keys = vault.#keys;
    return {
      destroy: async (name, fingerprint) => {
        const key = parseKeyName(name).name;
        if (!keys.has(key)) return;
        if (keys.fingerprint(key) !== fingerprint) {
          throw new RenkeiError(
            'KEY_FINGERPRINT_MISMATCH',
            `key ${key} has another fingerprint than expected`,
          );
        }
        keys.destroy(key);
      },
    };
  }

  async derive(
    residents: Uint8Array,
    audiences: readonly Audience[],
    options: DeriveOptions = {},
  ): Promise<PackedCodes> {
    try {
      return await this.#drain.run(async () => {
        const { rows, generation } = checkDerive(residents, audiences, options);
        const blocks = new Uint8Array(rows * BLOCK_LENGTH);
        const refusals = writeLinkageBlocks(residents, blocks);
        const refused = new Set(refusals.map(({ index }) => index));
        try {
          const source: LinkageSource = (index) =>
            refused.has(index) ? undefined : this.#linkageCode(row(blocks, BLOCK_LENGTH, index), generation);
          return { codes: await this.#wrapAll(rows, source, audiences, options), refusals };
        } finally {
          wipe(blocks);
        }
      });
    } finally {
      wipeResidents(residents);
    }
  }

  translate(
    codes: Uint8Array,
    from: Audience,
    to: readonly Audience[],
    options: VaultCallOptions = {},
  ): Promise<PackedCodes> {
    return this.#drain.run(async () => {
      const rows = checkTranslate(codes, from, to, options);
      return this.#rewrap(rows, codes, from, to, options, (value) => value);
    });
  }

  advance(
    codes: Uint8Array,
    from: Audience,
    generation: number,
    to: readonly Audience[],
    options: VaultCallOptions = {},
  ): Promise<PackedCodes> {
    return this.#drain.run(async () => {
      const rows = checkAdvance(codes, from, generation, to, options);
      return this.#rewrap(rows, codes, from, to, options, (value) => {
        const next = this.#keys.link(linkKey(generation), value);
        wipe(value);
        return next;
      });
    });
  }

  fingerprint(key: KeyName, options: VaultCallOptions = {}): Promise<string> {
    return this.#drain.run(() => {
      checkCallOptions('fingerprint', options);
      throwIfAborted(options.signal);
      return this.#keys.fingerprint(key);
    });
  }

  sign(key: AuditKeyName, message: Uint8Array, options: VaultCallOptions = {}): Promise<Uint8Array> {
    return this.#drain.run(() => {
      const name = checkSign(key, message, options);
      throwIfAborted(options.signal);
      return this.#keys.sign(name, message);
    });
  }

  publicKey(key: AuditKeyName, options: VaultCallOptions = {}): Promise<Uint8Array> {
    return this.#drain.run(() => {
      const name = checkAuditKey('publicKey', key, options);
      throwIfAborted(options.signal);
      return this.#keys.publicKey(name);
    });
  }

  assurance(options: VaultCallOptions = {}): Promise<Assurance> {
    return this.#drain.run(() => {
      checkCallOptions('assurance', options);
      throwIfAborted(options.signal);
      return this.#assurance();
    });
  }

  #assurance(): Assurance {
    return {
      level: 0,
      name: 'software',
      basis: 'process-memory',
      reasons: ['keys and linkage codes are in the memory of this process'],
      keys: this.#keys.names().map((name) => ({ name, level: 0, reasons: [], attacks: [] })),
    };
  }

  health(): VaultHealth {
    const state = this.#drain.isClosed ? 'closed' : 'ready';
    return { state, sessions: 0, brokenSessions: 0, recoveries: 0, engines: ['software'] };
  }

  close(): Promise<void> {
    return this.#drain.close(() => this.#keys.wipe());
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #rewrap(
    rows: number,
    codes: Uint8Array,
    from: Audience,
    to: readonly Audience[],
    options: VaultCallOptions,
    step: (value: Uint8Array) => Uint8Array,
  ): Promise<PackedCodes> {
    const refusals: Refusal[] = [];
    const source: LinkageSource = (index) => {
      const value = this.#keys.unwrap(from, row(codes, CODE_LENGTH, index));
      if (value !== undefined) return step(value);
      refusals.push({ index, code: 'CODE_FORGED' });
      return undefined;
    };
    return { codes: await this.#wrapAll(rows, source, to, options), refusals };
  }

  /** L[generation] from M(J): one encryption under the key of each generation. */
  #linkageCode(block: Uint8Array, generation: number): Uint8Array {
    let value = block;
    for (let g = 1; g <= generation; g++) {
      const next = this.#keys.link(linkKey(g), value);
      if (value !== block) wipe(value);
      value = next;
    }
    return value;
  }

  async #wrapAll(
    rows: number,
    source: LinkageSource,
    audiences: readonly Audience[],
    options: VaultCallOptions,
  ): Promise<Uint8Array[]> {
    const limits = new CallLimits(options);
    try {
      return await this.#wrapWithin(limits, rows, source, audiences);
    } finally {
      limits.dispose();
    }
  }

  async #wrapWithin(
    limits: CallLimits,
    rows: number,
    source: LinkageSource,
    audiences: readonly Audience[],
  ): Promise<Uint8Array[]> {
    limits.check();
    const outputs = audiences.map(() => new Uint8Array(rows * CODE_LENGTH));
    for (let index = 0; index < rows; index++) {
      if (index > 0 && index % ROWS_A_TURN === 0) {
        await new Promise(setImmediate);
        limits.check();
      }
      const value = source(index);
      if (value === undefined) continue;
      try {
        audiences.forEach((audience, k) => {
          outputs[k]?.set(this.#keys.wrap(audience, value), index * CODE_LENGTH);
        });
      } finally {
        wipe(value);
      }
    }
    return outputs;
  }
}
