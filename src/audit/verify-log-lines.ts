import { throwIfAborted } from '../errors/abort.js';
import { checkOptions, type OptionRule, required } from '../errors/options.js';
import { RenkeiError } from '../errors/renkei-error.js';
import { readCheckpointLine } from './shipped-lines.js';
import { Verification } from './verification.js';
import { type LogVerification, VERIFY_RULES, type VerifyOptions } from './verify-options.js';

/** Options of {@link verifyLogLines}. */
export interface VerifyLogLinesOptions extends VerifyOptions {
  /** Lines as `shipLog` writes them, each without its line feed, such as those that `node:readline` gives of a file. */
  readonly lines: AsyncIterable<string> | Iterable<string>;
}

const LINES_RULE: OptionRule = required({
  expects: 'an iterable of lines',
  check: (value) =>
    typeof value === 'object' &&
    value !== null &&
    (Symbol.asyncIterator in value || Symbol.iterator in value),
});

/**
 * Verifies what was shipped, on the side of the receiver: that the lines are the whole log, as far as they go. Lines that
 * came twice are no fault, as long as they say the same. Needs nothing but the public keys. Reads the lines once, in
 * constant memory.
 *
 * @throws RenkeiError `OPTION_UNKNOWN`, `OPTION_INVALID` or `ABORTED`, and what reading the lines throws
 */
export async function verifyLogLines(options: VerifyLogLinesOptions): Promise<LogVerification> {
  checkOptions('verifyLogLines', options, { ...VERIFY_RULES, lines: LINES_RULE });
  const { lines, signal } = options;
  const verification = new Verification(options, true);
  const { check } = verification;
  for await (const line of lines) {
    throwIfAborted(signal);
    if (typeof line !== 'string') throw new RenkeiError('OPTION_INVALID', 'verifyLogLines: a line is a text');
    const shipped = readCheckpointLine(line);
    if (shipped === undefined) {
      check.entry(line);
    } else {
      const checkpoint = verification.read(shipped.checkpoint);
      if (checkpoint !== undefined) check.shipped(checkpoint, shipped.entries, shipped.proof);
    }
  }
  check.end();
  return verification.conclude();
}
