import { checkOptions } from '../errors/options.js';
import { ForwardClock } from './forward-clock.js';
import { Mediator } from './mediator.js';
import {
  DEFAULT_MAX_WAITING,
  DEFAULT_VALIDITY_DAYS,
  MEDIATOR_RULES,
  type MediatorOptions,
} from './mediator-options.js';

/**
 * Opens a mediator over an issuer, a record file and a source of permissions. Its clock shows no moment before that of
 * the last entry of the record file's log.
 *
 * @throws RenkeiError `OPTION_UNKNOWN`, `OPTION_INVALID` or a store error
 */
export async function openMediator(options: MediatorOptions): Promise<Mediator> {
  checkOptions('openMediator', options, MEDIATOR_RULES);
  const { issuer, records, permissions, now = Date.now, observe } = options;
  const { validityDays = DEFAULT_VALIDITY_DAYS, holderAffairs = [] } = options;
  const { maxWaiting = DEFAULT_MAX_WAITING } = options;
  const clock = new ForwardClock(now, (await records.logHead()).at);
  const parts = { issuer, records, permissions, clock, validityDays, observe };
  return new Mediator({ ...parts, holderAffairs: new Set(holderAffairs) }, maxWaiting);
}
