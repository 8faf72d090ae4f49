import type { StorePlace } from '../crash/places.js';
import type { RoundKind } from './population.js';

/** What a worker process says it is at, in this order. */
export const WORKER_STEPS = ['open', 'receive', 'work', 'verify', 'switch', 'retire'] as const;
export type WorkerStep = (typeof WORKER_STEPS)[number];

/** What a worker process is told, as JSON. */
export interface WorkerPlan {
  /** Like no other worker's. */
  readonly worker: string;
  readonly store: StorePlace;
  /** Folder that the workers share. */
  readonly folder: string;
  readonly rotation: number;
  readonly kind: RoundKind;
  /** People in the store. */
  readonly people: number;
  /** Verifies, switches and retires as well. */
  readonly leads: boolean;
  readonly graceMs: number;
}

/** What a worker says. */
export type WorkerLine =
  | { readonly event: 'claim'; readonly part: number }
  | { readonly event: 'step'; readonly step: WorkerStep }
  /** It waits and tries anew, since others may have been at it. */
  | { readonly event: 'again'; readonly error: string }
  | { readonly event: 'done' }
  | { readonly event: 'failed'; readonly error: string };
