import { RenkeiError } from './renkei-error.js';

/**
 * Throws when the caller has given up. The signal's own reason is not passed on: it belongs to the caller.
 *
 * @throws RenkeiError `ABORTED`
 */
export function throwIfAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw new RenkeiError('ABORTED', 'the call was aborted by its caller');
}

/** The caller's signal as an option of another call; none where there is none. */
export function signalOption(signal: AbortSignal | undefined): { readonly signal?: AbortSignal } {
  return signal === undefined ? {} : { signal };
}
