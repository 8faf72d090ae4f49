import { Redacted } from '../../bytes/redacted.js';
import { wipe } from '../../bytes/wipe.js';
import {
  type Audience,
  type KeyName,
  type LinkKeyName,
  linkKey,
  parseKeyName,
} from '../../codes/key-names.js';
import { CODE_LENGTH } from '../../codes/per-institution-code.js';
import { throwIfAborted } from '../../errors/abort.js';
import { type Refusal, RenkeiError } from '../../errors/renkei-error.js';
import { Drain } from '../../lifecycle/drain.js';
import { RESIDENT_RECORD_CODE_LENGTH } from '../../subjects/resident-record-code.js';
import { checkAdvanceGeneration, checkDerive, checkTranslate, wipeResidents } from '../arguments.js';
import type { Assurance, DeriveOptions, PackedCodes, Vault, VaultCallOptions } from '../port.js';
import { checkVaultOptions, DEFAULT_CHUNK_BYTES, type Engine, type Pkcs11VaultOptions } from './options.js';
import { abortFlag, type ComputeRequest, layOut } from './protocol.js';
import { SessionPool } from './session-pool.js';
import type { SessionWorker } from './session-worker.js';

/**
 * Rows of one message to a worker at the most: few enough that other callers get their turn (an abort is heard within
 * a message), but for the bulk engine a whole batch of a stream. The caller's thread is busy storing the batch before
 * and could not send a second message until it has done so.
 */
const ROWS_A_MESSAGE: Readonly<Record<Engine, number>> = { sealed: 256, bulk: 131_072 };

/**
 * Opens a vault whose keys live in a PKCS#11 token. Computes with one engine, `sealed` unless `bulk` is asked for;
 * open a second vault on the same token to have both, and close the bulk one when the load is done.
 *
 * @throws RenkeiError `OPTION_UNKNOWN`, `OPTION_INVALID`, `MODULE_LOAD`, `TOKEN_NOT_FOUND`, `TOKEN_AMBIGUOUS`,
 *   `MECHANISM_MISSING` (naming all that are missing), `PIN_REFUSED`, `PIN_LOCKED` or a module error
 */
export async function openPkcs11Vault(options: Pkcs11VaultOptions): Promise<Vault> {
  checkVaultOptions(options);
  const engine = options.engine ?? 'sealed';
  const pinned = new Map<KeyName, string>();
  for (const [text, fingerprint] of Object.entries(options.expectedFingerprints ?? {})) {
    pinned.set(parseKeyName(text).name, fingerprint);
  }
  const pool = await SessionPool.open(options, options.sessions ?? 1, {
    token: options.token,
    writable: false,
    engine,
    chunkBytes: options.chunkBytes ?? DEFAULT_CHUNK_BYTES,
  });
  return new Pkcs11Vault(engine, pool, pinned);
}

type Computation = Pick<ComputeRequest, 'source' | 'links' | 'to'>;

class Pkcs11Vault extends Redacted implements Vault {
  readonly #engine: Engine;
  readonly #pool: SessionPool;
  /** Fingerprints given at opening, then those seen at each key's first use: no key may change under us. */
  readonly #pinned: Map<KeyName, string>;
  readonly #levels = new Map<KeyName, 1 | 2>();
  readonly #buffers = new WeakMap<SessionWorker, SharedArrayBuffer>();
  readonly #drain = new Drain('vault', 'VAULT_CLOSED');

  constructor(engine: Engine, pool: SessionPool, pinned: Map<KeyName, string>) {
    super();
    this.#engine = engine;
    this.#pool = pool;
    this.#pinned = pinned;
  }

