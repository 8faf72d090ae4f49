import type { PKCS11 } from 'pkcs11js';
import { RenkeiError } from '../../src/errors/renkei-error.js';
import { FaultError } from '../../src/vault/pkcs11/fault.js';
import type { RequestName, Requests } from '../../src/vault/pkcs11/protocol.js';
import { loadModule } from '../../src/vault/pkcs11/worker/session.js';
import { WorkerSession } from '../../src/vault/pkcs11/worker/worker-session.js';

type Call = (...given: unknown[]) => unknown;

/** What a test does to the module of every session: change a call, count calls, or hold an answer back. */
export const injected = {
  /** Called instead of a function of the module, with its name and the real one. */
  around: (_name: string, real: Call, given: unknown[]): unknown => real(...given),
  /** Calls so far, by name. */
  calls: new Map<string, number>(),
  /** Resolves when a request may be answered: what a module that hangs does not. */
  hold: (_name: RequestName): Promise<void> | undefined => undefined,
  reset(): void {
    this.around = (_name, real, given) => real(...given);
    this.calls.clear();
    this.hold = () => undefined;
  },
};

/** A failed call, as pkcs11js reports it. */
export function refuse(name: string, code: number): never {
  throw Object.assign(new Error(name), { name: 'Pkcs11Error', code, method: '' });
}

/** Stands in for `SessionWorker`: the same session on the test's own thread, its module behind a proxy. */
export class SessionWorker {
  static readonly all: SessionWorker[] = [];
  readonly #session = new WorkerSession((request) => {
    const { module, initialisedHere } = loadModule(request);
    return { module: behindProxy(module), initialisedHere };
  });
  #turn: Promise<unknown> = Promise.resolve();
  isLost = false;

  constructor() {
    SessionWorker.all.push(this);
  }

  ask<N extends RequestName>(name: N, request: Requests[N]['request']): Promise<Requests[N]['answer']> {
    const answer = this.#turn.then(async () => {
      await injected.hold(name);
      if (this.isLost) throw new RenkeiError('WORKER_LOST', 'a worker thread of the vault ended');
      const message = this.#session.answer({ id: 1, name, request });
      if ('answer' in message) return message.answer as Requests[N]['answer'];
      const { code, message: text, fault } = message.failure;
      throw fault === undefined ? new RenkeiError(code, text) : new FaultError(fault, text, code);
    });
    this.#turn = answer.catch(() => undefined);
    return answer;
  }

  async end(): Promise<void> {
    this.isLost = true;
  }

  leave(): void {
    void this.#turn.then(() => this.end());
  }
}

function behindProxy(module: PKCS11): PKCS11 {
  return new Proxy(module, {
    get(target, name: string) {
      const member = target[name as keyof PKCS11] as unknown;
      if (typeof member !== 'function') return member;
      return (...given: unknown[]) => {
        injected.calls.set(name, (injected.calls.get(name) ?? 0) + 1);
        return injected.around(name, (...args) => (member as Call).apply(target, args), given);
      };
    },
  });
}
