import { parseKeyName } from '../../codes/key-names.js';
import { checkOptions, functionRule, required } from '../../errors/options.js';
import { RenkeiError } from '../../errors/renkei-error.js';
import { logged, type OperationLog, operationLogRule } from '../../lifecycle/operation-log.js';
import type { KeyLevel } from './key-profile.js';
import { type CheckedKey, isOfficers, makeKeys, type ProvisionedKey } from './make-keys.js';
import { checkToken, type PinCallback, TOKEN_RULES, type TokenOptions } from './options.js';
import { withTokenSession } from './token-session.js';

/** A key to be made. */
export interface KeyToProvision {
  /** Its name, which becomes its label: `link/1`, `store/1`, `institution/<code>/1`, `record/2026`, `audit/1`. */
  readonly name: string;
  /** Level it is made for. An audit key is the same at every level. */
  readonly level: KeyLevel;
  /**
   * A known AES-256 key of 32 bytes, copied: for tests and for restoring a key kept elsewhere. Without it the token
   * generates the key, which is what an operator wants: an imported key has been seen by the host.
   */
  readonly value?: Uint8Array;
}

/** Options of {@link provisionKeys}. */
export interface ProvisionKeysOptions extends TokenOptions {
  /** What to make, in this order. */
  readonly keys: readonly KeyToProvision[];
  /** Gives the security officer's PIN: needed for audience keys of level 3, which only an officer can make. */
  readonly soPin?: PinCallback;
  /** Where it is written down, before and after. What cannot be written down before does not happen. Default: nowhere. */
  readonly log?: OperationLog;
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
    log: operationLogRule,
    keys: required({ expects: 'an array of { name, level, value? }', check: Array.isArray }),
  });
  checkToken('provisionKeys', options.token);
  const keys = options.keys.map(checkKey);
  if (options.soPin === undefined && keys.some(isOfficers)) {
    throw new RenkeiError('OPTION_INVALID', 'provisionKeys: keys of level 3 need the option "soPin"');
  }
  return logged({
    log: options.log,
    event: 'keys.provision',
    details: { keys: keys.map(({ name }) => name) },
    run: () => withTokenSession(options, 'write', (worker) => makeKeys(worker, keys, options)),
    outcome: () => ({}),
  });
}

function checkKey(key: KeyToProvision): CheckedKey {
  checkOptions('provisionKeys.keys', key, {
    name: required({ expects: 'a key name', check: (value) => typeof value === 'string' }),
    level: required({ expects: '1, 2 or 3', check: (value) => value === 1 || value === 2 || value === 3 }),
    value: { expects: 'a Uint8Array', check: (value) => value instanceof Uint8Array },
  });
  const { name, kind } = parseKeyName(key.name);
  if (key.value !== undefined && kind === 'audit') {
    throw new RenkeiError(
      'OPTION_INVALID',
      `key ${name} is a pair that the token generates: it takes no value`,
    );
  }
  if (key.value !== undefined && key.value.length !== KEY_BYTES) {
    throw new RenkeiError('KEY_LENGTH', `key ${name} must have ${KEY_BYTES} bytes`);
  }
  return { name, level: key.level, value: key.value };
}
