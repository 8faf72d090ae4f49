import { isKeptText } from '../../bytes/kept-text.js';
import { checkOptions, type OptionRule } from '../../errors/options.js';
import { RenkeiError } from '../../errors/renkei-error.js';
import type { RecordContent } from '../../stores/record-content.js';

/**
 * What may be corrected (記録の訂正): how the record describes what happened, when, and whether and from when the person may
 * see it. Members that are not here keep what they say: serial number, record code and period, since they say whose record
 * it is and where it is found; the institutions' codes and the name of the request, since they say which request it is;
 * outcome, refusal and 有効期間, since the mediator decided them and acted on them.
 */
export interface CorrectableContent
  extends Pick<
    RecordContent,
    | 'inquirerName'
    | 'department'
    | 'providerName'
    | 'affair'
    | 'procedure'
    | 'information'
    | 'items'
    | 'requestedAt'
    | 'nonDisclosure'
  > {
  /** 提供の日時; `null`: nothing was provided. */
  readonly providedAt: number | null;
  /** The record is shown to the person from this moment on; `null`: at once. */
  readonly visibleFrom: number | null;
}

/** What is to be corrected: at least one member. */
export type RecordChange = Partial<CorrectableContent>;

/** What the store checks of each member; here is only which there are. */
const anything: OptionRule = { expects: 'given', check: () => true };
const CHANGE_RULES: Readonly<Record<keyof CorrectableContent, OptionRule>> = {
  inquirerName: anything,
  department: anything,
  providerName: anything,
  affair: anything,
  procedure: anything,
  information: anything,
  items: anything,
  requestedAt: anything,
  nonDisclosure: anything,
  providedAt: anything,
  visibleFrom: anything,
};

/**
 * @throws RenkeiError `OPTION_UNKNOWN` for a member that may not be corrected, `OPTION_INVALID` when there is none
 */
export function checkChange(change: RecordChange): void {
  checkOptions('correct: change', change, CHANGE_RULES);
  if (Object.values(change).some((value) => value !== undefined)) return;
  throw new RenkeiError('OPTION_INVALID', 'correct: option "change" must name what is to be corrected');
}

/** 記録事項変更事由. */
export const REASON_RULE: OptionRule = {
  required: true,
  expects: 'a text of 1 to 1,000 characters',
  check: (value) => isKeptText(value) && value.length >= 1 && value.length <= 1_000,
};

/** A content with a change in it, and names of the members that are other than before. */
export function changedContent(
  content: RecordContent,
  change: RecordChange,
  changeReason: string,
): { readonly content: RecordContent; readonly members: readonly string[] } {
  const given = Object.entries(change).filter(([, value]) => value !== undefined);
  const before = content as unknown as Readonly<Record<string, unknown>>;
  const members = given
    .filter(([name, value]) => JSON.stringify(before[name] ?? null) !== JSON.stringify(value))
    .map(([name]) => name)
    .sort();
  const after = Object.entries({ ...content, ...change, changeReason }).filter(([, value]) => value !== null);
  return { content: Object.fromEntries(after) as unknown as RecordContent, members };
}
