import { wipe } from '../../bytes/wipe.js';
import { type KeyName, parseKeyName } from '../../codes/key-names.js';
import { checkOptions, functionRule, required } from '../../errors/options.js';
import { RenkeiError } from '../../errors/renkei-error.js';
import { CallLimits } from '../call-limits.js';
import { type KeyLevel, keyProfile } from './key-profile.js';
import {
  checkToken,
  DEFAULT_BREAKER_PAUSE_MS,
  DEFAULT_CHUNK_BYTES,
  DEFAULT_MODULE_TIMEOUT_MS,
  type PinCallback,
  TOKEN_RULES,
  type TokenOptions,
} from './options.js';
import { logIn, SessionPool } from './session-pool.js';
import type { SessionWorker } from './session-worker.js';

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
  /** Gives the security officer's PIN: needed for audience keys of level 3, which only an officer can make. */
  readonly soPin?: PinCallback;
}

const KEY_BYTES = 32;

/**
 * Makes keys on a token, every attribute explicit (docs/design.md lists them). Never overwrites: when one of the names
 * is on the token already, nothing is made. Keys of level 3 are made by the security officer, for which nobody else in
 * this process may be logged in.
 *
 * @throws RenkeiError `KEY_EXISTS`, `KEY_NAME_INVALID`, `KEY_LENGTH`, an option error or a module error
 */
export async function provisionKeys(options: ProvisionKeysOptions): Promise<ProvisionedKey[]> {
  checkOptions('provisionKeys', options, {
    ...TOKEN_RULES,
    soPin: functionRule,
    keys: required({ expects: 'an array of { name, level, value? }', check: Array.isArray }),
  });
  checkToken('provisionKeys', options.token);
  const keys = options.keys.map(checkKey);
  const officers = keys.filter(({ name, level }) => keyProfile(name, level).madeBy === 'security-officer');
  if (officers.length > 0 && options.soPin === undefined) {
    throw new RenkeiError('OPTION_INVALID', 'provisionKeys: keys of level 3 need the option "soPin"');
  }
  const request = {
    token: options.token,
    writable: true,
    engine: undefined,
    chunkBytes: DEFAULT_CHUNK_BYTES,
  };
  const pool = await SessionPool.open(options, 1, request, {
    retries: 0,
    moduleTimeoutMs: DEFAULT_MODULE_TIMEOUT_MS,
    breakerPauseMs: DEFAULT_BREAKER_PAUSE_MS,
    observe: undefined,
  });
  const limits = new CallLimits({});
  const made = new Map<KeyName, ProvisionedKey>();
  try {
    await pool.run(async (worker) => {
      const { names } = await worker.ask('present', { names: keys.map(({ name }) => name) });
      const [first] = names;
      if (first !== undefined)
        throw new RenkeiError('KEY_EXISTS', `there is a key ${first} on the token already`);
      if (officers.length > 0) {
        await worker.ask('logout', null);
        await logIn(worker, 'security-officer', options.soPin);
        for (const key of officers) made.set(key.name, await make(worker, key));
        await worker.ask('logout', null);
        await logIn(worker, 'user', options.pin);
      }
      for (const key of keys) if (!officers.includes(key)) made.set(key.name, await make(worker, key));
    }, limits);
  } finally {
    await pool.close();
  }
  return keys.map(({ name }) => made.get(name) as ProvisionedKey);
}

type CheckedKey = ReturnType<typeof checkKey>;

async function make(worker: SessionWorker, { name, level, value }: CheckedKey): Promise<ProvisionedKey> {
  const shared = value === undefined ? undefined : shareCopy(value);
  try {
    return { name, level, ...(await worker.ask('provision', { name, level, value: shared })) };
  } finally {
    if (shared !== undefined) wipe(new Uint8Array(shared));
  }
}

function checkKey(key: KeyToProvision) {
  checkOptions('provisionKeys.keys', key, {
    name: required({ expects: 'a key name', check: (value) => typeof value === 'string' }),
    level: required({ expects: '1, 2 or 3', check: (value) => value === 1 || value === 2 || value === 3 }),
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
