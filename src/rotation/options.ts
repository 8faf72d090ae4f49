import type { AuditKeyName } from '../codes/key-names.js';
import {
  booleanRule,
  functionRule,
  integerRule,
  type OptionRule,
  objectRule,
  required,
  signalRule,
  textRule,
} from '../errors/options.js';
import type { ResidentBatches } from '../issuance/spill/receive-requests.js';
import { type OperationLog, operationLogRule } from '../lifecycle/operation-log.js';
import type { IssuanceStore } from '../stores/port.js';
import type { KeyDestroyer, Vault } from '../vault/port.js';
import type { RotationEvent } from './events.js';

export type { ResidentBatches };

/** Options of `openRotations`. */
export interface RotationsOptions {
  /** Where the keys are, old and new. Stays the caller's. */
  readonly vault: Vault;
  /** The issuance store. Stays the caller's. */
  readonly store: IssuanceStore;
  /** Signs deliveries and receipts; the vault must have it. */
  readonly auditKey: AuditKeyName | string;
  /**
   * Where the steps are written down, before they happen and after. What cannot be written down before does not happen.
   * Default: nowhere. Stays the caller's.
   */
  readonly log?: OperationLog;
  /** The clock, in milliseconds since 1970-01-01 UTC. Default `Date.now`. */
  readonly now?: () => number;
  /** Told of each step; never a code. What it throws is passed over. */
  readonly observe?: (event: RotationEvent) => void;
}

/** Options of `Rotations.plan`. */
export interface PlanOptions {
  /** People of another deployment to estimate for, such as a nation. With `institutions`. Default 125,000,000. */
  readonly people?: number;
  /** Institutions of that deployment, each holding a code of everybody. Default 10. */
  readonly institutions?: number;
  /** Measure the rates on the spot: about a second. Default true. */
  readonly measure?: boolean;
  /**
   * Folder for the file that the rate of writing is measured with; deleted again. Default: the system's temporary
   * one.
   */
  readonly folder?: string;
  /** Gives up. */
  readonly signal?: AbortSignal;
}

/** How far a worker, and the rotation with it, has come. */
export interface WorkProgress {
  /** Parts that are done, by all workers. */
  readonly done: number;
  /** All parts. */
  readonly parts: number;
  /** Rows in the parts that are done, and those of this worker's part that is not. */
  readonly rows: number;
  /** Rows a second of this worker. */
  readonly rate: number;
}

/** Options of `Rotation.work`. */
export interface WorkOptions {
  /** Folder that all workers of the rotation share. Made when it is not there. */
  readonly folder: string;
  /**
   * Names the worker: 1 to 64 of A–Z, a–z, 0–9 and hyphen, no two alike at one time. Whoever comes back under
   * its name has its part again at once, another worker when the lease is over. Default: drawn at random.
   */
  readonly worker?: string;
  /**
   * How long a part is this worker's after it was last heard of, in milliseconds: 1,000 to 3,600,000. Default 60,000.
   */
  readonly leaseMs?: number;
  /** Most rows a second, so that serving goes on: 1 to 100,000,000. Default: as fast as it goes. */
  readonly rowsPerSecond?: number;
  /** Told after each page of rows. */
  readonly onProgress?: (progress: WorkProgress) => void;
  /** Gives up between pages; parts that are done stay done. */
  readonly signal?: AbortSignal;
}

/** Options of `Rotation.receiveResidents`. */
export interface ReceiveResidentsOptions {
  /** Told after each batch. */
  readonly onProgress?: (received: ReceivedResidents) => void;
  /** Gives up between batches; what was received is kept. */
  readonly signal?: AbortSignal;
}

/** What became of a delivered list. */
export interface ReceivedResidents {
  /** Residents in the list. */
  readonly received: number;
  /** Those of them that are no resident record codes. */
  readonly refused: number;
  /** Those the store does not know: nothing is to be replaced. */
  readonly unknown: number;
}

/** Options of `Rotation.abort`. */
export interface AbortOptions {
  /** The workers' folder: what the rotation has put into it is deleted, deliveries too. Default: it is left. */
  readonly folder?: string;
}

