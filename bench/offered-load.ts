import { setTimeout } from 'node:timers/promises';

/** How long callers waited, in milliseconds: half of them less than one, 99 of 100 less than the other. */
export interface Waits {
  readonly halfLoadP50Ms: number;
  readonly halfLoadP99Ms: number;
}

/**
 * So many callers a second come, whoever has been answered by then.
 *
 * @param call what caller n does
 */
export async function waitsOf(
  callers: number,
  perSecond: number,
  call: (n: number) => Promise<void>,
): Promise<Waits> {
  const waits = new Float64Array(callers);
  const start = performance.now();
  const running: Promise<void>[] = [];
  while (running.length < callers) {
    const due = Math.min(callers, ((performance.now() - start) / 1000) * perSecond);
    while (running.length < due) {
      const n = running.length;
      // A caller comes at its time, also when this thread was busy then.
      const came = start + (n / perSecond) * 1000;
      running.push(
        call(n).then(() => {
          waits[n] = performance.now() - came;
        }),
      );
    }
    await setTimeout(1);
  }
  await Promise.all(running);
  waits.sort();
  return {
    halfLoadP50Ms: waits[Math.floor(callers * 0.5)] as number,
    halfLoadP99Ms: waits[Math.floor(callers * 0.99)] as number,
  };
}

/**
 * The most that is served a second: every caller asks again as soon as it is answered.
 *
 * @param call what is asked n-th
 */
export async function capacityOf(
  callers: number,
  calls: number,
  call: (n: number) => Promise<void>,
): Promise<number> {
  const start = performance.now();
  let next = 0;
  const caller = async () => {
    while (next < calls) await call(next++);
  };
  await Promise.all(Array.from({ length: callers }, caller));
  return (calls * 1000) / (performance.now() - start);
}
