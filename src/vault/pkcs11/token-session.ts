import { CallLimits } from '../call-limits.js';
import {
  DEFAULT_BREAKER_PAUSE_MS,
  DEFAULT_CHUNK_BYTES,
  DEFAULT_MODULE_TIMEOUT_MS,
  type TokenOptions,
} from './options.js';
import { SessionPool } from './session-pool.js';
import type { SessionWorker } from './session-worker.js';

/** Managing keys is not safe to repeat blindly: a fault ends the action, and whoever ran it looks what was done. */
const NO_RETRIES = {
  retries: 0,
  moduleTimeoutMs: DEFAULT_MODULE_TIMEOUT_MS,
  breakerPauseMs: DEFAULT_BREAKER_PAUSE_MS,
  observe: undefined,
};

/**
 * Opens one session on a token for management (no engine), logged in as the user, for the length of one action.
 *
 * @param access `write` to make, change or destroy keys
 * @throws RenkeiError whatever opening meets, or the action
 */
export async function withTokenSession<T>(
  options: TokenOptions,
  access: 'read' | 'write',
  action: (worker: SessionWorker) => Promise<T>,
): Promise<T> {
  const request = {
    token: options.token,
    writable: access === 'write',
    engine: undefined,
    chunkBytes: DEFAULT_CHUNK_BYTES,
  };
  const pool = await SessionPool.open(options, 1, request, NO_RETRIES);
  const limits = new CallLimits({});
  try {
    return await pool.run(action, limits);
  } finally {
    limits.dispose();
    await pool.close();
  }
}
