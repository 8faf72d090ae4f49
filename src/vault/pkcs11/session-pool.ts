import { RenkeiError } from '../../errors/renkei-error.js';
import type { CallLimits } from '../call-limits.js';
import { notify, type VaultFault, type VaultObserver } from '../events.js';
import { CircuitBreaker } from './circuit-breaker.js';
import { FaultError, faultOf } from './fault.js';
import { logIn } from './log-in.js';
import { ModuleReference } from './module-registry.js';
import type { TokenOptions } from './options.js';
import { withinLimits } from './patience.js';
import type { OpenRequest } from './protocol.js';
import { SessionLane } from './session-lane.js';
import type { SessionWorker } from './session-worker.js';

/** How a pool meets faults. */
export interface RecoveryOptions {
  /** How often a chunk is tried again after a fault. */
  readonly retries: number;
  /** How long the module may take to answer. */
  readonly moduleTimeoutMs: number;
  /** First pause of the circuit breaker. */
  readonly breakerPauseMs: number;
  readonly observe: VaultObserver | undefined;
}

/** How a pool is doing. */
export interface PoolHealth {
  readonly breaker: CircuitBreaker['state'];
  /** Sessions, and those of them that are to be mended before their next use or wait for the module's answer. */
  readonly sessions: number;
  readonly broken: number;
  /** Every session waits for an answer that is overdue. */
  readonly isHanging: boolean;
  /** Recoveries since the opening. */
  readonly recoveries: number;
}

const BREAKER_FAILURES = 8;
const LONGEST_PAUSE_MS = 30_000;
const FIRST_BACKOFF_MS = 20;
const LONGEST_BACKOFF_MS = 2_000;

/** A try that waits for a lane. */
interface Waiter {
  readonly lend: (lane: SessionLane) => void;
  readonly refuse: (error: RenkeiError) => void;
}

/** Logged-in sessions on one token, each in a worker thread of its own, lent to one user at a time. */
export class SessionPool {
  readonly #module: ModuleReference;
  readonly #lanes: readonly SessionLane[];
  readonly #idle: SessionLane[];
  readonly #waiting: Waiter[] = [];
  /** Lanes whose answer is overdue. */
  readonly #stuck = new Set<SessionLane>();
  readonly #token: TokenOptions;
  readonly #recovery: RecoveryOptions;
  readonly #breaker: CircuitBreaker;
  #login: Promise<void> = Promise.resolve();
  #refusedPin: RenkeiError | undefined;
  #recoveries = 0;

