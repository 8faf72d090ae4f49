import { institutionAudience, type KeyName, linkKey, recordAudience, storeAudience } from 'renkei';
import type { KeySet } from './reference.js';
import { seededBytes } from './seeded-bytes.js';

/** Audiences of the test keys. */
export const STORE = storeAudience(1);
export const STORE_2 = storeAudience(2);
export const AAA = institutionAudience('AAA', 1);
export const AAA_2 = institutionAudience('AAA', 2);
export const BBB = institutionAudience('0220113112101700', 1);
export const RECORD = recordAudience('2026');
export const LINKS = [linkKey(1), linkKey(2), linkKey(3)];

/** Names of the test keys: three generations, and audiences of every kind. */
export const KEY_NAMES: readonly KeyName[] = [...LINKS, STORE, STORE_2, AAA, AAA_2, BBB, RECORD];

/** Keys of no secrecy whatever, the same in every run. */
export const TEST_KEYS: KeySet = Object.fromEntries(KEY_NAMES.map((name) => [name, seededBytes(name, 32)]));
