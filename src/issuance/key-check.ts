import type { KeyName } from '../codes/key-names.js';
import { throwIfAborted } from '../errors/abort.js';
import { RenkeiError } from '../errors/renkei-error.js';
import type { KeyState, RecordedKey } from '../stores/port.js';
import type { Vault } from '../vault/port.js';

/** One key of the store held against the vault. */
export interface KeyCheck {
  /** The key's name. */
  readonly name: KeyName;
  /** Where it is in its life, by the store's record. */
  readonly state: KeyState;
  /**
   * `matches`; `gone`, as a destroyed key should be; or the code of what is wrong with it: of a destroyed key that the
   * vault still has, `KEY_STILL_PRESENT`.
   */
  readonly result: 'matches' | 'gone' | RenkeiError['code'];
}

/** Holds a key on record against the vault. Throws only what is not about the key. */
export async function checkKey(
  vault: Vault,
  { name, state, fingerprint }: RecordedKey,
  signal: AbortSignal | undefined,
): Promise<KeyCheck> {
  throwIfAborted(signal);
  try {
    const matches = (await vault.fingerprint(name)) === fingerprint;
    if (!matches) return { name, state, result: 'KEY_FINGERPRINT_MISMATCH' };
    return { name, state, result: state === 'destroyed' ? 'KEY_STILL_PRESENT' : 'matches' };
  } catch (error) {
    if (!(error instanceof RenkeiError)) throw error;
    const isGone = state === 'destroyed' && error.code === 'KEY_NOT_FOUND';
    return { name, state, result: isGone ? 'gone' : error.code };
  }
}
