import { type KeyName, parseKeyName } from '../codes/key-names.js';
import type { OptionRule } from '../errors/options.js';

/** The rule for the option `expectedFingerprints`. */
export const fingerprintsRule: OptionRule = {
  expects: 'an object of 16 hex digits by key name',
  check: (value) =>
    typeof value === 'object' &&
    value !== null &&
    Object.values(value).every((text) => typeof text === 'string' && /^[0-9a-f]{16}$/.test(text)),
};

/**
 * Fingerprints known beforehand, by key. A map of the vault's own, to which it adds those it learns.
 *
 * @throws RenkeiError `KEY_NAME_INVALID`
 */
export function readFingerprints(expected: Readonly<Record<string, string>> = {}): Map<KeyName, string> {
  return new Map(
    Object.entries(expected).map(([text, fingerprint]) => [parseKeyName(text).name, fingerprint]),
  );
}
