import { wipe } from '../../bytes/wipe.js';
import { type KeyName, parseKeyName } from '../../codes/key-names.js';
import { checkOptions, required } from '../../errors/options.js';
import { RenkeiError } from '../../errors/renkei-error.js';
import { checkToken, DEFAULT_CHUNK_BYTES, TOKEN_RULES, type TokenOptions } from './options.js';
import { SessionPool } from './session-pool.js';

/** Level of assurance a key is made for: 2 `hsm-sealed`, 1 `host-visible` (allows the bulk engine). */
export type KeyLevel = 1 | 2;

/** A key to be made. */
export interface KeyToProvision {
  /** Its name, which becomes its label: `link/1`, `store/1`, `institution/<code>/1`, `record/2026`. */
  readonly name: string;
  /** Level it is made for. */
  readonly level: KeyLevel;
  /**
   * A known AES-256 key of 32 bytes, copied: for tests and for restoring a key kept elsewhere. Without it the token
   * generates the key, which is what an operator wants: an imported key has been seen by the host.
   */
  readonly value?: Uint8Array;
}

/** A key that was made. */
export interface ProvisionedKey {
  /** The key's name. */
  readonly name: KeyName;
  /** Level it was made for. */
  readonly level: KeyLevel;
  /** Attributes of the profile that this module does not know; the key was made without them. */
  readonly omitted: readonly string[];
}

/** Options of {@link provisionKeys}. */
export interface ProvisionKeysOptions extends TokenOptions {
  /** What to make, in this order. */
  readonly keys: readonly KeyToProvision[];
}

const KEY_BYTES = 32;

/**
 * Makes keys on a token, every attribute explicit (docs/design.md lists them). Never overwrites: a name that is on
 * the token already is an error, and the keys before it in the list have been made.
 *
 * @throws RenkeiError `KEY_EXISTS`, `KEY_NAME_INVALID`, `KEY_LENGTH`, an option error or a module error
 */
export async function provisionKeys(options: ProvisionKeysOptions): Promise<ProvisionedKey[]> {
  checkOptions('provisionKeys', options, {
    ...TOKEN_RULES,
    keys: required({ expects: 'an array of { name, level, value? }', check: Array.isArray }),
  });
  checkToken('provisionKeys', options.token);
  const keys = options.keys.map(checkKey);
  const pool = await SessionPool.open(options, 1, {
    token: options.token,
    writable: true,
    engine: undefined,
    chunkBytes: DEFAULT_CHUNK_BYTES,
  });
  try {
    return await pool.use(async (worker) => {
      const made: ProvisionedKey[] = [];
      for (const { name, level, value } of keys) {
        const shared = value === undefined ? undefined : shareCopy(value);
        try {
          made.push({ name, level, ...(await worker.ask('provision', { name, level, value: shared })) });
        } finally {
          if (shared !== undefined) wipe(new Uint8Array(shared));
        }
      }
      return made;
    });
  } finally {
    await pool.close();
  }
}

function checkKey(key: KeyToProvision) {
  checkOptions('provisionKeys.keys', key, {
    name: required({ expects: 'a key name', check: (value) => typeof value === 'string' }),
    level: required({ expects: '1 or 2', check: (value) => value === 1 || value === 2 }),
    value: { expects: 'a Uint8Array', check: (value) => value instanceof Uint8Array },
  });
  const { name } = parseKeyName(key.name);
  if (key.value !== undefined && key.value.length !== KEY_BYTES) {
    throw new RenkeiError('KEY_LENGTH', `key ${name} must have ${KEY_BYTES} bytes`);
  }
  return { name, level: key.level, value: key.value };
}

function shareCopy(bytes: Uint8Array): SharedArrayBuffer {
  const shared = new SharedArrayBuffer(bytes.length);
  new Uint8Array(shared).set(bytes);
  return shared;
}
