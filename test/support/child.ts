import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

/** A program of the tests in a process of its own: lines go in on standard input and come out on standard output. */
export class Child {
  readonly #process: ChildProcess;
  readonly #lines: AsyncIterator<string>;

  /**
   * @param file name of a file beside this one, or its address
   * @param plan what the program is told, passed as JSON
   * @param fileKiB how long a file may get by its hand: the system refuses a write beyond, as on a full disk
   */
  constructor(file: string | URL, plan: unknown, fileKiB?: number) {
    const program = fileURLToPath(new URL(file, import.meta.url));
    const command = [process.execPath, '--import', 'tsx', program, JSON.stringify(plan)];
    // The shell of POSIX counts in blocks of 512 bytes.
    const limited = ['sh', '-c', 'ulimit -f "$0" && exec "$@"', `${2 * (fileKiB ?? 0)}`, ...command];
    const [run = '', ...args] = fileKiB === undefined ? command : limited;
    this.#process = spawn(run, args, { stdio: ['pipe', 'pipe', 'inherit'] });
    const { stdout } = this.#process;
    if (stdout === null) throw new Error('the child has no standard output');
    this.#lines = createInterface(stdout)[Symbol.asyncIterator]();
    // Whoever writes to a child that is gone learns of it by what does not come back.
    this.#process.stdin?.on('error', () => undefined);
  }

  get pid(): number {
    return this.#process.pid as number;
  }

  /** The next line; `undefined` when the child has ended. */
  async line(): Promise<string | undefined> {
    const { done, value } = await this.#lines.next();
    return done === true ? undefined : value;
  }

  /** Sends one line. */
  tell(line: string): void {
    this.#process.stdin?.write(`${line}\n`);
  }

  /** Sends one line and waits for the answer. */
  async ask(line: string): Promise<string | undefined> {
    this.tell(line);
    return this.line();
  }

  /** True once the child is gone. */
  get ended(): boolean {
    return this.#process.exitCode !== null || this.#process.signalCode !== null;
  }

  /** Kills the child and waits until it is gone. */
  async kill(): Promise<void> {
    if (this.ended) return;
    const gone = once(this.#process, 'exit');
    this.#process.kill('SIGKILL');
    await gone;
  }
}
