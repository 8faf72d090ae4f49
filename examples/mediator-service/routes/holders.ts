import type { FastifyInstance } from 'fastify';
import type { Issuer } from 'renkei';
import Type from 'typebox';
import { requireRole } from '../http/callers.js';
import { Problem } from '../http/problem.js';
import { closed, institution, PROBLEMS, personCode } from '../http/schemas.js';

const asked = closed(
  { inquirer: institution('機関コード of the inquirer'), code: personCode('the inquirer') },
  'Of whom the 通知先 are asked for',
);

const answered = Type.Union([
  closed(
    { outcome: Type.Literal('found'), institutions: Type.Array(institution('機関コード')) },
    'Institutions that hold a code of the person',
  ),
  closed({ outcome: Type.Literal('invalid-code') }, 'The code is not one of the inquirer'),
]);

/** POST /v1/holders: which institutions hold a code of a person (通知先, 命令85 40条3項). */
export function addHolders(app: FastifyInstance, issuer: Issuer): void {
  app.post<{ Body: Type.Static<typeof asked> }>(
    '/v1/holders',
    {
      schema: {
        tags: ['inquirer'],
        summary: 'Institutions that hold a code of a person (通知先)',
        body: asked,
        response: { 200: answered, ...PROBLEMS },
      },
    },
    async ({ caller, body }): Promise<Type.Static<typeof answered>> => {
      const { institution } = requireRole(caller, 'institution');
      if (body.inquirer !== institution) throw new Problem('INSTITUTION_MISMATCH');
      const result = await issuer.holders([body.code], { from: institution });
      const item = result.at(0);
      if (item?.status !== 'found') return { outcome: 'invalid-code' };
      return { outcome: 'found', institutions: [...item.institutions] };
    },
  );
}
