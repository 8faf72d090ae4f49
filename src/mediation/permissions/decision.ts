import type { InstitutionCode } from '../../subjects/institution-code.js';

/** Whether a combination is permitted (番号法19条8号, 命令9 第2条の表), at a moment. */
export interface PermissionQuestion {
  /** 情報照会者: 機関コード. */
  readonly inquirer: InstitutionCode;
  /** 事務, as the table names it. */
  readonly affair: string;
  /** 情報提供者: 機関コード. */
  readonly provider: InstitutionCode;
  /** 特定個人情報, as the table names it. */
  readonly information: string;
  /** Milliseconds since 1970-01-01 UTC. */
  readonly at: number;
}

/**
 * Why a combination is refused. `not-listed`: the table has no such row in force (番号法19条8号). `inquirer-in-breach`,
 * `provider-in-breach`: the institution has breached 番号法28条 (令26条4項). `institution-unknown`: the directory of
 * institutions does not have one of the two.
 */
export type RefusalReason =
  | 'not-listed'
  | 'inquirer-in-breach'
  | 'provider-in-breach'
  | 'institution-unknown';

/** The answer to a {@link PermissionQuestion}. */
export type PermissionDecision =
  | {
      /** It is permitted. */
      readonly permitted: true;
    }
  | {
      /** It is refused. */
      readonly permitted: false;
      /** Why. */
      readonly reason: RefusalReason;
    };

/** Whoever decides what is permitted. */
export interface PermissionSource {
  /** Decides by the table, the directory and the breaches in force at the moment that is asked about. */
  decide(question: PermissionQuestion): PermissionDecision;

  /**
   * Whether an institution may inquire in an affair (事務) of anybody at a moment: the table has a row in force that names it
   * as 情報照会者, and it is not in breach of 番号法28条.
   */
  mayInquire(inquirer: InstitutionCode, affair: string, at: number): boolean;

  /** 名称 of an institution at a moment; undefined where the directory does not have it. */
  nameOf(institution: InstitutionCode, at: number): string | undefined;
}
