import type { PerInstitutionCode } from '../../codes/per-institution-code.js';
import type { RoundWork } from '../../lifecycle/round-queue.js';
import type { LogDraft } from '../../stores/log-port.js';
import type { RecordContent, RecordedOutcome } from '../../stores/record-content.js';
import type { NewRecord } from '../../stores/record-port.js';
import type { InstitutionCode } from '../../subjects/institution-code.js';
import { notify } from '../../vault/events.js';
import type { MediatorParts } from '../mediator-parts.js';
import type { PermissionDecision } from '../permissions/decision.js';
import { validUntil } from '../validity.js';
import { type OpenedRequest, openRequests } from './open-requests.js';
import { outcomeOnRecord } from './outcome-on-record.js';
import { answerRepeated, type RepeatedRequest } from './repeated-requests.js';
import { RoundCount } from './round-count.js';
import type { WaitingRequest } from './waiting-request.js';

/** What the first half of a round comes to, by the calls' places. */
export interface PreparedRound {
  readonly decisions: readonly PermissionDecision[];
  readonly opened: readonly OpenedRequest[];
}

/**
 * Serves a round of requests in the order of the law (令26条): the codes are opened, those that may not be passed on
 * without any code of the provider; the records of all are written in one transaction; then everybody is answered.
 */
export class RequestWork implements RoundWork<WaitingRequest, PreparedRound> {
  readonly #parts: MediatorParts;

  constructor(parts: MediatorParts) {
    this.#parts = parts;
  }

  readonly prepare = async (
    calls: readonly WaitingRequest[],
    signal: AbortSignal,
  ): Promise<PreparedRound> => {
    const { issuer, permissions } = this.#parts;
    const decisions = calls.map(({ request: { content }, requestedAt: at }) => {
      const { inquirer, affair, provider, information } = content;
      return permissions.decide({ inquirer, affair, provider, information, at });
    });
    const codes = calls.map(({ request: { code, content }, period }, k) => {
      const { inquirer, provider } = content;
      return { inquirer, provider: decisions[k]?.permitted ? provider : undefined, period, code };
    });
    return { decisions, opened: await openRequests(issuer, codes, signal) };
  };

  readonly finish = async (
    calls: readonly WaitingRequest[],
    { decisions, opened }: PreparedRound,
  ): Promise<void> => {
    const { records: store, clock, observe } = this.#parts;
    const count = new RoundCount();
    const drafts: LogDraft[] = [];
    const records: NewRecord[] = [];
    const recorded: number[] = [];
    calls.forEach((call, place) => {
      const answer = opened[place] as OpenedRequest;
      if (!call.isOpen) return;
      if (answer.status === 'refused') {
        const { inquirer } = call.request.content;
        drafts.push({ event: 'mediation.code-refused', details: { inquirer, error: answer.error } });
      } else if (answer.status === 'opened') {
        recorded.push(place);
        records.push(this.#recordOf(call, decisions[place] as PermissionDecision, answer));
      }
    });
    const written =
      records.length + drafts.length === 0
        ? []
        : (await store.append({ at: clock.read(), records, drafts })).records;

    const repeated: RepeatedRequest[] = [];
    recorded.forEach((place, k) => {
      const call = calls[place] as WaitingRequest;
      const answer = opened[place] as OpenedRequest & { status: 'opened' };
      const { outcome, record } = written[k] as (typeof written)[number];
      if (outcome === 'inserted') {
        // Its content is not read back from the text: that would take as long as all the rest.
        const { content } = records[k] as NewRecord;
        count.answer(call, outcomeOnRecord(record, content, answer.code.code, false));
      } else repeated.push({ call, record, opened: answer });
    });
    calls.forEach((call, place) => {
      const answer = opened[place] as OpenedRequest;
      if (!call.isOpen) return;
      if (answer.status === 'failed') count.fail(call, answer.error);
      if (answer.status === 'refused') count.answer(call, { ...answer, status: 'invalid-code', index: 0 });
    });
    await answerRepeated(this.#parts, repeated, count);
    notify(observe, count.event);
  };

  #recordOf(
    { request, requestedAt, period }: WaitingRequest,
    decision: PermissionDecision,
    { code, generation }: OpenedRequest & { status: 'opened' },
  ): NewRecord {
    const asked = request.content;
    // Member by member: a copy by spreading takes several times as long, and every request has one.
    const content: Writable<RecordContent> = {
      outcome: outcomeOf(decision, code.code),
      inquirer: asked.inquirer,
      provider: asked.provider,
      inquirerName: this.#nameOf(asked.inquirer, requestedAt),
      department: asked.department,
      providerName: this.#nameOf(asked.provider, requestedAt),
      affair: asked.affair,
      procedure: asked.procedure,
      information: asked.information,
      items: asked.items,
      requestedAt,
      nonDisclosure: asked.nonDisclosure,
    };
    if (asked.visibleFrom !== undefined) content.visibleFrom = asked.visibleFrom;
    if (!decision.permitted) content.refusal = decision.reason;
    if (content.outcome === 'forwarded') {
      content.validUntil = validUntil(requestedAt, this.#parts.validityDays);
    }
    return { requestId: request.requestId, period, generation, recordCode: code.recordCode, content };
  }

  /** An institution that the directory does not have is known by its code alone. */
  #nameOf(institution: InstitutionCode, at: number): string {
    return this.#parts.permissions.nameOf(institution, at) ?? institution;
  }
}

type Writable<T> = { -readonly [Member in keyof T]: T[Member] };

function outcomeOf(decision: PermissionDecision, code: PerInstitutionCode | undefined): RecordedOutcome {
  if (!decision.permitted) return 'not-permitted';
  return code === undefined ? 'provider-has-no-code' : 'forwarded';
}
