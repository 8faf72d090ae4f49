import type { KeyName } from '../../src/codes/key-names.js';
import type { RenkeiErrorCode } from '../../src/errors/codes.js';
import { RenkeiError } from '../../src/errors/renkei-error.js';
import type { PackedCodes, Vault } from '../../src/vault/port.js';

/** Methods of a vault that a fault can be injected into. */
export type VaultMethod =
  | 'derive'
  | 'translate'
  | 'advance'
  | 'fingerprint'
  | 'sign'
  | 'publicKey'
  | 'assurance'
  | 'close';

/** A vault in front of a real one that fails when told to, and writes down what it was asked. */
export class FaultyVault implements Vault {
  readonly #real: Vault;
  /** Every call, in order. */
  readonly calls: VaultMethod[] = [];
  /** Every buffer of residents it was given. */
  readonly residents: Uint8Array[] = [];
  /** Runs before every call; what it throws, the call throws; what it waits for, the call waits for. */
  before: (method: VaultMethod) => void | Promise<void> = () => undefined;
  /** Fingerprints to show in place of the real ones. */
  readonly shownFingerprints = new Map<KeyName, string>();

  constructor(real: Vault) {
    this.#real = real;
  }

  /** Fails every later call of one method, or of all. */
  fail(code: RenkeiErrorCode, only?: VaultMethod): void {
    this.before = (method) => {
      if (only === undefined || only === method) throw new RenkeiError(code, 'injected');
    };
  }

  /** Ends every injected fault. */
  mend(): void {
    this.before = () => undefined;
  }

  /** Makes every later call of one method wait, until the returned function is called. */
  hold(only: VaultMethod): () => void {
    let release = (): void => undefined;
    const released = new Promise<void>((resolve) => {
      release = resolve;
    });
    this.before = (method) => (method === only ? released : undefined);
    return release;
  }

  /** How often a method was called. */
  count(method: VaultMethod): number {
    return this.calls.filter((name) => name === method).length;
  }

  derive(...args: Parameters<Vault['derive']>): Promise<PackedCodes> {
    this.residents.push(args[0]);
    return this.#run('derive', () => this.#real.derive(...args));
  }

  translate(...args: Parameters<Vault['translate']>): Promise<PackedCodes> {
    return this.#run('translate', () => this.#real.translate(...args));
  }

  advance(...args: Parameters<Vault['advance']>): Promise<PackedCodes> {
    return this.#run('advance', () => this.#real.advance(...args));
  }

  fingerprint(key: KeyName): Promise<string> {
    return this.#run(
      'fingerprint',
      async () => this.shownFingerprints.get(key) ?? this.#real.fingerprint(key),
    );
  }

  sign(...args: Parameters<Vault['sign']>): Promise<Uint8Array> {
    return this.#run('sign', () => this.#real.sign(...args));
  }

  publicKey(...args: Parameters<Vault['publicKey']>): Promise<Uint8Array> {
    return this.#run('publicKey', () => this.#real.publicKey(...args));
  }

  assurance(): ReturnType<Vault['assurance']> {
    return this.#run('assurance', () => this.#real.assurance());
  }

  health(): ReturnType<Vault['health']> {
    return this.#real.health();
  }

  close(): Promise<void> {
    return this.#run('close', () => this.#real.close());
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #run<T>(method: VaultMethod, call: () => Promise<T>): Promise<T> {
    this.calls.push(method);
    await this.before(method);
    return call();
  }
}
