import { Redacted } from '../bytes/redacted.js';
import { RenkeiError } from '../errors/renkei-error.js';
import type { RotationKind, RotationStatus } from '../stores/rotation-port.js';
import type {
  DestroyOptions,
  ReceivedResidents,
  ReceiveResidentsOptions,
  ResidentBatches,
  RetireOptions,
  SwitchOptions,
  VerifyOptions,
  WorkOptions,
} from './options.js';

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

/** A signed receipt: canonical JSON with signature and key, as it is kept and handed on. */
export type SignedReceipt = string;

/** One rotation. */
export class Rotation extends Redacted {
  constructor(
    /** 1, 2, 3 … in the order in which they were begun. */
    readonly id: number,
    /** What is re-keyed. */
    readonly kind: RotationKind,
  ) {
    super();
  }
  async status(): Promise<RotationStatus> {
    throw unfinished();
  }
  async progress(): Promise<RotationProgress> {
    throw unfinished();
  }
  async receipts(): Promise<readonly SignedReceipt[]> {
    throw unfinished();
  }
  async work(_options: WorkOptions): Promise<WorkResult> {
    throw unfinished();
  }
  async receiveResidents(
    _batches: ResidentBatches,
    _options: ReceiveResidentsOptions = {},
  ): Promise<ReceivedResidents> {
    throw unfinished();
  }
  async pause(): Promise<void> {
    throw unfinished();
  }
  async resume(): Promise<void> {
    throw unfinished();
  }
  async abort(): Promise<void> {
    throw unfinished();
  }
  async verify(_options: VerifyOptions): Promise<SignedReceipt> {
    throw unfinished();
  }
  async switch(_options: SwitchOptions): Promise<SignedReceipt> {
    throw unfinished();
  }
  async retire(_options: RetireOptions = {}): Promise<SignedReceipt> {
    throw unfinished();
  }
  async destroy(_options: DestroyOptions): Promise<SignedReceipt> {
    throw unfinished();
  }
}

function unfinished(): RenkeiError {
  return new RenkeiError('ROTATION_UNSUPPORTED', 'not built yet');
}
