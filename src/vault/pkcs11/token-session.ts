import { DEFAULT_CHUNK_BYTES, type TokenOptions } from './options.js';
import { SessionPool } from './session-pool.js';
import type { SessionWorker } from './session-worker.js';

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
  const pool = await SessionPool.open(options, 1, {
    token: options.token,
    writable: access === 'write',
    engine: undefined,
    chunkBytes: DEFAULT_CHUNK_BYTES,
  });
  try {
    return await pool.use(action);
  } finally {
    await pool.close();
  }
}
