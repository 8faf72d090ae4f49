import { randomBytes } from 'node:crypto';
import { throwIfAborted } from '../errors/abort.js';
import { pauseFor } from '../lifecycle/pause.js';
import { type RotationContext, readRotation, requireKeys, requireStatus } from './context.js';
import { incomplete } from './faults.js';
import type { WorkOptions } from './options.js';
import { makeFolder } from './part-file.js';
import { type PartsState, readParts } from './part-report.js';
import { performPart } from './perform-part.js';
import type { WorkResult } from './progress.js';
import { pageRowsFor } from './scan.js';
import type { PlannedRotation } from './stored-plan.js';
import { workPart } from './work-parts.js';

const DEFAULT_LEASE_MS = 60_000;
/** How long a worker waits for others before it looks again. */
const WAIT_MS = 200;
/** How often a worker looks how the rotation stands. */
const LOOK_MS = 1_000;

/** One worker of a rotation: claims a part, does it, reports it, until none is left or the rotation is halted. */
export class Worker {
  readonly #context: RotationContext;
  readonly #options: WorkOptions;
  readonly #worker: string;
  readonly #begun = performance.now();
  #rotation: PlannedRotation;
  #state: PartsState;
  #lookedAt = performance.now();
  #claimedAt = 0;
  #nextPageAt = performance.now();
  /** Rows of this worker, and those of its part in hand. */
  #rows = 0;
  #partRows = 0;
  /** What it has done since it last looked. */
  #doneSinceLook = { parts: 0, rows: 0 };
  #ownParts = 0;

  private constructor(
    context: RotationContext,
    rotation: PlannedRotation,
    state: PartsState,
    options: WorkOptions,
  ) {
    this.#context = context;
    this.#rotation = rotation;
    this.#state = state;
    this.#options = options;
    this.#worker = options.worker ?? `w-${randomBytes(8).toString('hex')}`;
  }

  /** Works until nothing is left to do. */
  static async run(context: RotationContext, id: number, options: WorkOptions): Promise<WorkResult> {
    throwIfAborted(options.signal);
    const rotation = await readRotation(context, id, options.signal);
    requireStatus(rotation, 'work', 'running', 'paused', 'verified');
    await requireKeys(context, [...rotation.plan.from, ...rotation.plan.to]);
    await requireList(context, rotation);
    await makeFolder(options.folder);
    const worker = new Worker(context, rotation, await readParts(context.store, id), options);
    await worker.#work();
    return worker.#result();
  }

  async #work(): Promise<void> {
    const { signal } = this.#options;
    for (;;) {
      throwIfAborted(signal);
      const part = await this.#claim();
      if (part !== undefined && (await this.#mayBegin(part))) {
        await this.#perform(part);
        continue;
      }
      await this.#look();
      if (this.#rotation.record.status !== 'running' || this.#state.open.length === 0) return;
      // Others hold what is left: should they fall silent, it comes back.
      await pauseFor(WAIT_MS, signal);
    }
  }

  async #claim(): Promise<number | undefined> {
    const { store, now } = this.#context;
    const { id } = this.#rotation.record;
    this.#claimedAt = performance.now();
    return store.claimPart({ id, worker: this.#worker, now: now(), leaseMs: this.#leaseMs });
  }

  /** Deliveries are made of successors: all of them must be there. */
  async #mayBegin(part: number): Promise<boolean> {
    const { plan } = this.#rotation;
    if (plan.store.to === undefined || part < plan.successionParts) return true;
    const isMade = () => this.#state.open.every((open) => open >= plan.successionParts);
    if (!isMade()) await this.#look();
    return isMade();
  }

  async #perform(part: number): Promise<void> {
    const { folder, signal, rowsPerSecond } = this.#options;
    this.#partRows = 0;
    const rows = await performPart(this.#context, this.#rotation, workPart(this.#rotation.plan, part), {
      folder,
      worker: this.#worker,
      signal,
      pageRows: pageRowsFor(rowsPerSecond),
      onPage: (scanned) => this.#onPage(scanned, part),
    });
    this.#partRows = 0;
    if (rows === undefined) return;
    this.#ownParts++;
    const { parts, rows: before } = this.#doneSinceLook;
    this.#doneSinceLook = { parts: parts + 1, rows: before + rows };
  }

  async #onPage(rows: number, part: number): Promise<boolean> {
    this.#rows += rows;
    this.#partRows += rows;
    if (performance.now() - this.#lookedAt >= LOOK_MS) await this.#look();
    const { onProgress, signal } = this.#options;
    const { open, reports } = this.#state;
    const since = this.#doneSinceLook;
    onProgress?.({
      done: reports.size + since.parts,
      parts: reports.size + open.length,
      rows: this.#state.rows + since.rows + this.#partRows,
      rate: this.#rate(),
    });
    this.#pace(rows);
    for (;;) {
      if (this.#rotation.record.status !== 'running' || !(await this.#holds(part))) return false;
      const aheadMs = this.#nextPageAt - performance.now();
      if (aheadMs <= 0) return true;
      // In naps: a worker that keeps to a limit hears of a pause, and keeps its part.
      await pauseFor(Math.min(aheadMs, LOOK_MS), signal);
      if (aheadMs > LOOK_MS) await this.#look();
    }
  }

  /** Whether the part is this worker's still: it is claimed again before its lease is over. */
  async #holds(part: number): Promise<boolean> {
    if (performance.now() - this.#claimedAt < this.#leaseMs / 2) return true;
    const claimed = await this.#claim();
    return claimed === undefined || claimed <= part;
  }

  /**
   * Puts off the next page by what rows take at the limit. Time that went by idle is made up for by a moment at most.
   */
  #pace(rows: number): void {
    const { rowsPerSecond } = this.#options;
    if (rowsPerSecond === undefined) return;
    const from = Math.max(this.#nextPageAt, performance.now() - LOOK_MS);
    this.#nextPageAt = from + (rows / rowsPerSecond) * 1_000;
  }

  async #look(): Promise<void> {
    const { id } = this.#rotation.record;
    this.#rotation = await readRotation(this.#context, id);
    this.#state = await readParts(this.#context.store, id);
    this.#doneSinceLook = { parts: 0, rows: 0 };
    this.#lookedAt = performance.now();
  }

  #rate(): number {
    return Math.round(this.#rows / Math.max((performance.now() - this.#begun) / 1_000, 0.001));
  }

  get #leaseMs(): number {
    return this.#options.leaseMs ?? DEFAULT_LEASE_MS;
  }

  #result(): WorkResult {
    const { open, reports, rows } = this.#state;
    const { status } = this.#rotation.record;
    return { status, done: reports.size, parts: reports.size + open.length, rows, ownParts: this.#ownParts };
  }
}

/**
 * Makes sure that the list of residents is there, before a part is claimed that nobody could do.
 *
 * @throws RenkeiError `ROTATION_INCOMPLETE`
 */
async function requireList({ store }: RotationContext, { plan, record }: PlannedRotation): Promise<void> {
  if (plan.source !== 'list' || record.status !== 'running') return;
  await store.lendSuccessors();
  const without = await store.withoutSuccessor({ limit: 1 });
  if (without.length === 0) return;
  throw incomplete(record.id, 'not everybody has a successor yet: deliver the whole list of residents first');
}
