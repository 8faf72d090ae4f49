import { publicKeyBytes } from '../signatures/public-keys.js';
import { EMPTY_LOG } from '../stores/log-entries.js';
import { type Checkpoint, readCheckpoint } from './checkpoint.js';
import { Findings } from './findings.js';
import { LogCheck } from './log-check.js';
import type { LogVerification, VerifyOptions } from './verify-options.js';

/** What verifications of a store and of lines do alike. */
export class Verification {
  readonly check: LogCheck;
  readonly findings = new Findings();
  readonly #options: VerifyOptions;
  readonly #publicKeys: readonly Uint8Array[];

  /** @param mayRepeat whether entries may come again */
  constructor(options: VerifyOptions, mayRepeat: boolean) {
    const { publicKeys, after = EMPTY_LOG, remembered = [] } = options;
    this.#options = options;
    this.#publicKeys = publicKeys.map(publicKeyBytes);
    this.check = new LogCheck(after, this.findings, mayRepeat);
    for (const note of remembered) {
      const checkpoint = this.read(note);
      // What is before was compared by the verification that this one goes on from.
      if (checkpoint !== undefined && checkpoint.size >= after.size) {
        this.check.expect({ ...checkpoint, isRemembered: true });
      }
    }
  }

  /**
   * Reads a checkpoint; undefined, with a finding, where it is not to be believed.
   *
   * @param size it is kept under, where it is kept under one
   */
  read(note: string, size?: number): Checkpoint | undefined {
    const checkpoint = readCheckpoint(note, this.#options.origin, this.#publicKeys);
    if (typeof checkpoint === 'string') {
      this.findings.add({ finding: checkpoint, size: size ?? sizeIn(note) });
      return undefined;
    }
    if (size === undefined || checkpoint.size === size) return checkpoint;
    this.findings.add({ finding: 'checkpoint-misplaced', size: checkpoint.size });
    return undefined;
  }

  /** What it came to. */
  conclude(): LogVerification {
    this.check.conclude();
    const { named, count } = this.findings;
    const { size, agreed, head } = this.check;
    const isRight = count === 0 && head !== undefined;
    return { findings: named, count, size, signed: agreed, ...(isRight ? { head } : {}) };
  }
}

/** The size that a note says it has; -1 where it says none. */
function sizeIn(note: string): number {
  const [, size = ''] = String(note).split('\n', 2);
  return /^[0-9]{1,15}$/.test(size) ? Number(size) : -1;
}
