import { seededBytes } from './seeded-bytes.js';

/** An AES-256 key that is the same for the same seed, and another for any other. For tests only. */
export function testKey(seed: string): Uint8Array {
  return seededBytes(seed, 32);
}

/** Test keys by name, each from a seed of its own. */
export function testKeys(names: readonly string[], seed = ''): Record<string, Uint8Array> {
  return Object.fromEntries(names.map((name) => [name, testKey(`${name} ${seed}`)]));
}
