import { wipe } from '../../bytes/wipe.js';
import { type LoginRole, type PinCallback, readPin } from './options.js';
import type { SessionWorker } from './session-worker.js';

/**
 * Asks for a PIN and logs in with it: one call, whatever the answer.
 *
 * @param inside makes the call, for whoever is not counted as inside the module already
 */
export async function logIn(
  worker: SessionWorker,
  role: LoginRole,
  callback: PinCallback | undefined,
  inside: (call: () => Promise<unknown>) => Promise<unknown> = (call) => call(),
): Promise<void> {
  const pin = await readPin(callback);
  const shared = new SharedArrayBuffer(pin.length);
  const copy = new Uint8Array(shared);
  try {
    copy.set(pin);
    await inside(() => worker.ask('login', { pin: shared, role }));
  } finally {
    wipe(pin, copy);
  }
}