/** Options of `Rotation.verify`. */
export interface VerifyOptions {
  /** The workers' folder; deliveries are put into it. */
  readonly folder: string;
  /** Computes the sample anew: a vault with the other engine. Default: the same vault. */
  readonly checkVault?: Vault;
  /** Pairs computed anew, of each delivery: 0 to 100,000. Default 1,000. */
  readonly sampleSize?: number;
  /** Gives up; nothing has changed then. */
  readonly signal?: AbortSignal;
}

/** Options of `Rotation.switch`. */
export interface SwitchOptions {
  /** The folder of `verify`. */
  readonly folder: string;
  /**
   * How long calls that have begun are given to end before the switch, in milliseconds: 0 to 10,000. Default 500. New
   * ones wait meanwhile.
   */
  readonly graceMs?: number;
  /** Gives up before the switch; nothing has changed then. */
  readonly signal?: AbortSignal;
}

/** What was erased of a period. */
export interface ErasedRecords {
  /** Records. */
  readonly rows: number;
}

/** Erases the records of a period (情報提供等記録): `recordEraser` makes one over a record file. */
export interface RecordEraser {
  /** Erases all records of a period for good; again erases none. */
  erase(period: string): Promise<ErasedRecords>;
}

/** Options of `Rotation.retire`. */
export interface RetireOptions {
  /** Of a record period: erases its records. */
  readonly eraser?: RecordEraser;
  /** Most rows of one transaction, 1 to 100,000. Default 10,000. */
  readonly batchRows?: number;
  /** Told how many rows were moved so far. */
  readonly onProgress?: (moved: number) => void;
  /** Gives up between batches; call again to go on. */
  readonly signal?: AbortSignal;
}

/** Options of `Rotation.destroy`. */
export interface DestroyOptions {
  /** Destroys keys for good. */
  readonly destroyer: KeyDestroyer;
  /** A second vault on the same keys, which must not have them any more either. Default: none is asked. */
  readonly checkVault?: Vault;
  /** Gives up between keys; call again to go on. */
  readonly signal?: AbortSignal;
}

type Rules = Readonly<Record<string, OptionRule>>;

export const ROTATIONS_RULES: Rules = {
  vault: required(objectRule('a vault')),
  store: required(objectRule('an issuance store')),
  auditKey: required(textRule),
  log: operationLogRule,
  now: functionRule,
  observe: functionRule,
};
export const PLAN_RULES: Rules = {
  people: integerRule(1, 10_000_000_000),
  institutions: integerRule(1, 100_000),
  measure: booleanRule,
  folder: textRule,
  signal: signalRule,
};
export const WORK_RULES: Rules = {
  folder: required(textRule),
  worker: {
    expects: '1 to 64 of A-Z, a-z, 0-9 and hyphen',
    check: (value) => typeof value === 'string' && /^[A-Za-z0-9-]{1,64}$/.test(value),
  },
  leaseMs: integerRule(1_000, 3_600_000),
  rowsPerSecond: integerRule(1, 100_000_000),
  onProgress: functionRule,
  signal: signalRule,
};
export const RECEIVE_RULES: Rules = { onProgress: functionRule, signal: signalRule };
export const ABORT_RULES: Rules = { folder: textRule };
export const VERIFY_RULES: Rules = {
  folder: required(textRule),
  checkVault: objectRule('a vault'),
  sampleSize: integerRule(0, 100_000),
  signal: signalRule,
};
export const SWITCH_RULES: Rules = {
  folder: required(textRule),
  graceMs: integerRule(0, 10_000),
  signal: signalRule,
};
export const RETIRE_RULES: Rules = {
  eraser: objectRule('an object with erase(period)'),
  batchRows: integerRule(1, 100_000),
  onProgress: functionRule,
  signal: signalRule,
};
export const DESTROY_RULES: Rules = {
  destroyer: required(objectRule('a key destroyer')),
  checkVault: objectRule('a vault'),
  signal: signalRule,
};
