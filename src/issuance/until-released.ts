import { signalOption } from '../errors/abort.js';
import { pauseFor } from '../lifecycle/pause.js';
import type { StoreOutlook } from '../stores/rotation-port.js';
import type { IssuerParts } from './issuer-parts.js';

/** The store is asked again so often, in milliseconds. */
const POLL_MS = 25;

/**
 * Waits while a rotation that is about to switch asks everybody to hold, and no longer than it asked for: what is
 * derived now would be refused after the switch.
 *
 * @returns the outlook after that
 * @throws RenkeiError `ABORTED` or a store error
 */
export async function untilReleased(
  { store, now }: Pick<IssuerParts, 'store' | 'now'>,
  signal: AbortSignal | undefined,
): Promise<StoreOutlook> {
  let holdUntil = 0;
  // By the monotonic clock: one that stands still or is set back must not hold anybody for ever.
  let deadline = 0;
  for (;;) {
    const outlook = await store.outlook(signalOption(signal));
    if (outlook.holdUntil !== holdUntil) {
      holdUntil = outlook.holdUntil;
      deadline = performance.now() + holdUntil - now();
    }
    const left = deadline - performance.now();
    if (holdUntil === 0 || left <= 0) return outlook;
    await pauseFor(Math.min(left, POLL_MS), signal);
  }
}
