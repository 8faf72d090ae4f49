import { Redacted } from '../../bytes/redacted.js';
import type { RecordContent, RecordedOutcome } from '../../stores/record-content.js';
import type { Branches } from '../every-record.js';

/**
 * Whether something was provided. `awaited`: the provider may answer still. `not-provided`: the request was refused, the
 * provider holds no code, or 有効期間 passed without an answer (命令85 41条3項).
 */
export type Provision = 'provided' | 'awaited' | 'not-provided';

/** A correction that a record has had (記録の訂正). */
export interface DisclosedCorrection {
  /** 処理通番の枝番 that corrected. */
  readonly branch: number;
  /** When, in milliseconds since 1970-01-01 UTC. */
  readonly at: number;
  /** 記録事項変更事由. */
  readonly reason: string;
}

/** What a person is told of a record: the state that holds (番号法23条1項, 命令85 47条). */
export interface DisclosedContent
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
    | 'providedAt'
    | 'refusal'
  > {
  /** 処理通番. */
  readonly serial: number;
  /** 処理通番の枝番 of the state that is shown. */
  readonly branch: number;
  /** What became of the request. */
  readonly outcome: RecordedOutcome;
  /** Whether something was provided. */
  readonly provision: Provision;
  /** Corrections, the first one first; none: the record is as it was made. */
  readonly corrections: readonly DisclosedCorrection[];
}

/** A record that is shown to its person. Redacted in every rendering: {@link DisclosedRecord.content} is read. */
export class DisclosedRecord extends Redacted {
  /** Tells the items of a page apart. */
  readonly status = 'shown';
  readonly #content: DisclosedContent;

  /** @internal */
  constructor(content: DisclosedContent) {
    super();
    this.#content = content;
  }

  /** What the person is told. */
  get content(): DisclosedContent {
    return this.#content;
  }
}

/**
 * A record that is not disclosed (不開示情報). That there is one, and where it stands among the others, is all that is
 * told.
 */
export interface WithheldRecord {
  /** Tells the items of a page apart. */
  readonly status: 'withheld';
  /** Why: the provisions. */
  readonly basis: typeof WITHHELD_BASIS;
}

/** The provisions by which a record is withheld. */
export const WITHHELD_BASIS = '番号法23条2項、個人情報保護法78条1項';

/** One item of a page of a disclosure. */
export type DisclosedItem = DisclosedRecord | WithheldRecord;

/**
 * What a person is told of a record at a moment; undefined when it is not to be seen yet.
 *
 * @param now milliseconds since 1970-01-01 UTC
 */
export function disclosedItem(branches: Branches, now: number): DisclosedItem | undefined {
  const last = branches.at(-1) ?? branches[0];
  const { content } = last;
  if (content.visibleFrom !== undefined && now < content.visibleFrom) return undefined;
  if (content.nonDisclosure) return { status: 'withheld', basis: WITHHELD_BASIS };
  const { inquirerName, department, providerName, affair, procedure, information, items } = content;
  const { outcome, requestedAt, providedAt, refusal } = content;
  return new DisclosedRecord({
    serial: last.serial,
    branch: last.branch,
    outcome,
    provision: provisionOf(content, now),
    corrections: correctionsIn(branches),
    inquirerName,
    department,
    providerName,
    affair,
    procedure,
    information,
    items,
    requestedAt,
    ...(providedAt === undefined ? {} : { providedAt }),
    ...(refusal === undefined ? {} : { refusal }),
  });
}

function provisionOf({ outcome, providedAt, validUntil }: RecordContent, now: number): Provision {
  if (providedAt !== undefined) return 'provided';
  const isOver = validUntil !== undefined && now > validUntil;
  return outcome === 'forwarded' && !isOver ? 'awaited' : 'not-provided';
}

function correctionsIn(branches: Branches): DisclosedCorrection[] {
  return branches.flatMap(({ branch, recordedAt, content: { changeReason } }) =>
    changeReason === undefined ? [] : [{ branch, at: recordedAt, reason: changeReason }],
  );
}
