import type { CheckpointFault } from './checkpoint.js';

/** What is wrong with a log. Indexes count from 0. */
export type LogFinding =
  | {
      /** A text is not as an entry is written, byte for byte. */
      readonly finding: 'entry-malformed';
      /** Its place. */
      readonly index: number;
    }
  | {
      /** An entry is not the one that the next entry was chained to: it was changed, or the link of the next one was. */
      readonly finding: 'entry-changed';
      /** Its place. */
      readonly index: number;
    }
  | {
      /** Entries are not there. */
      readonly finding: 'entries-missing';
      /** The first one. */
      readonly index: number;
      /** How many. */
      readonly count: number;
    }
  | {
      /** A place in the log is taken twice, and not by one and the same entry. */
      readonly finding: 'entry-repeated';
      /** The place. */
      readonly index: number;
    }
  | {
      /** The first entry that was read does not follow from the beginning, or from what was verified before. */
      readonly finding: 'chain-broken';
      /** Its place. */
      readonly index: number;
    }
  | {
      /** An entry is older than the one before. */
      readonly finding: 'entry-out-of-time';
      /** Its place. */
      readonly index: number;
    }
  | {
      /** A checkpoint is none, is of another log, or is signed by none of the keys. */
      readonly finding: CheckpointFault;
      /** The size it is kept under, or says it has; where neither can be told, -1. */
      readonly size: number;
    }
  | {
      /** A checkpoint is kept under another size than it states, or does not come in its turn. */
      readonly finding: 'checkpoint-misplaced';
      /** The size it states. */
      readonly size: number;
    }
  | {
      /** Entries are not those that a checkpoint was signed over: changed, replaced or written anew with their chain. */
      readonly finding: 'log-contradicts-checkpoint';
      /** The first entry that may be another one: up to here a checkpoint agrees. */
      readonly since: number;
      /** Size of the checkpoint. Later ones, which contradict too, are not named. */
      readonly size: number;
    }
  | {
      /** The log is not the one that a remembered checkpoint was signed over: it was replaced, or is shown to others otherwise. */
      readonly finding: 'log-forked';
      /** Size of the remembered checkpoint. */
      readonly size: number;
    }
  | {
      /** A checkpoint was signed over more entries than there are: the end was cut off. */
      readonly finding: 'log-truncated';
      /** Number of entries that are there. */
      readonly entries: number;
      /** Number of entries that were signed. */
      readonly size: number;
    };

/** Findings that are named; of a log that is wrong throughout there could be millions. */
const MOST_FINDINGS = 1_000;

/** Collects findings in constant memory. */
export class Findings {
  readonly #named: LogFinding[] = [];
  #count = 0;

  /** The first thousand. */
  get named(): readonly LogFinding[] {
    return [...this.#named];
  }

  /** How many there are. */
  get count(): number {
    return this.#count;
  }

  /** Adds one. */
  add(finding: LogFinding): void {
    this.#count++;
    if (this.#named.length < MOST_FINDINGS) this.#named.push(finding);
  }
}
