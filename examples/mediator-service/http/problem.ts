import { ERROR_CODES, RenkeiError, type RenkeiErrorCode } from 'renkei';

/** What the service itself refuses requests for: status and title by code. */
const PROBLEMS = {
  BODY_INVALID: [400, 'The request is not as the description says'],
  BODY_TOO_LARGE: [413, 'The request is too large'],
  MEDIA_TYPE_UNKNOWN: [415, 'The service takes application/json only'],
  CERTIFICATE_UNKNOWN: [401, 'The certificate names nobody known here'],
  CONNECTION_OUTDATED: [401, 'The certificates were read again: connect anew'],
  ROLE_REFUSED: [403, 'This is not for the holder of this certificate'],
  INSTITUTION_MISMATCH: [403, 'The certificate is of another institution'],
  NOT_FOUND: [404, 'There is no such thing here'],
  RATE_LIMITED: [429, 'Too many requests'],
  BACKLOG: [503, 'The provider has not fetched its notices: try again later'],
  TIMED_OUT: [503, 'The service did not answer in time: try again'],
  STOPPING: [503, 'The service is stopping: try again'],
  FAILED: [500, 'The service failed'],
} as const satisfies Record<string, readonly [number, string]>;

/** A code of the service's own. */
export type ProblemCode = keyof typeof PROBLEMS;

/** Every code of the service's own, with its status. docs/mediator-service.md explains each. */
export const PROBLEM_STATUS: ReadonlyMap<string, number> = new Map(
  Object.entries(PROBLEMS).map(([code, [status]]) => [code, status]),
);

/** Codes of the library that say that the request is wrong. */
const WRONG_REQUEST: ReadonlySet<RenkeiErrorCode> = new Set([
  'OPTION_INVALID',
  'INSTITUTION_CODE_INVALID',
  'RECORD_PERIOD_INVALID',
  'CURSOR_INVALID',
]);

/** Codes of the library that say that the request does not go with what is on record. */
const CONFLICT: ReadonlySet<RenkeiErrorCode> = new Set(['REQUEST_CONFLICT', 'RECORD_PERIOD_RETIRED']);

/** Codes of the library that say that a code leads to nobody. */
const NOBODYS_CODE: ReadonlySet<RenkeiErrorCode> = new Set([
  'CODE_LENGTH',
  'CODE_CHARACTER',
  'CODE_VERSION_INVALID',
  'CODE_VERSION_UNKNOWN',
  'CODE_VERSION_RETIRED',
  'CODE_FORGED',
  'CODE_NOT_ISSUED',
]);

/** Seconds after which a request that failed for the moment may be made again. */
const RETRY_AFTER_SECONDS = 1;

/** Why a request is refused. */
export class Problem extends Error {
  readonly code: ProblemCode;
  /** Which part of the request is wrong, as JSON pointer, and which rule of the description it breaks. */
  readonly fault: ProblemFault | undefined;

  constructor(code: ProblemCode, fault?: ProblemFault) {
    super(PROBLEMS[code][1]);
    this.code = code;
    this.fault = fault;
  }
}

/** Where a request is wrong. Never what stands there. */
export interface ProblemFault {
  readonly pointer: string;
  readonly rule: string;
}

/** Problem details of RFC 9457 as this service gives them. */
export interface ProblemDetails {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  /** Stable code: one of the library's (docs/errors.md), or one of the service's own. */
  readonly code: string;
  /** Whether the same request may be made again. */
  readonly retryable: boolean;
  /** Name of this answer in the log. */
  readonly instance: string;
  readonly fault?: ProblemFault;
}

/**
 * What is told of an error: codes, and where the request is wrong. Never a message, which may repeat what was sent.
 *
 * @param requestId name of the request in the log
 */
export function problemDetails(error: unknown, requestId: string): ProblemDetails {
  const { code, status, title, retryable } = describe(error);
  const fault = error instanceof Problem ? error.fault : undefined;
  return {
    type: `urn:example:renkei:problem:${code}`,
    title,
    status,
    code,
    retryable,
    instance: `urn:uuid:${requestId}`,
    ...(fault !== undefined && { fault }),
  };
}

/** Seconds for the header Retry-After; undefined where trying again would not help. */
export function retryAfter({ retryable }: ProblemDetails): string | undefined {
  return retryable ? `${RETRY_AFTER_SECONDS}` : undefined;
}

function describe(error: unknown): Pick<ProblemDetails, 'code' | 'status' | 'title' | 'retryable'> {
  if (error instanceof RenkeiError) {
    const { code } = error;
    const { retryable } = ERROR_CODES[code];
    return { code, retryable, ...describeLibrary(code, retryable) };
  }
  const code = error instanceof Problem ? error.code : 'FAILED';
  const [status, title] = PROBLEMS[code];
  return { code, status, title, retryable: status === 503 || status === 429 };
}

function describeLibrary(
  code: RenkeiErrorCode,
  retryable: boolean,
): Pick<ProblemDetails, 'status' | 'title'> {
  if (retryable) return { status: 503, title: 'Not possible for the moment: try again' };
  if (WRONG_REQUEST.has(code)) return { status: 400, title: PROBLEMS.BODY_INVALID[1] };
  if (CONFLICT.has(code)) return { status: 409, title: 'The request does not go with what is on record' };
  if (NOBODYS_CODE.has(code)) return { status: 422, title: 'The code leads to nobody' };
  return { status: 500, title: PROBLEMS.FAILED[1] };
}