  async derive(
    residents: Uint8Array,
    audiences: readonly Audience[],
    options: DeriveOptions = {},
  ): Promise<PackedCodes> {
    try {
      return await this.#drain.run(() => {
        const { rows, generation } = checkDerive(residents, audiences, options);
        const links: LinkKeyName[] = [];
        for (let g = 1; g <= generation; g++) links.push(linkKey(g));
        const computation: Computation = { source: { kind: 'residents' }, links, to: audiences };
        return this.#compute(residents, rows, RESIDENT_RECORD_CODE_LENGTH, computation, options.signal);
      });
    } finally {
      wipeResidents(residents);
    }
  }

  translate(
    codes: Uint8Array,
    from: Audience,
    to: readonly Audience[],
    options: VaultCallOptions = {},
  ): Promise<PackedCodes> {
    return this.#drain.run(() => {
      const rows = checkTranslate('translate', codes, from, to, options);
      const computation: Computation = { source: { kind: 'codes', from }, links: [], to };
      return this.#compute(codes, rows, CODE_LENGTH, computation, options.signal);
    });
  }

  advance(
    codes: Uint8Array,
    from: Audience,
    generation: number,
    to: readonly Audience[],
    options: VaultCallOptions = {},
  ): Promise<PackedCodes> {
    return this.#drain.run(() => {
      const rows = checkTranslate('advance', codes, from, to, options);
      checkAdvanceGeneration(generation);
      if (this.#engine === 'sealed') {
        throw new RenkeiError(
          'ENGINE_REFUSED',
          'advance shows linkage codes to the host: it needs the bulk engine',
        );
      }
      const computation: Computation = { source: { kind: 'codes', from }, links: [linkKey(generation)], to };
      return this.#compute(codes, rows, CODE_LENGTH, computation, options.signal);
    });
  }

  fingerprint(key: KeyName): Promise<string> {
    return this.#drain.run(() => this.#pin(parseKeyName(key).name));
  }

  assurance(): Promise<Assurance> {
    return this.#drain.run(() => {
      const keys = [...this.#levels].map(([name, level]) => ({ name, level }));
      const visible = this.#engine === 'bulk' || keys.some(({ level }) => level === 1);
      return {
        level: visible ? 1 : 2,
        name: visible ? 'host-visible' : 'hsm-sealed',
        basis: 'key-attributes',
        keys,
      };
    });
  }

  close(): Promise<void> {
    return this.#drain.close(() => this.#pool.close());
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** Learns a key's fingerprint at its first use and holds every later one against it. */
  async #pin(key: KeyName): Promise<string> {
    const { fingerprint, level } = await this.#pool.use((worker) => worker.ask('fingerprint', { key }));
    const pinned = this.#pinned.get(key);
    if (pinned !== undefined && pinned !== fingerprint) {
      throw new RenkeiError('KEY_FINGERPRINT_MISMATCH', `key ${key} has another fingerprint than expected`);
    }
    this.#pinned.set(key, fingerprint);
    this.#levels.set(key, level);
    return fingerprint;
  }

  async #compute(
    input: Uint8Array,
    rows: number,
    width: number,
    computation: Computation,
    signal: AbortSignal | undefined,
  ): Promise<PackedCodes> {
    const codes = computation.to.map(() => new Uint8Array(rows * CODE_LENGTH));
    const refusals: Refusal[] = [];
    if (rows === 0) return { codes, refusals };
    const { source, links, to } = computation;
    const keys = new Set<KeyName>([...links, ...to, ...(source.kind === 'codes' ? [source.from] : [])]);
    for (const key of keys) if (!this.#levels.has(key)) await this.#pin(key);
    const fingerprints = Object.fromEntries([...keys].map((key) => [key, this.#pinned.get(key) as string]));

    const size = Math.min(ROWS_A_MESSAGE[this.#engine], Math.ceil(rows / this.#pool.size));
    let next = 0;
    let failed = false;
    const lane = async () => {
      while (next < rows && !failed) {
        const first = next;
        const count = Math.min(size, rows - first);
        next += count;
        try {
          const request = { ...computation, fingerprints, rows: count, firstIndex: first };
          const part = input.subarray(first * width, (first + count) * width);
          const outputs = codes.map((out) =>
            out.subarray(first * CODE_LENGTH, (first + count) * CODE_LENGTH),
          );
          refusals.push(...(await this.#computeChunk(request, part, width, outputs, signal)));
        } catch (error) {
          failed = true;
          throw error;
        }
      }
    };
    // All lanes end before the call does: nothing may read the caller's rows after that.
    const lanes = Array.from({ length: Math.min(this.#pool.size, Math.ceil(rows / size)) }, lane);
    for (const result of await Promise.allSettled(lanes)) {
      if (result.status === 'rejected') {
        wipe(...codes);
        throw result.reason;
      }
    }
    return { codes, refusals: refusals.sort((a, b) => a.index - b.index) };
  }

  /** One message: rows go into shared memory that only this chunk uses, codes come out, and it is wiped. */
  #computeChunk(
    request: Omit<ComputeRequest, 'shared'>,
    rows: Uint8Array,
    width: number,
    outputs: readonly Uint8Array[],
    signal: AbortSignal | undefined,
  ): Promise<Refusal[]> {
    return this.#pool.use(async (worker) => {
      throwIfAborted(signal);
      const place = layOut(request.rows, width, CODE_LENGTH, outputs.length);
      const shared = this.#bufferOf(worker, place.totalBytes);
      const bytes = new Uint8Array(shared, 0, place.totalBytes);
      const giveUp = () => void Atomics.store(abortFlag(shared), 0, 1);
      signal?.addEventListener('abort', giveUp, { once: true });
      try {
        bytes.set(rows, place.input);
        const { refusals } = await worker.ask('compute', { ...request, shared });
        outputs.forEach((out, k) => {
          out.set(bytes.subarray(place.output(k), place.output(k) + place.outputBytes));
        });
        return refusals;
      } finally {
        signal?.removeEventListener('abort', giveUp);
        wipe(bytes);
      }
    });
  }

  #bufferOf(worker: SessionWorker, bytes: number): SharedArrayBuffer {
    let buffer = this.#buffers.get(worker);
    if (buffer === undefined || buffer.byteLength < bytes) {
      buffer = new SharedArrayBuffer(bytes);
      this.#buffers.set(worker, buffer);
    }
    return buffer;
  }
}
