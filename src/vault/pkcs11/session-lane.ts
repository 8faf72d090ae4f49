import { RenkeiError } from '../../errors/renkei-error.js';
import type { VaultFault } from '../events.js';
import type { OpenRequest, StartRequest } from './protocol.js';
import { SessionWorker } from './session-worker.js';

/**
 * One session in one worker thread, and what is to be mended before it may be used: nothing, its session, the login,
 * the device or the thread.
 */
export class SessionLane {
  readonly #start: StartRequest;
  readonly #open: OpenRequest;
  #worker: SessionWorker | undefined;
  /** The module's epoch when the session was opened, or was last tried to be. */
  #epoch = -1;
  #wasOpen = false;
  #isAbandoned = false;
  #fault: VaultFault | undefined;

  constructor(start: StartRequest, open: OpenRequest) {
    this.#start = start;
    this.#open = open;
  }

  /** The thread; only on a lane that is ready. */
  get worker(): SessionWorker {
    return this.#worker as SessionWorker;
  }

  /** The thread was started and has not ended. */
  get isAlive(): boolean {
    return this.#worker !== undefined && !this.#worker.isLost;
  }

  /** What is broken. */
  get fault(): VaultFault | undefined {
    return this.#worker?.isLost === true ? 'worker' : this.#fault;
  }

  /** The epoch of the module in which the session was opened, or was last tried to be. */
  get epoch(): number {
    return this.#epoch;
  }

  /** Nothing to mend, and nobody has initialised the module again since. */
  isReady(epoch: number): boolean {
    return this.#worker !== undefined && this.fault === undefined && this.#epoch === epoch;
  }

  /** The session was open at some time, so that what fails now is a fault and no wrong option. */
  get wasOpen(): boolean {
    return this.#wasOpen;
  }

  /** Notes what is broken. A broken device stays noted until it is mended; session and login are mended alike. */
  breakDown(fault: VaultFault): void {
    if (this.#fault !== 'device') this.#fault = fault;
  }

  /** Starts a thread where none is alive, and the module in it. */
  async startThread(): Promise<{ readonly initialisedHere: boolean }> {
    if (this.isAlive) return { initialisedHere: false };
    if (this.#isAbandoned) throw new RenkeiError('VAULT_CLOSED', 'the vault is closed');
    this.#worker = new SessionWorker();
    this.#epoch = -1;
    return this.#worker.ask('start', this.#start);
  }

  /** Takes the module down, where it is ours, and up again. */
  reinitialise(finalize: boolean): Promise<{ readonly initialisedHere: boolean }> {
    return this.worker.ask('reinitialise', { ...this.#start, finalize });
  }

  /** Opens a new session; every key is found anew and checked by fingerprint before its next use. */
  async openSession(epoch: number): Promise<{ readonly needsLogin: boolean }> {
    await this.#forgetIfOlderThan(epoch);
    // Before it is known to succeed: a session that could not be opened asks for a new initialisation next time.
    this.#epoch = epoch;
    const answer = await this.worker.ask('open', this.#open);
    this.#wasOpen = true;
    return answer;
  }

  /** The session is open and logged in. */
  mended(): void {
    this.#fault = undefined;
  }

  /** Leaves a thread to itself that the module does not let go; it ends when the module has answered. */
  abandon(): void {
    this.#isAbandoned = true;
    this.#worker?.leave();
  }

  /** Closes the session, unless the module was initialised again since it was opened, and ends the thread. */
  async stop(finalize: boolean, epoch = this.#epoch): Promise<void> {
    if (this.#worker === undefined) return;
    if (!this.#worker.isLost) {
      await this.#forgetIfOlderThan(epoch);
      await this.#worker.ask('stop', { finalize });
    }
    await this.#worker.end();
  }

  /** A session from before went with its initialisation of the module; its handle may mean another lane's by now. */
  async #forgetIfOlderThan(epoch: number): Promise<void> {
    if (this.#epoch !== -1 && this.#epoch !== epoch) await this.worker.ask('forget', null);
  }
}
