import type { KeyName } from '../../codes/key-names.js';
import {
  booleanRule,
  checkOptions,
  functionRule,
  integerRule,
  required,
  textRule,
} from '../../errors/options.js';
import { RenkeiError } from '../../errors/renkei-error.js';
import { fingerprintsRule, readFingerprints } from '../expected-fingerprints.js';
import type { Vault } from '../port.js';
import type { ReplicaEvent } from './health.js';

/** One of several vaults with the same keys. */
export interface VaultReplica {
  /** What events and health call it; no two alike. */
  readonly id: string;
  /** The vault. */
  readonly vault: Vault;
}

/** Options of {@link openReplicatedVault}. */
export interface ReplicatedVaultOptions {
  /** Vaults with the same keys, the preferred one first. */
  readonly replicas: readonly VaultReplica[];
  /**
   * Fingerprints known beforehand, by key name. Without one, a key's fingerprint is learnt from the first replica that
   * answers, and a replica with the right key would be refused if that one had the wrong key.
   */
  readonly expectedFingerprints?: Readonly<Record<string, string>>;
  /** Whether closing this vault closes the replicas too. Default false: whoever opened them closes them. */
  readonly owned?: boolean;
  /** How long a replica is left alone after a failure, in milliseconds; doubles with every further one. Default 500. */
  readonly pauseMs?: number;
  /** The longest such pause, in milliseconds. Default 60,000. */
  readonly longestPauseMs?: number;
  /** Told when a replica fails, returns or is refused. What it throws is ignored. */
  readonly observe?: (event: ReplicaEvent) => void;
}

/** The options with their defaults. */
export interface CheckedOptions {
  readonly replicas: readonly VaultReplica[];
  readonly fingerprints: Map<KeyName, string>;
  readonly owned: boolean;
  readonly pauseMs: number;
  readonly longestPauseMs: number;
  readonly observe: ((event: ReplicaEvent) => void) | undefined;
}

const ONE_DAY_MS = 86_400_000;

/** Checks the options of `openReplicatedVault`. */
export function checkReplicatedVaultOptions(options: ReplicatedVaultOptions): CheckedOptions {
  checkOptions('openReplicatedVault', options, {
    replicas: required({
      expects: 'a non-empty array of { id, vault }',
      check: (value) => Array.isArray(value) && value.length > 0,
    }),
    expectedFingerprints: fingerprintsRule,
    owned: booleanRule,
    pauseMs: integerRule(1, ONE_DAY_MS),
    longestPauseMs: integerRule(1, ONE_DAY_MS),
    observe: functionRule,
  });
  const ids = new Set<string>();
  for (const replica of options.replicas) {
    checkOptions('openReplicatedVault.replicas', replica, {
      id: required(textRule),
      vault: required({
        expects: 'a vault',
        check: (value) => typeof value === 'object' && value !== null && 'derive' in value,
      }),
    });
    if (ids.has(replica.id)) {
      throw new RenkeiError('OPTION_INVALID', 'openReplicatedVault: two replicas have the same id');
    }
    ids.add(replica.id);
  }
  const { owned = false, pauseMs = 500, longestPauseMs = 60_000, observe } = options;
  const fingerprints = readFingerprints(options.expectedFingerprints);
  return { replicas: options.replicas, fingerprints, owned, pauseMs, longestPauseMs, observe };
}
