import { Redacted } from '../../bytes/redacted.js';
import type { RecordContent } from '../../stores/record-content.js';
import type { InstitutionCode } from '../../subjects/institution-code.js';
import type { PersonDescription } from './person-description.js';

/** What a provider is told that is to acquire a code (令26条3項). */
export interface AcquisitionNoticeContent {
  /** 処理通番 of the request. */
  readonly serial: number;
  /** 機関コード of the provider. */
  readonly provider: InstitutionCode;
  /** 機関コード of the inquirer. */
  readonly inquirer: InstitutionCode;
  /** 情報照会者の名称. */
  readonly inquirerName: string;
  /** 氏名, 生年月日, 性別, 住所. */
  readonly person: PersonDescription;
}

/** A notice to a provider that is to acquire a code of a person. Redacted in every rendering. */
export class AcquisitionNotice extends Redacted {
  readonly #content: AcquisitionNoticeContent;

  /** @internal */
  constructor(
    serial: number,
    { provider, inquirer, inquirerName }: RecordContent,
    person: PersonDescription,
  ) {
    super();
    this.#content = { serial, provider, inquirer, inquirerName, person };
  }

  /** What the provider is to be told, and nobody else. */
  get content(): AcquisitionNoticeContent {
    return this.#content;
  }
}
