import type { ProviderNotice } from 'renkei';
import type { Notice } from '../http/outbox.js';

/** What a provider is told, with the provider's code of the person in it. */
export interface ProviderMessage extends Notice {
  readonly content: ProviderNotice['content'];
}

/** The message that a request was made (令26条1項, 命令85 41条). */
export function requestMessage(content: ProviderNotice['content']): ProviderMessage {
  return { id: `request-${content.serial}`, validUntil: content.validUntil, content };
}
