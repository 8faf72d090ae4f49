import type { RotationStatus } from '../stores/rotation-port.js';

/** How far a rotation has come. */
export interface RotationProgress {
  /** Where it is. */
  readonly status: RotationStatus;
  /** Parts that are done. */
  readonly done: number;
  /** All parts; 0 once they are forgotten. */
  readonly parts: number;
  /** Rows in the parts that are done. */
  readonly rows: number;
}

/** What a worker leaves when it ends. */
export interface WorkResult extends RotationProgress {
  /** Parts this worker has done. */
  readonly ownParts: number;
}
