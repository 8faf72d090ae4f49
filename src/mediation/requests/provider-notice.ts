import { Redacted } from '../../bytes/redacted.js';
import type { PerInstitutionCode } from '../../codes/per-institution-code.js';
import type { RecordContent } from '../../stores/record-content.js';
import type { InstitutionCode } from '../../subjects/institution-code.js';

/** What a provider is told of a request (令26条1項, 命令85 41条). */
export interface NoticeContent {
  /** 処理通番. */
  readonly serial: number;
  /** 処理通番の枝番. */
  readonly branch: number;
  /** 機関コード of the provider. */
  readonly provider: InstitutionCode;
  /** The provider's 情報提供用個人識別符号 of the person. */
  readonly code: PerInstitutionCode;
  /** 特定個人情報名. */
  readonly information: string;
  /** 特定個人情報の項目. */
  readonly items: readonly string[];
  /** 機関コード of the inquirer. */
  readonly inquirer: InstitutionCode;
  /** 情報照会者の名称. */
  readonly inquirerName: string;
  /** 部署名 of the inquirer. */
  readonly department: string;
  /** 事務名. */
  readonly affair: string;
  /** 事務手続き; an empty text where none was named. */
  readonly procedure: string;
  /** 提供の求めの日時, in milliseconds since 1970-01-01 UTC. */
  readonly requestedAt: number;
  /** 不開示該当. */
  readonly nonDisclosure: boolean;
  /** 有効期間: the last moment at which the provider may answer, in milliseconds since 1970-01-01 UTC. */
  readonly validUntil: number;
}

/** A notice to a provider. It tells who asks what about whom, and so is redacted in every rendering. */
export class ProviderNotice extends Redacted {
  readonly #serial: number;
  readonly #branch: number;
  readonly #recorded: RecordContent;
  readonly #code: PerInstitutionCode;

  /**
   * @param recorded of a request that was forwarded
   * @internal
   */
  constructor(serial: number, branch: number, recorded: RecordContent, code: PerInstitutionCode) {
    super();
    this.#serial = serial;
    this.#branch = branch;
    this.#recorded = recorded;
    this.#code = code;
  }

  /** What the provider is to be told, and nobody else. */
  get content(): NoticeContent {
    const content = this.#recorded;
    return {
      serial: this.#serial,
      branch: this.#branch,
      provider: content.provider,
      code: this.#code,
      information: content.information,
      items: content.items,
      inquirer: content.inquirer,
      inquirerName: content.inquirerName,
      department: content.department,
      affair: content.affair,
      procedure: content.procedure,
      requestedAt: content.requestedAt,
      nonDisclosure: content.nonDisclosure,
      validUntil: content.validUntil as number,
    };
  }
}
