import { parentPort } from 'node:worker_threads';
import type { RequestMessage } from '../protocol.js';
import { WorkerSession } from './worker-session.js';

/** The entry of a worker thread. */
const session = new WorkerSession();
parentPort?.on('message', (message: RequestMessage) => {
  parentPort?.postMessage(session.answer(message));
});
