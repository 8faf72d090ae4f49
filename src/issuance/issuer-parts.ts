import type { OperationLog } from '../lifecycle/operation-log.js';
import type { IssuanceStore } from '../stores/port.js';
import type { Vault } from '../vault/port.js';
import type { KeyRegistry } from './key-registry.js';

/** What every call of an issuer works with. */
export interface IssuerParts {
  readonly vault: Vault;
  readonly store: IssuanceStore;
  readonly registry: KeyRegistry;
  readonly now: () => number;
  /** Where operations are written down; nowhere when undefined. */
  readonly log: OperationLog | undefined;
}
