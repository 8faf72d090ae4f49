import { numberedRequest, openRecordFile, type RecordFilePlace } from './mediating-plan.js';
import { openMediationWorld } from './mediation-world.js';

/** A process that serves requests of many callers and prints what each is answered, until it is killed. */

/** What this process is told in its first argument, as JSON. */
export interface MediatingPlan {
  readonly place: RecordFilePlace;
  /** Number of the first request. */
  readonly first: number;
  /** Requests that are under way at the same time. */
  readonly callers: number;
}

const plan = JSON.parse(process.argv[2] as string) as MediatingPlan;
const { mediator, codes } = await openMediationWorld({ records: await openRecordFile(plan.place) });
let next = plan.first;
const call = async () => {
  for (;;) {
    const n = next++;
    const outcome = await mediator.mediate(numberedRequest(codes.a, n));
    if (!('serial' in outcome)) throw new Error(outcome.status);
    process.stdout.write(`request ${n} ${outcome.serial}\n`);
    if (outcome.status !== 'forwarded' || n % 2 === 0) continue;
    const { status } = await mediator.answer({ serial: outcome.serial, provider: 'B2' });
    process.stdout.write(`${status} ${outcome.serial}\n`);
  }
};
process.stdout.write('ready\n');
await Promise.all(Array.from({ length: plan.callers }, call));
