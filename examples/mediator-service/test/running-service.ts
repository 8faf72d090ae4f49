import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { Agent, request } from 'node:https';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

/** What the service answered. */
export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
  /** The body, read as JSON. */
  readonly json: () => unknown;
}

const MAIN = fileURLToPath(new URL('../main.ts', import.meta.url));

/** Most connections of one client. */
const CONNECTIONS = 25;

/** The service in a process of its own, and clients with certificates. */
export class RunningService {
  readonly address: string;
  readonly #folder: string;
  readonly #process: ChildProcess;
  readonly #agents = new Map<string, Agent>();
  /** What it has logged so far. */
  readonly #log: string[];

  private constructor(address: string, folder: string, child: ChildProcess, log: string[]) {
    this.address = address;
    this.#folder = folder;
    this.#process = child;
    this.#log = log;
  }

  /** Starts the service in a folder, on a free port, and waits until it listens. */
  static async start(folder: string, ...args: readonly string[]): Promise<RunningService> {
    const command = ['--import', 'tsx', MAIN, '--folder', folder, '--port', '0', ...args];
    const child = spawn(process.execPath, command, { stdio: ['ignore', 'pipe', 'pipe'] });
    const log: string[] = [];
    createInterface(child.stderr).on('line', (line) => log.push(line));
    for await (const line of createInterface(child.stdout)) {
      const [address] = /https:\/\/127\.0\.0\.1:[0-9]+/.exec(line) ?? [];
      if (address === undefined) continue;
      child.stdout.resume();
      return new RunningService(address, folder, child, log);
    }
    throw new Error(`the service did not start: ${log.join('\n')}`);
  }

  get log(): readonly string[] {
    return this.#log;
  }

  /** Path of a file of the service. */
  path(...names: readonly string[]): string {
    return join(this.#folder, ...names);
  }

  /** Makes a request as the holder of a certificate; without a name, as somebody who has none. */
  send(client: string | undefined, method: string, path: string, body?: unknown): Promise<Answer> {
    const text = body === undefined ? undefined : typeof body === 'string' ? body : JSON.stringify(body);
    return new Promise((resolve, reject) => {
      const sent = request(
        new URL(path, this.address),
        {
          method,
          agent: this.#agentOf(client ?? ''),
          ...(text !== undefined && {
            headers: { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) },
          }),
        },
        (response) => {
          const parts: Buffer[] = [];
          response.on('data', (part: Buffer) => parts.push(part));
          response.on('error', reject);
          response.on('end', () => {
            const { statusCode: status = 0, headers } = response;
            const received = Buffer.concat(parts).toString();
            resolve({ status, headers, text: received, json: () => JSON.parse(received) });
          });
        },
      );
      sent.on('error', reject);
      sent.end(text);
    });
  }

  /** Sends a signal. */
  signal(name: NodeJS.Signals): void {
    this.#process.kill(name);
  }

  /** Waits until the process has ended; its exit code, or the signal that ended it. */
  async ended(): Promise<number | string | null> {
    const { exitCode, signalCode } = this.#process;
    if (exitCode === null && signalCode === null) await once(this.#process, 'exit');
    return this.#process.exitCode ?? this.#process.signalCode;
  }

  /** Stops the service as an operator would. */
  async stop(): Promise<number | string | null> {
    this.forgetConnections();
    this.signal('SIGTERM');
    return this.ended();
  }

  /** Lets the next requests make new connections. */
  forgetConnections(): void {
    for (const agent of this.#agents.values()) agent.destroy();
    this.#agents.clear();
  }

  #agentOf(client: string): Agent {
    const known = this.#agents.get(client);
    if (known !== undefined) return known;
    const read = (name: string) => readFileSync(this.path('certificates', name));
    const agent = new Agent({
      ca: read('ca.pem'),
      keepAlive: true,
      maxSockets: CONNECTIONS,
      ...(client !== '' && { cert: read(`${client}.pem`), key: read(`${client}.key`) }),
    });
    this.#agents.set(client, agent);
    return agent;
  }
}
