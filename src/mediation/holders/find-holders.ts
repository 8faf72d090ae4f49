import { signalOption } from '../../errors/abort.js';
import { RenkeiError } from '../../errors/renkei-error.js';
import type { Issuer } from '../../issuance/issuer.js';
import type { HoldersItem } from '../../issuance/presented-codes/code-holders.js';
import type { LogDraft } from '../../stores/log-port.js';
import type { InstitutionCode } from '../../subjects/institution-code.js';
import type { MediatorParts } from '../mediator-parts.js';
import { checkHoldersRequest, type HoldersOutcome, type HoldersRequest } from './holders-request.js';

/** Finds out who holds a code of a person; what was asked and how it ended is in the log before it is answered. */
export async function findHolders(
  parts: MediatorParts,
  request: HoldersRequest,
  signal: AbortSignal | undefined,
): Promise<HoldersOutcome> {
  const { inquirer, code, affair } = checkHoldersRequest(request);
  const { issuer, records, permissions, holderAffairs, clock } = parts;
  const isPermitted = holderAffairs.has(affair) && permissions.mayInquire(inquirer, affair, clock.read());
  const outcome: HoldersOutcome = isPermitted
    ? await holdersOf(issuer, inquirer, code, signal)
    : { status: 'not-permitted' };
  await records.appendLog([draftOf(inquirer, affair, outcome)], clock.read(), signalOption(signal));
  return outcome;
}

async function holdersOf(
  issuer: Issuer,
  inquirer: InstitutionCode,
  code: string,
  signal: AbortSignal | undefined,
): Promise<HoldersOutcome> {
  try {
    const [item] = await issuer.holders([code], { from: inquirer, ...signalOption(signal) });
    const { index: _, ...answer } = item as HoldersItem;
    return answer.status === 'found' ? answer : { ...answer, status: 'invalid-code' };
  } catch (error) {
    if (!(error instanceof RenkeiError) || error.code !== 'INSTITUTION_UNKNOWN') throw error;
    return { status: 'invalid-code', error: error.code };
  }
}

function draftOf(inquirer: InstitutionCode, affair: string, outcome: HoldersOutcome): LogDraft {
  switch (outcome.status) {
    case 'found': {
      const institutions = outcome.institutions.length;
      return { event: 'mediation.holders-found', details: { inquirer, affair, institutions } };
    }
    case 'invalid-code':
      return { event: 'mediation.code-refused', details: { inquirer, error: outcome.error } };
    default:
      // The affair is whatever the inquirer wrote: it is not for the log.
      return { event: 'mediation.holders-refused', details: { inquirer } };
  }
}
