import { RenkeiError } from '../../errors/renkei-error.js';
import type { CallLimits } from '../call-limits.js';

/** How long an aborted call waits for the module, so that buffers are wiped when it ends. */
const GRACE_MS = 500;

/**
 * The result of a try, or the end of its caller's patience, or of the vault's with the module: that ends the whole
 * call, so that nothing of it is begun or handed out later. The try itself goes on until the module answers.
 *
 * @param onOverdue told when the module has not answered in time, also when the caller has gone before
 */
export function withinLimits<T>(
  running: Promise<T>,
  limits: CallLimits,
  moduleTimeoutMs: number,
  onOverdue: () => void,
): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    let grace: NodeJS.Timeout | undefined;
    const overdue = setTimeout(() => {
      onOverdue();
      limits.end(
        new RenkeiError('DEADLINE_EXCEEDED', `the module has not answered within ${moduleTimeoutMs} ms`),
      );
      reject(limits.error);
    }, moduleTimeoutMs);
    const giveUp = () => {
      grace = setTimeout(() => reject(limits.error), GRACE_MS);
    };
    if (limits.error === undefined) limits.signal.addEventListener('abort', giveUp, { once: true });
    else giveUp();
    const cleanUp = () => {
      clearTimeout(overdue);
      clearTimeout(grace);
      limits.signal.removeEventListener('abort', giveUp);
    };
    running.then(resolve, reject).finally(cleanUp);
  });
}
