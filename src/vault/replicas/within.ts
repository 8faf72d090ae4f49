import type { CallLimits } from '../call-limits.js';

/** Waits for an answer, but not longer than the call may run; a late failure is heard and dropped. */
export async function within<T>(limits: CallLimits, answer: Promise<T>): Promise<T> {
  let stop = (): void => undefined;
  const end = new Promise<void>((resolve) => {
    stop = resolve;
  });
  limits.signal.addEventListener('abort', stop, { once: true });
  try {
    const first = await Promise.race([answer, end]);
    limits.check();
    return first as T;
  } finally {
    limits.signal.removeEventListener('abort', stop);
  }
}
