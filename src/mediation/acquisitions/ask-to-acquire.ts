import { signalOption } from '../../errors/abort.js';
import type { MediatorParts } from '../mediator-parts.js';
import { AcquisitionNotice } from './acquisition-notice.js';
import { type AcquisitionOutcome, type AcquisitionRequest, checkAcquisition } from './acquisition-request.js';

/** Makes the notice to a provider that is to acquire a code. The log says that it was made, not about whom. */
export async function askToAcquire(
  { records, clock }: MediatorParts,
  request: AcquisitionRequest,
  signal: AbortSignal | undefined,
): Promise<AcquisitionOutcome> {
  const { serial, inquirer, person } = checkAcquisition(request);
  const options = signalOption(signal);
  const [last] = await records.latest([serial], options);
  const content = last?.content;
  if (content?.outcome !== 'provider-has-no-code' || content.inquirer !== inquirer) {
    return { status: 'unknown' };
  }
  const details = { inquirer, provider: content.provider, serial };
  await records.appendLog([{ event: 'mediation.acquisition-asked', details }], clock.read(), options);
  return { status: 'asked', notice: new AcquisitionNotice(serial, content, person) };
}
