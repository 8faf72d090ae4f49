import type { FastifyReply } from 'fastify';

/**
 * Aborts when the connection goes before the answer is out. The signal of a request itself will not do: it aborts as
 * soon as the body has been read.
 */
export function disconnection({ raw }: FastifyReply): AbortSignal {
  const controller = new AbortController();
  raw.once('close', () => controller.abort());
  return controller.signal;
}
