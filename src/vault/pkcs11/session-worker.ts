import { Worker } from 'node:worker_threads';
import { RenkeiError } from '../../errors/renkei-error.js';
import { FaultError } from './fault.js';
import type { AnswerMessage, FailureMessage, RequestMessage, RequestName, Requests } from './protocol.js';

interface Pending {
  readonly resolve: (answer: never) => void;
  readonly reject: (error: RenkeiError) => void;
}

/** How a thread fails that cannot load the binding: not installed, not built, or built for another Node.js. */
const BINDING_FAULTS = ['ERR_MODULE_NOT_FOUND', 'MODULE_NOT_FOUND', 'ERR_DLOPEN_FAILED'];

/**
 * The caller's end of one worker thread, which holds one session and makes all PKCS#11 calls, synchronously. The
 * module never runs on the caller's event loop. An idle worker does not keep the process alive.
 */
export class SessionWorker {
  readonly #worker: Worker;
  readonly #pending = new Map<number, Pending>();
  #lost: RenkeiError | undefined;
  #isLeft = false;
  #nextId = 1;

  constructor() {
    this.#worker = new Worker(new URL('./pkcs11-worker.js', import.meta.url), {
      name: 'renkei-pkcs11',
      // Loaders and inspectors of the caller's thread have no business beside the keys.
      execArgv: [],
    });
    this.#worker.on('message', (message: AnswerMessage) => this.#settle(message));
    this.#worker.on('error', ({ code = '' }: NodeJS.ErrnoException) => {
      if (BINDING_FAULTS.includes(code)) {
        this.#lost ??= new RenkeiError(
          'MODULE_LOAD',
          'the package pkcs11js is needed and could not be loaded',
        );
      }
      this.#lose('failed');
    });
    this.#worker.on('messageerror', () => this.#lose('sent an unreadable answer'));
    this.#worker.on('exit', () => this.#lose('ended'));
    this.#worker.unref();
  }

  /** Sends a request; the answer is the worker's, or its failure as an error. */
  ask<N extends RequestName>(name: N, request: Requests[N]['request']): Promise<Requests[N]['answer']> {
    return new Promise((resolve, reject) => {
      if (this.#lost !== undefined) {
        reject(this.#lost);
        return;
      }
      const id = this.#nextId++;
      this.#pending.set(id, { resolve, reject });
      this.#worker.ref();
      this.#worker.postMessage({ id, name, request } satisfies RequestMessage);
    });
  }

  /** Ends the thread, which must be idle; after `stop` it has nothing open any more. */
  async end(): Promise<void> {
    await this.#worker.terminate();
  }

  /** Ends the thread when it has answered: a thread that is ended inside the module can crash the process. */
  leave(): void {
    this.#isLeft = true;
    this.#worker.unref();
    this.#endIfLeft();
  }

  #endIfLeft(): void {
    if (!this.#isLeft || this.#pending.size > 0) return;
    this.#lose('was left');
    void this.end();
  }

  #settle(message: AnswerMessage): void {
    const pending = this.#pending.get(message.id);
    this.#pending.delete(message.id);
    if (this.#pending.size === 0) this.#worker.unref();
    this.#endIfLeft();
    if (pending === undefined) return;
    if ('failure' in message) pending.reject(errorOf(message.failure));
    else pending.resolve(message.answer as never);
  }

  /** True when the thread has ended: every request fails from then on. */
  get isLost(): boolean {
    return this.#lost !== undefined;
  }

  #lose(how: string): void {
    this.#lost ??= new RenkeiError('WORKER_LOST', `a worker thread of the vault ${how}`);
    for (const { reject } of this.#pending.values()) reject(this.#lost);
    this.#pending.clear();
  }
}

function errorOf({ code, message, fault }: FailureMessage): RenkeiError {
  return fault === undefined ? new RenkeiError(code, message) : new FaultError(fault, message, code);
}
