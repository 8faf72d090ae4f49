import type { Issuer } from '../issuance/issuer.js';
import type { RecordStore } from '../stores/record-port.js';
import type { MediationObserver } from './events.js';
import type { ForwardClock } from './forward-clock.js';
import type { PermissionSource } from './permissions/decision.js';

/** What every call of a mediator works with. */
export interface MediatorParts {
  readonly issuer: Issuer;
  readonly records: RecordStore;
  readonly permissions: PermissionSource;
  readonly clock: ForwardClock;
  readonly validityDays: number;
  /** Affairs whose inquirers may ask who holds a code of a person. */
  readonly holderAffairs: ReadonlySet<string>;
  readonly observe: MediationObserver | undefined;
}
