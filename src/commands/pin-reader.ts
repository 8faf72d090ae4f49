import { readSync } from 'node:fs';
import { RenkeiError } from 'renkei';
import { Redacted } from '../bytes/redacted.js';
import { wipe } from '../bytes/wipe.js';
import { takeFromEnvironment } from './environment.js';
import { askTerminal } from './terminal.js';

/** Where a PIN comes from: an environment variable, a file descriptor, or the terminal when neither is named. */
export interface PinOrigin {
  /** Whose PIN it is, for the question and for errors. */
  readonly owner: 'user' | 'security officer';
  /** Name of an environment variable. */
  readonly env: string | undefined;
  /** Number of a file descriptor, in digits; one line is read from it. */
  readonly fd: string | undefined;
}

const LONGEST_PIN = 255;
const LINE_FEED = 0x0a;
const CARRIAGE_RETURN = 0x0d;

/** A PIN, read once however often it is needed: a ceremony logs in more than once, an operator types once. */
export class PinReader extends Redacted {
  readonly #bytes: Uint8Array;

  private constructor(bytes: Uint8Array) {
    super();
    this.#bytes = bytes;
  }

  /**
   * Reads a PIN from its origin; `undefined` when none is named and there is no terminal to ask on.
   *
   * @throws RenkeiError `OPTION_INVALID` for an origin that cannot be read, `ABORTED` at the terminal
   */
  static async fetch({ owner, env, fd }: PinOrigin): Promise<PinReader | undefined> {
    if (env !== undefined && fd !== undefined) {
      throw new RenkeiError('OPTION_INVALID', `the PIN of the ${owner} has two origins: give one`);
    }
    if (env !== undefined)
      return new PinReader(new TextEncoder().encode(takeFromEnvironment(env, `the PIN of the ${owner}`)));
    if (fd !== undefined) return new PinReader(fromDescriptor(fd, owner));
    if (!process.stdin.isTTY) return undefined;
    return new PinReader(await askTerminal(`PIN of the ${owner} (not shown): `, 'hidden'));
  }

  /** Gives a copy of the PIN, which the caller wipes. */
  readonly read = (): Uint8Array => this.#bytes.slice();

  /** Wipes the PIN. */
  wipe(): void {
    wipe(this.#bytes);
  }
}

/** One line, byte by byte: what follows it may be the PIN of somebody else. */
function fromDescriptor(digits: string, owner: string): Uint8Array {
  if (!/^\d{1,4}$/.test(digits)) throw new RenkeiError('OPTION_INVALID', 'a file descriptor is a number');
  const fd = Number(digits);
  const line = Buffer.alloc(LONGEST_PIN + 1);
  let length = 0;
  try {
    while (length < line.length && readSync(fd, line, length, 1, null) === 1 && line[length] !== LINE_FEED) {
      length++;
    }
    if (line[length - 1] === CARRIAGE_RETURN) length--;
    if (length === 0 || length > LONGEST_PIN) throw new RangeError();
    return Uint8Array.from(line.subarray(0, length));
  } catch {
    throw new RenkeiError(
      'OPTION_INVALID',
      `the PIN of the ${owner} cannot be read from its file descriptor`,
    );
  } finally {
    wipe(line);
  }
}
