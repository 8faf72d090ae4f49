import { setTimeout } from 'node:timers/promises';
import { abortedError, signalOption } from '../errors/abort.js';

/**
 * Waits, unless the caller gives up.
 *
 * @throws RenkeiError `ABORTED`
 */
export async function pauseFor(milliseconds: number, signal: AbortSignal | undefined): Promise<void> {
  try {
    await setTimeout(milliseconds, undefined, signalOption(signal));
  } catch {
    throw abortedError();
  }
}
