import type { RotationKind, RotationStatus } from '../stores/rotation-port.js';

/** What happened to a rotation. */
export interface RotationEvent {
  /**
   * `status`: it came to another status. `part`: a part was done. `supplement`: rows written meanwhile were taken in.
   */
  readonly event: 'status' | 'part' | 'supplement';
  /** The rotation. */
  readonly id: number;
  /** What is re-keyed. */
  readonly kind: RotationKind;
  /** Its status after that. */
  readonly status: RotationStatus;
  /** Rows that this concerned. */
  readonly rows?: number;
}