  private constructor(
    module: ModuleReference,
    lanes: readonly SessionLane[],
    token: TokenOptions,
    recovery: RecoveryOptions,
  ) {
    this.#module = module;
    this.#lanes = lanes;
    this.#idle = [...lanes];
    this.#token = token;
    this.#recovery = recovery;
    this.#breaker = new CircuitBreaker({
      failures: BREAKER_FAILURES,
      pauseMs: recovery.breakerPauseMs,
      longestPauseMs: LONGEST_PAUSE_MS,
      now: () => performance.now(),
      onChange: (state) => notify(recovery.observe, { type: 'breaker', state }),
    });
  }

  /**
   * Loads the module, finds the token, opens the sessions and logs in, once. Whatever fails, nothing stays open.
   *
   * @throws RenkeiError `MODULE_LOAD`, `TOKEN_NOT_FOUND`, `TOKEN_AMBIGUOUS`, `MECHANISM_MISSING`, `PIN_REFUSED`,
   *   `PIN_LOCKED` or a module error
   */
  static async open(
    token: TokenOptions,
    sessions: number,
    request: OpenRequest,
    recovery: RecoveryOptions,
  ): Promise<SessionPool> {
    const start = { module: token.module, libraryParameters: token.libraryParameters };
    const lanes = Array.from({ length: sessions }, () => new SessionLane(start, request));
    const [first] = lanes as [SessionLane];
    let module: ModuleReference;
    try {
      module = await ModuleReference.acquire(token.module, token.libraryParameters, () =>
        first.startThread(),
      );
    } catch (error) {
      await first.stop(false).catch(() => undefined);
      throw error;
    }
    const pool = new SessionPool(module, lanes, token, recovery);
    try {
      for (const lane of lanes) await pool.#mend(lane);
      return pool;
    } catch (error) {
      await pool.close();
      throw error;
    }
  }

  /** Number of sessions. */
  get size(): number {
    return this.#lanes.length;
  }

  /** How the pool is doing. */
  get health(): PoolHealth {
    return {
      breaker: this.#breaker.state,
      sessions: this.#lanes.length,
      broken: this.#lanes.filter((lane) => !lane.isReady(this.#module.epoch) || this.#stuck.has(lane)).length,
      isHanging: this.#isHanging,
      recoveries: this.#recoveries,
    };
  }

  /**
   * Runs an action on one session. After a fault the session is mended and the action is run again, so it must be
   * safe to repeat.
   *
   * @throws RenkeiError `HSM_UNAVAILABLE`, `DEADLINE_EXCEEDED`, `ABORTED`, `PIN_REFUSED` or the action's own
   */
  async run<T>(action: (worker: SessionWorker) => Promise<T>, limits: CallLimits): Promise<T> {
    for (let attempt = 0; ; attempt++) {
      this.#breaker.enter();
      try {
        const result = await this.#attempt(action, limits);
        this.#breaker.succeeded();
        return result;
      } catch (error) {
        const fault = faultOf(error);
        this.#judge(fault, error);
        if (!(error instanceof RenkeiError) || fault === undefined) throw error;
        notify(this.#recovery.observe, { type: 'fault', fault, error: error.code });
        // One recovery tells a wrong key from a stale handle.
        const retries = error.retryable ? this.#recovery.retries : 1;
        if (attempt >= retries || this.#breaker.state === 'open') throw error;
        await limits.pause(Math.min(FIRST_BACKOFF_MS * 2 ** attempt, LONGEST_BACKOFF_MS));
        notify(this.#recovery.observe, { type: 'retry', attempt: attempt + 1 });
      }
    }
  }

  /** Closes all sessions and counts this user of the module out. No call may be under way. */
  close(): Promise<void> {
    return this.#module.release(async (finalize) => {
      // A lane that is not idle now is stuck inside the module, which then cannot be finalised.
      const idle = new Set(this.#idle);
      for (const lane of this.#lanes) if (!idle.has(lane)) lane.abandon();
      // Only a living thread can finalise: some may never have been started, others may have died.
      const last = [...idle].findLast((lane) => lane.isAlive);
      for (const lane of idle) {
        const isLast = finalize && idle.size === this.#lanes.length && lane === last;
        await lane.stop(isLast, this.#module.epoch).catch(ignoreLoss);
      }
    });
  }

  /** One try: a session that is not whole is mended first. */
  async #attempt<T>(action: (worker: SessionWorker) => Promise<T>, limits: CallLimits): Promise<T> {
    const lane = await this.#lend(limits);
    const running = (async () => {
      const isFresh = lane.fault === 'device';
      try {
        return await this.#whole(lane, action);
      } catch (cause) {
        const error = missingKey(cause, isFresh);
        const fault = faultOf(error);
        if (fault !== undefined) lane.breakDown(fault);
        throw error;
      } finally {
        // Not before the module has answered, however long the caller has been gone.
        this.#giveBack(lane);
      }
    })();
    return withinLimits(running, limits, this.#recovery.moduleTimeoutMs, () => this.#overdue(lane));
  }

  /** Runs an action on a lane that is whole when the action begins. */
  async #whole<T>(lane: SessionLane, action: (worker: SessionWorker) => Promise<T>): Promise<T> {
    for (;;) {
      if (!lane.isReady(this.#module.epoch)) await this.#mend(lane);
      // Whoever has waited to get inside may find that the module was initialised again, and the session gone.
      const done = await this.#module.inside(async () =>
        lane.isReady(this.#module.epoch) ? { result: await action(lane.worker) } : undefined,
      );
      if (done !== undefined) return done.result;
    }
  }

  get #isHanging(): boolean {
    return this.#stuck.size === this.#lanes.length;
  }

  /** Notes that a lane's answer is overdue. When all are, nobody waits for one of them. */
  #overdue(lane: SessionLane): void {
    this.#stuck.add(lane);
    this.#breaker.failed();
    if (this.#isHanging) for (const { refuse } of this.#waiting.splice(0)) refuse(hanging());
  }

  /** Makes a lane whole: thread, module, session, login. Everything it knew of keys is forgotten. */
  async #mend(lane: SessionLane): Promise<void> {
    // A session that was opened before the module was initialised again is gone.
    const fault = lane.fault ?? (lane.wasOpen ? 'session' : undefined);
    const started = performance.now();
    try {
      const { moduleTimeoutMs } = this.#recovery;
      if (!lane.isAlive) await this.#module.load(moduleTimeoutMs, () => lane.startThread());
      if (fault === 'device') {
        await this.#module.reinitialise(lane.epoch, moduleTimeoutMs, (finalize) =>
          lane.reinitialise(finalize),
        );
      }
      // The epoch as it is once inside: it may change while one waits for that.
      const { needsLogin } = await this.#module.inside(() => lane.openSession(this.#module.epoch));
      if (needsLogin) await this.#logIn(lane);
      lane.mended();
    } catch (error) {
      if (fault !== undefined && error instanceof RenkeiError) {
        notify(this.#recovery.observe, { type: 'recovery-failed', fault, error: error.code });
        // What cannot be mended by a new session needs the module to be initialised again.
        lane.breakDown(PIN_REFUSALS.has(error.code) ? 'login' : 'device');
      }
      throw fault === undefined ? error : asFault(error);
    }
    if (fault === undefined) return;
    this.#recoveries++;
    const durationMs = performance.now() - started;
    notify(this.#recovery.observe, { type: 'recovered', fault, durationMs });
  }

  /** Logs in, one lane after the other. A PIN that was refused once is never tried again by this pool. */
  #logIn(lane: SessionLane): Promise<void> {
    const login = this.#login.then(async () => {
      if (this.#refusedPin !== undefined) throw this.#refusedPin;
      try {
        await logIn(lane.worker, 'user', this.#token.pin, (call) => this.#module.inside(call));
      } catch (error) {
        if (error instanceof RenkeiError && PIN_REFUSALS.has(error.code)) this.#refusedPin = error;
        throw error;
      }
    });
    this.#login = login.catch(() => undefined);
    return login;
  }

  async #lend(limits: CallLimits): Promise<SessionLane> {
    limits.check();
    const idle = this.#idle.pop();
    if (idle !== undefined) return idle;
    if (this.#isHanging) throw hanging();
    return new Promise<SessionLane>((resolve, reject) => {
      const stay = () => limits.signal.removeEventListener('abort', leave);
      const waiter: Waiter = {
        lend: (lane) => {
          stay();
          resolve(lane);
        },
        refuse: (error) => {
          stay();
          reject(error);
        },
      };
      const leave = () => {
        this.#waiting.splice(this.#waiting.indexOf(waiter), 1);
        reject(limits.error);
      };
      limits.signal.addEventListener('abort', leave, { once: true });
      this.#waiting.push(waiter);
    });
  }

  #giveBack(lane: SessionLane): void {
    this.#stuck.delete(lane);
    const next = this.#waiting.shift();
    if (next === undefined) this.#idle.push(lane);
    else next.lend(lane);
  }

  /** What a failed try tells about the device. */
  #judge(fault: VaultFault | undefined, error: unknown): void {
    const code = error instanceof RenkeiError ? error.code : undefined;
    if (fault === 'device' || fault === 'worker' || code === 'HSM_UNAVAILABLE') this.#breaker.failed();
    else if (code === 'ABORTED' || code === 'DEADLINE_EXCEEDED') this.#breaker.abandoned();
    else this.#breaker.succeeded();
  }
}

/**
 * A key that was there before and is missing now: a fault of the token, such as one just being taken away. When it is
 * missing from a module that has just been initialised again, the key is gone, and only whoever asks for it suffers.
 */
function missingKey(error: unknown, isFresh: boolean): unknown {
  if (!(error instanceof FaultError) || error.code !== 'KEY_NOT_FOUND') return error;
  return isFresh ? new RenkeiError('KEY_NOT_FOUND', error.message) : new FaultError('device', error.message);
}

function hanging(): RenkeiError {
  return new RenkeiError(
    'HSM_UNAVAILABLE',
    'every session waits for an answer of the module that is overdue',
  );
}

/** What fails during a recovery is a fault of the token, whatever it would be at the opening. */
function asFault(error: unknown): unknown {
  if (!(error instanceof RenkeiError)) return error;
  if (faultOf(error) !== undefined || PIN_REFUSALS.has(error.code)) return error;
  return new FaultError('device', `recovering: ${error.message}`);
}

const PIN_REFUSALS: ReadonlySet<string> = new Set(['PIN_REFUSED', 'PIN_LOCKED']);

/** A dead thread has nothing to close; the module goes with the process. */
function ignoreLoss(error: unknown): void {
  if (faultOf(error) === undefined) throw error;
}
