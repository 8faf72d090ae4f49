import type { AcquisitionNotice, ProviderNotice } from 'renkei';
import type { Notice } from '../http/outbox.js';

/** A request is to be answered. The provider's code of the person is in it. */
export interface RequestMessage extends Notice {
  readonly kind: 'request';
  readonly content: ProviderNotice['content'];
}

/** A code is to be acquired. The description of the person is in it. */
export interface AcquisitionMessage extends Notice {
  readonly kind: 'acquisition';
  readonly content: AcquisitionNotice['content'];
}

/** What a provider is told. */
export type ProviderMessage = RequestMessage | AcquisitionMessage;

/** How long the description of a person is kept for a provider that does not fetch it. */
const ACQUISITION_VALID_MS = 24 * 3_600_000;

/** Name of the message of a request. */
export function requestMessageId(serial: number): string {
  return `request-${serial}`;
}

/** The message that a request was made (令26条1項, 命令85 41条). */
export function requestMessage({ content }: ProviderNotice): RequestMessage {
  return {
    kind: 'request',
    id: requestMessageId(content.serial),
    validUntil: content.validUntil,
    content,
  };
}

/** The message that an inquirer asks for a code to be acquired (令26条3項). */
export function acquisitionMessage({ content }: AcquisitionNotice, now: number): AcquisitionMessage {
  const id = `acquisition-${content.serial}`;
  return { kind: 'acquisition', id, validUntil: now + ACQUISITION_VALID_MS, content };
}
