import type { FastifyInstance } from 'fastify';
import Type from 'typebox';
import { requireOwn } from '../http/callers.js';
import { Problem } from '../http/problem.js';
import { closed, institution, PROBLEMS, serialNumber } from '../http/schemas.js';
import { acquisitionMessage } from './messages.js';
import { person } from './person.js';
import type { Mediation } from './requests.js';

const asked = closed(
  { inquirer: institution('機関コード of the inquirer'), serial: serialNumber, person },
  'What the provider is to acquire a code of (令26条3項)',
);
const answered = closed(
  { outcome: Type.Enum(['asked', 'unknown']) },
  '`unknown`: the inquirer has no such request that was answered with `provider-has-no-code`',
);

/** POST /v1/acquisitions: an inquirer asks a provider without a code to acquire one (令26条3項). */
export function addAcquisitions(app: FastifyInstance, { mediator, store, outbox }: Mediation): void {
  app.post<{ Body: Type.Static<typeof asked> }>(
    '/v1/acquisitions',
    {
      schema: {
        tags: ['inquirer'],
        summary: 'Asks a provider without a code of the person to acquire one',
        body: asked,
        response: { 200: answered, ...PROBLEMS },
      },
    },
    async ({ caller, body }): Promise<Type.Static<typeof answered>> => {
      requireOwn(caller, body.inquirer);
      const content = (await store.latest([body.serial]))[0]?.content;
      // Whoever asks about another's request learns nothing of it, not even that its provider is behind.
      const isOwn = content?.inquirer === body.inquirer;
      if (isOwn && outbox.isFull(content.provider)) throw new Problem('BACKLOG');
      const outcome = await mediator.askToAcquire(body);
      if (outcome.status === 'asked') {
        const { notice } = outcome;
        outbox.put(notice.content.provider, acquisitionMessage(notice, Date.now()));
      }
      return { outcome: outcome.status };
    },
  );
}
