import { wipe } from '../../bytes/wipe.js';
import type { RenkeiError } from '../../errors/renkei-error.js';
import { ModuleReference } from './module-registry.js';
import { type LoginRole, type PinCallback, readPin, type TokenOptions } from './options.js';
import type { OpenRequest } from './protocol.js';
import { SessionWorker } from './session-worker.js';

/** Logged-in sessions on one token, each in a worker thread of its own, lent to one user at a time. */
export class SessionPool {
  readonly #workers: readonly SessionWorker[];
  readonly #idle: SessionWorker[];
  readonly #waiting: ((worker: SessionWorker) => void)[] = [];
  readonly #module: ModuleReference;

  private constructor(module: ModuleReference, workers: readonly SessionWorker[]) {
    this.#module = module;
    this.#workers = workers;
    this.#idle = [...workers];
  }

  /**
   * Loads the module, finds the token, opens the sessions and logs in, once. Whatever fails, nothing stays open.
   *
   * @throws RenkeiError `MODULE_LOAD`, `TOKEN_NOT_FOUND`, `TOKEN_AMBIGUOUS`, `MECHANISM_MISSING`, `PIN_REFUSED`,
   *   `PIN_LOCKED` or a module error
   */
  static async open(
    options: TokenOptions,
    sessions: number,
    request: OpenRequest,
    login: 'at-once' | 'later' = 'at-once',
  ): Promise<SessionPool> {
    const workers = Array.from({ length: sessions }, () => new SessionWorker());
    const { module, libraryParameters } = options;
    let reference: ModuleReference;
    try {
      reference = await ModuleReference.acquire(module, libraryParameters, async () => {
        const answers = [];
        // One after the other: the first initialises the module, the others find it initialised.
        for (const worker of workers) answers.push(await worker.ask('start', { module, libraryParameters }));
        return { initialisedHere: answers.some(({ initialisedHere }) => initialisedHere) };
      });
    } catch (error) {
      await Promise.all(workers.map((worker) => worker.end()));
      throw error;
    }
    const pool = new SessionPool(reference, workers);
    try {
      for (const worker of workers) {
        const { needsLogin } = await worker.ask('open', request);
        if (needsLogin && login === 'at-once') await logIn(worker, 'user', options.pin);
      }
      return pool;
    } catch (error) {
      await pool.close();
      throw error;
    }
  }

  /** Number of sessions. */
  get size(): number {
    return this.#workers.length;
  }

  /** Lends a session for the length of one action. */
  async use<T>(action: (worker: SessionWorker) => Promise<T>): Promise<T> {
    const worker = this.#idle.pop() ?? (await new Promise<SessionWorker>((lend) => this.#waiting.push(lend)));
    try {
      return await action(worker);
    } finally {
      const next = this.#waiting.shift();
      if (next === undefined) this.#idle.push(worker);
      else next(worker);
    }
  }

  /** Closes all sessions and counts this user of the module out. Nothing may be under way. */
  close(): Promise<void> {
    return this.#module.release(async (finalize) => {
      const last = this.#workers.length - 1;
      for (const [k, worker] of this.#workers.entries()) {
        await worker.ask('stop', { finalize: finalize && k === last }).catch((error: RenkeiError) => {
          // A dead worker has nothing to close; the module goes with the process.
          if (error.code !== 'WORKER_LOST') throw error;
        });
        await worker.end();
      }
    });
  }
}

/** Asks for a PIN and logs in with it: one call, whatever the answer. */
export async function logIn(
  worker: SessionWorker,
  role: LoginRole,
  callback: PinCallback | undefined,
): Promise<void> {
  const pin = await readPin(callback);
  const shared = new SharedArrayBuffer(pin.length);
  const copy = new Uint8Array(shared);
  try {
    copy.set(pin);
    await worker.ask('login', { pin: shared, role });
  } finally {
    wipe(pin, copy);
  }
}
