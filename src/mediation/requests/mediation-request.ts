import { checkOptions, type OptionRule, required, textRule } from '../../errors/options.js';
import { checkRequestId } from '../../stores/record-arguments.js';
import type { RecordContent } from '../../stores/record-content.js';
import { CONTENT_RULES } from '../../stores/record-content.js';
import { parseInstitutionCode } from '../../subjects/institution-code.js';

/** An inquirer's request for information about a person (提供の求め, 令20条, 命令85 40条2項). */
export interface MediationRequest {
  /**
   * The inquirer's own name of the request, 1 to 64 of A–Z, a–z, 0–9, hyphen and underscore: the same request again is
   * answered as the first time, and nothing happens twice.
   */
  readonly requestId: string;
  /** 機関コード of the inquirer (情報照会者), who must have been authenticated by whoever calls. */
  readonly inquirer: string;
  /** The inquirer's 情報提供用個人識別符号 of the person, in external form. */
  readonly code: string;
  /** 機関コード of the provider (情報提供者). */
  readonly provider: string;
  /** 事務, as the table of permissions names it. */
  readonly affair: string;
  /** 事務手続き. Default: none. */
  readonly procedure?: string;
  /** 特定個人情報, as the table of permissions names it. */
  readonly information: string;
  /** 特定個人情報の項目, one or more. */
  readonly items: readonly string[];
  /** 部署名 of the inquirer. */
  readonly department: string;
  /** 不開示該当: the record falls under 個人情報保護法78条1項. Default: false. */
  readonly nonDisclosure?: boolean;
  /** The record is shown to the person from this moment on, in milliseconds since 1970-01-01 UTC. Default: at once. */
  readonly visibleFrom?: number;
}

/** What a request is to say in a record: all but whom it is about, and what became of it. */
export type RequestedContent = Pick<
  RecordContent,
  | 'inquirer'
  | 'provider'
  | 'affair'
  | 'procedure'
  | 'information'
  | 'items'
  | 'department'
  | 'nonDisclosure'
  | 'visibleFrom'
>;

/** A request that is well-formed: a copy, which its sender cannot change any more. */
export interface CheckedRequest {
  readonly requestId: string;
  /** The inquirer's code of the person, as it came. */
  readonly code: string;
  readonly content: RequestedContent;
}

const optional = ({ expects, check }: OptionRule): OptionRule => ({ expects, check });

const REQUEST_RULES: Readonly<Record<string, OptionRule>> = {
  requestId: required(textRule),
  inquirer: CONTENT_RULES.inquirer,
  code: required({ expects: 'a text', check: (value) => typeof value === 'string' }),
  provider: CONTENT_RULES.provider,
  affair: CONTENT_RULES.affair,
  procedure: optional(CONTENT_RULES.procedure),
  information: CONTENT_RULES.information,
  items: CONTENT_RULES.items,
  department: CONTENT_RULES.department,
  nonDisclosure: optional(CONTENT_RULES.nonDisclosure),
  visibleFrom: CONTENT_RULES.visibleFrom,
};

/**
 * Checks a request and copies it. Whether its code is any good is asked later, in the order of the law.
 *
 * @throws RenkeiError `OPTION_UNKNOWN`, `OPTION_INVALID` or `INSTITUTION_CODE_INVALID`
 */
export function checkRequest(request: MediationRequest): CheckedRequest {
  checkOptions('request', request, REQUEST_RULES);
  checkRequestId(request.requestId);
  const { requestId, code, affair, procedure = '', information, items, department } = request;
  const { nonDisclosure = false, visibleFrom } = request;
  return {
    requestId,
    code,
    content: {
      inquirer: parseInstitutionCode(request.inquirer),
      provider: parseInstitutionCode(request.provider),
      affair,
      procedure,
      information,
      items: [...items],
      department,
      nonDisclosure,
      ...(visibleFrom === undefined ? {} : { visibleFrom }),
    },
  };
}

/** True when what is on record was asked for in the same words; whether about the same person is another question. */
export function isSameRequest(recorded: RecordContent, asked: RequestedContent): boolean {
  return (
    recorded.provider === asked.provider &&
    recorded.affair === asked.affair &&
    recorded.procedure === asked.procedure &&
    recorded.information === asked.information &&
    recorded.department === asked.department &&
    recorded.nonDisclosure === asked.nonDisclosure &&
    recorded.visibleFrom === asked.visibleFrom &&
    recorded.items.length === asked.items.length &&
    recorded.items.every((item, k) => item === asked.items[k])
  );
}
