import { checkOptions, integerRule, required, textRule } from '../../errors/options.js';
import { type InstitutionCode, parseInstitutionCode } from '../../subjects/institution-code.js';

/**
 * A provider says that it has answered a request (命令85 46条2項). What it has provided went to the inquirer directly
 * (令29条) and is nothing of the mediator's.
 */
export interface ProviderAnswer {
  /** 処理通番 of the notice. */
  readonly serial: number;
  /** 機関コード of the provider, who must have been authenticated by whoever calls. */
  readonly provider: string;
}

/** 提供の日時 is on record, as a new branch. */
export interface RecordedAnswer {
  /** Tells the outcomes apart. */
  readonly status: 'answered';
  /** 処理通番. */
  readonly serial: number;
  /** 処理通番の枝番 of the new row. */
  readonly branch: number;
  /** 提供の日時, in milliseconds since 1970-01-01 UTC. */
  readonly providedAt: number;
}

/** It was on record before: the same answer came again. Nothing was written. */
export interface RepeatedAnswer {
  /** Tells the outcomes apart. */
  readonly status: 'already-answered';
  /** 処理通番. */
  readonly serial: number;
  /** 提供の日時 on record, in milliseconds since 1970-01-01 UTC. */
  readonly providedAt: number;
}

/** The notice has lapsed (命令85 41条3項): nothing may be provided on the strength of it. Nothing was written. */
export interface LapsedNotice {
  /** Tells the outcomes apart. */
  readonly status: 'lapsed';
  /** 処理通番. */
  readonly serial: number;
  /** 有効期間: the last moment at which the provider might have answered, in milliseconds since 1970-01-01 UTC. */
  readonly validUntil: number;
}

/**
 * This provider was sent no notice of this number. Whether there is such a number, and what became of the request, is
 * not told.
 */
export interface UnknownNotice {
  /** Tells the outcomes apart. */
  readonly status: 'unknown';
  /** The number that was given. */
  readonly serial: number;
}

/** What became of a provider's answer. */
export type AnswerOutcome = RecordedAnswer | RepeatedAnswer | LapsedNotice | UnknownNotice;

const ANSWER_RULES = {
  serial: required(integerRule(1, Number.MAX_SAFE_INTEGER)),
  provider: required(textRule),
};

/** @throws RenkeiError `OPTION_UNKNOWN`, `OPTION_INVALID` or `INSTITUTION_CODE_INVALID` */
export function checkAnswer(answer: ProviderAnswer): { readonly serial: number; provider: InstitutionCode } {
  checkOptions('answer', answer, ANSWER_RULES);
  return { serial: answer.serial, provider: parseInstitutionCode(answer.provider) };
}
