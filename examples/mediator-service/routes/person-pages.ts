import { readFileSync } from 'node:fs';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { type Issuer, type Records, RenkeiError } from 'renkei';
import Type from 'typebox';
import { requireRole } from '../http/callers.js';
import { noteProblem } from '../http/error-handling.js';
import { Problem } from '../http/problem.js';
import { closed, moment, PROBLEMS, personCode } from '../http/schemas.js';
import { Views } from '../http/views.js';
import { messagePage } from '../page/message-page.js';
import { recordsPage } from '../page/records-page.js';
import { DISCLOSER, receiptNumber } from './disclosures.js';

/** What pages are made with. */
export interface PersonPages {
  readonly issuer: Issuer;
  readonly records: Records;
}

const OPEN_MS = 15 * 60_000;
const MOST_OPEN = 10_000;
const RECORDS_ON_A_PAGE = 20;

const asked = closed({ code: personCode('the disclosure system'), receiptNumber }, 'Whose page is wanted');
const opened = closed(
  {
    path: Type.String({ description: 'Path of the page on this service' }),
    expiresAt: moment('Until when it may be seen'),
  },
  'A page that may be seen for a while',
);
const params = closed({ name: Type.String({ pattern: '^[A-Za-z0-9_-]{43}$' }) }, 'Name of the page');
const query = closed(
  { cursor: Type.Optional(Type.String({ pattern: '^[A-Za-z0-9_-]{1,100}$' })) },
  'Where to go on',
);

/**
 * POST /v1/disclosure-pages, GET /disclosures/…: the page on which a person sees who asked for what. Who the person is
 * the disclosure system has made sure of; its certificate is all that is looked at here.
 */
export function addPersonPages(app: FastifyInstance, { issuer, records }: PersonPages): void {
  const views = new Views({ most: MOST_OPEN, openMs: OPEN_MS, now: Date.now });
  const tags = ['disclosure system'];

  app.post<{ Body: Type.Static<typeof asked> }>(
    '/v1/disclosure-pages',
    {
      schema: {
        tags,
        summary: "Opens a page with a person's records",
        body: asked,
        response: { 201: opened, ...PROBLEMS },
      },
    },
    async ({ caller, body }, reply) => {
      const { institution } = requireRole(caller, 'disclosure-system');
      await requireSomebodys(issuer, body.code, institution);
      const { name, expiresAt } = views.open(body.code, body.receiptNumber);
      const path = `/disclosures/${name}`;
      return reply.code(201).send({ path, expiresAt: new Date(expiresAt).toISOString() });
    },
  );

  app.get<{ Params: Type.Static<typeof params>; Querystring: Type.Static<typeof query> }>(
    '/disclosures/:name',
    {
      schema: { tags, summary: 'The page, in HTML', params, querystring: query },
      errorHandler: sayInWords,
    },
    async ({ caller, params: { name }, query: { cursor } }, reply) => {
      requireRole(caller, 'disclosure-system');
      const view = views.find(name);
      if (view === undefined) throw new Problem('NOT_FOUND');
      const { code, receiptNumber } = view;
      const asked = { code, receiptNumber, who: DISCLOSER, limit: RECORDS_ON_A_PAGE };
      const disclosure = await records.disclose({ ...asked, ...(cursor !== undefined && { cursor }) });
      const first = `/disclosures/${name}`;
      const next = disclosure.next === undefined ? undefined : `${first}?cursor=${disclosure.next}`;
      const isFirst = cursor === undefined;
      return asPage(reply).send(recordsPage({ disclosure, receiptNumber, first, next, isFirst }));
    },
  );

  const style = readFileSync(new URL('../page/records.css', import.meta.url), 'utf8');
  app.get('/assets/records.css', { schema: { tags, summary: 'Style of the page' } }, async (_, reply) =>
    reply.type('text/css; charset=utf-8').send(style),
  );
}

/** @throws RenkeiError why the code leads to nobody */
async function requireSomebodys(issuer: Issuer, code: string, from: string): Promise<void> {
  const item = (await issuer.managementInformation([code], { from })).at(0);
  if (item?.status === 'refused') throw new RenkeiError(item.error, 'the code leads to nobody');
}

/** Whoever looks at a page is told in words, not in JSON. */
function sayInWords(error: Error, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const { status } = noteProblem(reply, request, error);
  return asPage(reply).send(messagePage(status));
}

function asPage(reply: FastifyReply): FastifyReply {
  return reply.type('text/html; charset=utf-8').header('content-security-policy', PAGE_POLICY);
}

/** A style of our own, and nothing else: no scripts, no pictures, no forms, no frames. */
const PAGE_POLICY =
  "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
