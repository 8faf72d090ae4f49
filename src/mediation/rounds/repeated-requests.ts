import { RenkeiError } from '../../errors/renkei-error.js';
import type { AccessRecord } from '../../stores/access-record.js';
import type { MediatorParts } from '../mediator-parts.js';
import { isSameRequest } from '../requests/mediation-request.js';
import { type OpenedRequest, openRequests } from './open-requests.js';
import { outcomeOnRecord } from './outcome-on-record.js';
import type { RoundCount } from './round-count.js';
import type { WaitingRequest } from './waiting-request.js';

type Opened = OpenedRequest & { readonly status: 'opened' };

/** A request under a name that its inquirer has used before. */
export interface RepeatedRequest {
  readonly call: WaitingRequest;
  /** First branch of what is on record under the name. */
  readonly record: AccessRecord;
  /** What its code was opened to. */
  readonly opened: Opened;
}

/**
 * Answers requests that are on record already: with the outcome on record, if what is asked is the same and about the
 * same person. What was forwarded is answered with the provider's code, computed anew: the decision of then stands.
 */
export async function answerRepeated(
  parts: MediatorParts,
  repeated: readonly RepeatedRequest[],
  count: RoundCount,
): Promise<void> {
  const same: RepeatedRequest[] = [];
  for (const one of repeated) {
    if (isSameRequest(one.record.content, one.call.request.content)) same.push(one);
    else conflict(one, count);
  }
  const others: RepeatedRequest[] = [];
  for (const one of await openedAsRecorded(parts, same, count)) {
    if (isOfPerson(one.record, one.opened)) answer(one, count);
    else others.push(one);
  }
  if (others.length > 0) await lookAgain(parts, others, count);
}

/** Opens codes again where the record is of another period, or where the provider's code was not wanted. */
async function openedAsRecorded(
  { issuer }: MediatorParts,
  repeated: readonly RepeatedRequest[],
  count: RoundCount,
): Promise<readonly RepeatedRequest[]> {
  const ready: RepeatedRequest[] = [];
  const again: RepeatedRequest[] = [];
  for (const one of repeated) {
    const { call, record, opened } = one;
    const lacksCode = record.content.outcome === 'forwarded' && opened.code.code === undefined;
    if (record.period !== call.period || lacksCode) again.push(one);
    else ready.push(one);
  }
  if (again.length === 0) return ready;
  const codes = again.map(({ call: { request }, record: { content, period } }) => {
    const provider = content.outcome === 'forwarded' ? content.provider : undefined;
    return { inquirer: content.inquirer, provider, period, code: request.code };
  });
  const opened = await openRequests(issuer, codes, undefined);
  again.forEach((one, k) => {
    const answered = opened[k] as OpenedRequest;
    if (answered.status === 'opened') ready.push({ ...one, opened: answered });
    else if (answered.status === 'failed') count.fail(one.call, answered.error);
    else count.fail(one.call, new RenkeiError(answered.error, 'the code has come to be refused meanwhile'));
  });
  return ready;
}

/**
 * Record codes that differ are of different people if they carry the same generation, and the rows of a period are
 * known to carry that of the period only when it is the active one. Once it is, the row is read again: it may have been
 * put under its new code since.
 */
async function lookAgain(
  { records }: MediatorParts,
  repeated: readonly RepeatedRequest[],
  count: RoundCount,
): Promise<void> {
  const periods = await records.periods();
  const generations = new Map(periods.map(({ period, generation }) => [period, generation]));
  const asked = repeated.map(({ call: { request } }) => {
    return { inquirer: request.content.inquirer, requestId: request.requestId };
  });
  const rows = await records.requests(asked);
  repeated.forEach((one, k) => {
    const record = rows[k];
    if (record !== undefined && isOfPerson(record, one.opened)) answer({ ...one, record }, count);
    else if (record !== undefined && generations.get(record.period) === one.opened.generation) {
      conflict(one, count);
    } else count.fail(one.call, outdated());
  });
}

function isOfPerson(record: AccessRecord, { code }: Opened): boolean {
  return Buffer.compare(record.recordCode, code.recordCode) === 0;
}

function answer({ call, record, opened }: RepeatedRequest, count: RoundCount): void {
  try {
    count.answer(call, outcomeOnRecord(record, record.content, opened.code.code, true));
  } catch (error) {
    count.fail(call, error);
  }
}

function conflict({ call }: RepeatedRequest, count: RoundCount): void {
  count.answer(call, { index: 0, status: 'refused', error: 'REQUEST_CONFLICT' });
}

function outdated(): RenkeiError {
  return new RenkeiError(
    'RECORDS_OUTDATED',
    'the record of the request is still under the code of a generation before the active one',
  );
}
