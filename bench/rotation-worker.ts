import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import type { ScratchDatabase } from '../test/support/postgres.js';
import type { ScratchToken } from '../test/support/softhsm.js';

/** What a worker in a process of its own is told. */
export interface WorkerPlan {
  readonly module: string;
  readonly token: ScratchToken['token'];
  /** PIN of a scratch token. */
  readonly pin: string;
  readonly store: { readonly path: string } | { readonly connection: ScratchDatabase };
  readonly folder: string;
  /** Number of the rotation. */
  readonly rotation: number;
  readonly rowsPerSecond?: number;
}

/** What a worker did. */
export interface WorkerDone {
  readonly ownParts: number;
  readonly cpuSeconds: number;
}

/** A worker of a rotation, sealed engine, in a process of its own. */
export class RotationWorker {
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess) {
    this.#child = child;
  }

  /** Starts the process. It works when it is told to. */
  static async start(
    { module, token, userPin }: ScratchToken,
    plan: Omit<WorkerPlan, 'module' | 'token' | 'pin'>,
  ): Promise<RotationWorker> {
    const child = fork(new URL('rotation-worker-process.ts', import.meta.url));
    const worker = new RotationWorker(child);
    const ready = worker.#answer();
    child.send({ module, token, pin: userPin, ...plan } satisfies WorkerPlan);
    await ready;
    return worker;
  }

  /** Works until nothing is left to do, or the rotation is halted. */
  async work(): Promise<WorkerDone> {
    const done = this.#answer();
    this.#child.send('work');
    return (await done) as WorkerDone;
  }

  async #answer(): Promise<unknown> {
    const ended = once(this.#child, 'exit').then(() => {
      throw new Error('a worker of a rotation gave no answer');
    });
    const [message] = await Promise.race([once(this.#child, 'message'), ended]);
    return message;
  }
}
