import type { Audience, Vault } from 'renkei';
import { Gate } from '../soak/gate.js';
import { syntheticResidents } from './residents.js';

const BATCHES = 8;
const ROWS = 40;
const RETRY_PAUSE_MS = 20;
const LONGEST_OUTAGE_MS = 20_000;

/** Several callers of one vault at a time, whose every answer is held against another vault's. */
export class Load {
  /** Whoever breaks the module for everybody shuts it. */
  readonly gate = new Gate();
  /** Answers that were right, and answers that were not. */
  right = 0;
  wrong = 0;
  /** Requests made again because they failed as retryable, and requests that nobody answered in time. */
  retries = 0;
  lost = 0;
  /** Codes of errors that are not retryable. */
  readonly failures: string[] = [];
  readonly #expected: readonly (readonly string[])[];
  readonly #audiences: readonly Audience[];
  #running = true;
  #callers: Promise<unknown> = Promise.resolve();

  private constructor(expected: readonly (readonly string[])[], audiences: readonly Audience[]) {
    this.#expected = expected;
    this.#audiences = audiences;
  }

  /** Computes what the answers have to be. */
  static async prepare(oracle: Vault, audiences: readonly Audience[]): Promise<Load> {
    const expected = [];
    for (let batch = 0; batch < BATCHES; batch++) expected.push(await derive(oracle, batch, audiences));
    return new Load(expected, audiences);
  }

  start(vault: Vault, callers: number): void {
    this.#running = true;
    this.#callers = Promise.all(Array.from({ length: callers }, (_, k) => this.#call(vault, k)));
  }

  /** Waits until so many more answers were right. */
  async served(count: number): Promise<void> {
    const wanted = this.right + count;
    const patience = performance.now() + LONGEST_OUTAGE_MS;
    while (this.right < wanted) {
      if (performance.now() > patience) throw new Error('the load is not served');
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }

  async stop(): Promise<void> {
    this.#running = false;
    await this.#callers;
  }

  async #call(vault: Vault, caller: number): Promise<void> {
    for (let n = caller; this.#running; n++) {
      const batch = n % BATCHES;
      const answer = await this.#untilAnswered(() => derive(vault, batch, this.#audiences));
      this.#judge(answer, this.#expected[batch] as readonly string[]);
      const [from, ...to] = this.#audiences as readonly [Audience, ...Audience[]];
      const codes = Buffer.from(this.#expected[batch]?.[0] as string, 'hex');
      const translated = await this.#untilAnswered(async () =>
        hex((await vault.translate(new Uint8Array(codes), from, to)).codes),
      );
      this.#judge(translated, this.#expected[batch]?.slice(1) as readonly string[]);
    }
  }

  #judge(answer: readonly string[] | undefined, expected: readonly string[]): void {
    if (answer === undefined) return;
    if (answer.join() === expected.join()) this.right++;
    else this.wrong++;
  }

  /** Makes a request until it is answered. What fails for good is noted. */
  async #untilAnswered(request: () => Promise<readonly string[]>): Promise<readonly string[] | undefined> {
    const patience = performance.now() + LONGEST_OUTAGE_MS;
    while (performance.now() < patience) {
      try {
        return await this.gate.pass(request);
      } catch (error) {
        const { code, retryable } = error as { readonly code?: string; readonly retryable?: boolean };
        if (retryable !== true) {
          this.failures.push(code ?? 'no error of the library');
          return undefined;
        }
        this.retries++;
        await new Promise((resolve) => setTimeout(resolve, RETRY_PAUSE_MS));
      }
    }
    this.lost++;
    return undefined;
  }
}

/** Codes of one batch of residents, as hex. */
export async function derive(vault: Vault, batch: number, audiences: readonly Audience[]): Promise<string[]> {
  return hex((await vault.derive(syntheticResidents(batch + 1, 0, ROWS), audiences)).codes);
}

function hex(codes: readonly Uint8Array[]): string[] {
  return codes.map((packed) => Buffer.from(packed).toString('hex'));
}
