import type { FastifyInstance } from 'fastify';
import type { Vault } from 'renkei';
import Type from 'typebox';
import { requireRole } from '../http/callers.js';
import type { Metrics } from '../http/metrics.js';
import { closed, PROBLEMS } from '../http/schemas.js';

/** What the operator's routes look at. */
export interface Operations {
  readonly vault: Vault;
  readonly metrics: Metrics;
}

const health = closed(
  {
    status: Type.Enum(['ready', 'degraded', 'unavailable', 'closed']),
    sessions: Type.Integer({ description: 'Sessions of the HSM' }),
    brokenSessions: Type.Integer({ description: 'Sessions that are to be mended before their next use' }),
    recoveries: Type.Integer({ description: 'Recoveries since the start' }),
  },
  'How the HSM is: requests are served while it is ready or degraded',
);

/** GET /health, /metrics and /openapi.json: for whoever watches over the service. */
export function addOperations(app: FastifyInstance, { vault, metrics }: Operations): void {
  const tags = ['operator'];

  app.get(
    '/health',
    {
      schema: {
        tags,
        summary: 'Whether requests are served',
        response: { 200: health, 503: health, ...PROBLEMS },
      },
    },
    async ({ caller }, reply) => {
      requireRole(caller, 'operator');
      const { state, sessions, brokenSessions, recoveries } = vault.health();
      const serves = state === 'ready' || state === 'degraded';
      return reply.code(serves ? 200 : 503).send({ status: state, sessions, brokenSessions, recoveries });
    },
  );

  app.get(
    '/metrics',
    { schema: { tags, summary: 'Counts and durations, in the text format of Prometheus' } },
    async ({ caller }, reply) => {
      requireRole(caller, 'operator');
      return reply.type(metrics.contentType).send(await metrics.text());
    },
  );

  app.get('/openapi.json', { schema: { tags, summary: 'This description' } }, async () => app.swagger());
}
