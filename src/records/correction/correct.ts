import { signalOption } from '../../errors/abort.js';
import type { AccessRecord } from '../../stores/access-record.js';
import type { LogDraft } from '../../stores/log-port.js';
import type { InstitutionCode } from '../../subjects/institution-code.js';
import { behalfDetails } from '../on-behalf.js';
import type { CorrectRequest, RecordsContext } from '../records-options.js';
import { changedContent } from './correctable.js';

/** What became of a correction. */
export type Correction =
  | {
      /** A branch with the change is on record, and the entry `records.corrected`. */
      readonly outcome: 'corrected';
      /** The row that holds now. */
      readonly record: AccessRecord;
      /** 機関コード of inquirer and provider, who are to be told of it (番号法31条2項, 個人情報保護法97条). */
      readonly notify: readonly [InstitutionCode, InstitutionCode];
    }
  | {
      /** The record says so already, perhaps since this correction was made before. Nothing was written. */
      readonly outcome: 'existed';
      /** The row that holds. */
      readonly record: AccessRecord;
    }
  | {
      /** Another branch holds than the one that was to be corrected. Nothing was written. */
      readonly outcome: 'conflict';
      /** The row that holds. */
      readonly record: AccessRecord;
    }
  | {
      /** There is no such serial number, or its record has been erased. */
      readonly outcome: 'unknown';
    };

/** How often a correction is made anew because other branches came meanwhile. */
const TRIES = 5;

/** Corrects a record by a further branch (記録事項変更事由), with its log entry in the same transaction. */
export async function correct(context: RecordsContext, request: CorrectRequest): Promise<Correction> {
  const { store, now } = context;
  const { serial, branch, change, reason, signal } = request;
  for (let attempt = 1; ; attempt++) {
    const [last] = await store.latest([serial], signalOption(signal));
    if (last === undefined) return { outcome: 'unknown' };
    const { content, members } = changedContent(last.content, change, reason);
    if (members.length === 0) return { outcome: 'existed', record: last };
    if ((branch ?? last.branch) !== last.branch || attempt > TRIES)
      return { outcome: 'conflict', record: last };
    const next = { serial, branch: last.branch + 1, content };
    const branches = [{ ...next, draft: draftOf(request, next.branch, members) }];
    const [written] = (await store.append({ at: now(), branches }, signalOption(signal))).branches;
    if (written?.outcome !== 'inserted') continue;
    const notify = [content.inquirer, content.provider] as const;
    return { outcome: 'corrected', record: written.record, notify };
  }
}

function draftOf(request: CorrectRequest, branch: number, members: readonly string[]): LogDraft {
  const { serial } = request;
  return { event: 'records.corrected', details: { ...behalfDetails(request), serial, branch, members } };
}
