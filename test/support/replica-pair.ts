import { afterEach, beforeEach, vi } from 'vitest';
import { institutionAudience, linkKey, storeAudience } from '../../src/codes/key-names.js';
import type { PackedCodes } from '../../src/vault/port.js';
import type { ReplicaEvent } from '../../src/vault/replicas/health.js';
import type { ReplicatedVaultOptions } from '../../src/vault/replicas/options.js';
import { openReplicatedVault, type ReplicatedVault } from '../../src/vault/replicas/replicated-vault.js';
import { openSoftwareVault } from '../../src/vault/software/software-vault.js';
import { FaultyVault } from './faulty-vault.js';
import { syntheticResidents } from './residents.js';
import { seededBytes } from './seeded-bytes.js';

export const STORE = storeAudience(1);
export const TOKYO = institutionAudience('TOKYO', 1);
/** Keys that all replicas share. */
export const REPLICA_KEYS: Readonly<Record<string, Uint8Array>> = Object.fromEntries(
  [linkKey(1), linkKey(2), STORE, TOKYO].map((name) => [name, seededBytes(name, 32)]),
);
/** A fingerprint that none of them has. */
export const OTHER_FINGERPRINT = '0123456789abcdef';

/** Rows for one call, which wipes them. */
export const residents = () => syntheticResidents(1, 0, 3);

/** A software vault as a replica. */
export async function replica(keys = REPLICA_KEYS): Promise<FaultyVault> {
  return new FaultyVault(await openSoftwareVault({ keys }));
}

/** What {@link residents} give at the store and in Tokyo, from a vault of its own. */
export async function expectedCodes(): Promise<PackedCodes> {
  const oracle = await openSoftwareVault({ keys: REPLICA_KEYS });
  return oracle.derive(residents(), [STORE, TOKYO]);
}

/** Two replicas of the same keys behind one vault, and what its observer was told. */
export interface ReplicaPair {
  readonly first: FaultyVault;
  readonly second: FaultyVault;
  readonly events: ReplicaEvent[];
  readonly vault: ReplicatedVault;
}

export async function replicaPair(options: Partial<ReplicatedVaultOptions> = {}): Promise<ReplicaPair> {
  const first = await replica();
  const second = await replica();
  const events: ReplicaEvent[] = [];
  const vault = await openReplicatedVault({
    replicas: [
      { id: 'first', vault: first },
      { id: 'second', vault: second },
    ],
    observe: (event) => events.push(event),
    ...options,
  });
  return { first, second, events, vault };
}

/** Stops the clock that pauses are measured by, for the tests of a file; they move it themselves. */
export function useStoppedClock(): { advance(ms: number): void } {
  let now = 0;
  beforeEach(() => {
    now = 1_000;
    vi.spyOn(performance, 'now').mockImplementation(() => now);
  });
  afterEach(() => {
    vi.restoreAllMocks();
  });
  return {
    advance(ms) {
      now += ms;
    },
  };
}
