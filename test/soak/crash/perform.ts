import { type Issuer, RenkeiError, ResidentRecordCode } from 'renkei';
import { acquisitionNumbers } from '../../support/synthetic-batches.js';
import { type Action, type IssueAction, writeJournal } from './journal.js';
import { residentsOf, residentText } from './population.js';

const RETRY_PAUSE_MS = 50;

/** Does an action of one transaction; gives one answer a request, as a text. */
export async function performBatch(issuer: Issuer, action: Action): Promise<string[]> {
  if (action.kind === 'change') {
    const changes = { old: residentsOf(action.residents), new: residentsOf(action.to) };
    return Array.from(await issuer.changeResidentRecordCodes(changes), ({ status }) => status);
  }
  if (action.kind === 'remove') {
    return Array.from(await issuer.removePersons(residentsOf(action.residents)), (item) =>
      item.status === 'removed'
        ? ['removed', item.residentRecordCodes, ...item.issuances.map((each) => each.institution)].join(' ')
        : item.status,
    );
  }
  const request = {
    acquisitionNumbers: acquisitionNumbers(action.residents.length),
    residents: residentsOf(action.residents),
  };
  const result = await issuer.issueBatch(action.institution, request, { reissue: true });
  return Array.from(result, (item) => textOf(item));
}

/** Asks for one code, by itself. */
export async function performSingle(issuer: Issuer, action: IssueAction): Promise<string[]> {
  const residentRecordCode = new ResidentRecordCode(residentText(action.residents[0] as number));
  const request = { acquisitionNumber: 'A-1', residentRecordCode };
  return [textOf(await issuer.issue(action.institution, request, { reissue: true }))];
}

/** An answer to a request for a code, as a text. */
export function textOf(item: { readonly status: string; readonly code?: string }): string {
  return `${item.status} ${item.code}`;
}

/** Does an operation until it is answered, and writes down when it begins and how each attempt ends. */
export async function perform(
  operation: string,
  action: Action,
  attempt: () => Promise<readonly string[]>,
): Promise<void> {
  writeJournal({ event: 'begin', operation, action });
  const answers = await untilAnswered(operation, attempt);
  if (answers !== undefined) writeJournal({ event: 'end', operation, answers });
}

/** Makes a call until it is answered, and writes down each failure; `undefined` when it was rejected for good. */
export async function untilAnswered<T>(operation: string, call: () => Promise<T>): Promise<T | undefined> {
  for (;;) {
    try {
      return await call();
    } catch (failure) {
      const known = failure instanceof RenkeiError;
      const retryable = known && failure.retryable;
      const error = known ? `${failure.code}: ${failure.message}` : String(failure);
      writeJournal({ event: 'failed', operation, error, retryable });
      if (!retryable) return undefined;
      await new Promise((resolve) => setTimeout(resolve, RETRY_PAUSE_MS));
    }
  }
}
