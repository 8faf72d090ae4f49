import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { Problem, type ProblemCode, type ProblemDetails, problemDetails, retryAfter } from './problem.js';

/** What Fastify refuses a request for, before any route sees it. */
const REFUSED_BY_FASTIFY: Readonly<Record<string, ProblemCode>> = {
  FST_ERR_CTP_BODY_TOO_LARGE: 'BODY_TOO_LARGE',
  FST_ERR_CTP_INVALID_MEDIA_TYPE: 'MEDIA_TYPE_UNKNOWN',
  FST_ERR_HANDLER_TIMEOUT: 'TIMED_OUT',
};

/** Answers every error with problem details (RFC 9457), and logs what failed here by name and place, not by message. */
export function handleErrors(app: FastifyInstance): void {
  app.setErrorHandler((error: unknown, request, reply) => answer(reply, request, error));
  app.setNotFoundHandler((request, reply) => answer(reply, request, new Problem('NOT_FOUND')));
}

function answer(reply: FastifyReply, request: FastifyRequest, error: unknown): FastifyReply {
  const details = noteProblem(reply, request, error);
  return reply.type('application/problem+json').send(JSON.stringify(details));
}

/** Status and headers of the answer to an error, and a line in the log where the service is to blame. */
export function noteProblem(reply: FastifyReply, request: FastifyRequest, error: unknown): ProblemDetails {
  const details = problemDetails(asProblem(error), request.id);
  const { status, code } = details;
  if (status >= 500) request.log.error({ code, place: placeOf(error) }, 'failed');
  const after = retryAfter(details);
  if (after !== undefined && !reply.hasHeader('retry-after')) reply.header('retry-after', after);
  if (status === 401 || code === 'STOPPING') reply.header('connection', 'close');
  reply.code(status);
  return details;
}

/** Errors of Fastify in our words. */
function asProblem(error: unknown): unknown {
  if (!isOfFastify(error)) return error;
  const [fault] = error.validation ?? [];
  if (fault !== undefined) {
    return new Problem('BODY_INVALID', { pointer: fault.instancePath, rule: fault.keyword });
  }
  const refused = REFUSED_BY_FASTIFY[error.code];
  if (refused !== undefined) return new Problem(refused);
  // A body that is no JSON, a length that does not fit: the text of such an error may repeat what was sent.
  if (error.statusCode !== undefined && error.statusCode < 500) return new Problem('BODY_INVALID');
  return error;
}

function isOfFastify(error: unknown): error is FastifyError {
  return error instanceof Error && 'statusCode' in error;
}

/** Where an error arose: its stack without the message. */
function placeOf(error: unknown): readonly string[] {
  const lines = error instanceof Error ? (error.stack ?? '').split('\n') : [];
  return lines.filter((line) => /^\s+at /.test(line)).map((line) => line.trim());
}
