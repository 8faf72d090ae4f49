/** Something to time: runs once and says how many it did. */
export type Work = () => number | Promise<number>;

/** How long and how often to measure. */
export interface Pace {
  readonly rounds: number;
  /** Least length of one round. */
  readonly roundMs: number;
}

/** The pace of a quick run and of a full one. */
export function paceOf(quick: boolean): Pace {
  return quick ? { rounds: 5, roundMs: 60 } : { rounds: 15, roundMs: 300 };
}

/** Rates per second, and how they stand to each other. */
export interface Comparison {
  readonly rate: number;
  readonly limit: number;
  readonly ratio: number;
}

/** The middle value; of an even number the upper one. */
export function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] as number;
}

/** Rate of one thing: the median over the rounds, after one that warms up. */
export async function measure(pace: Pace, work: Work): Promise<number> {
  await round(pace.roundMs, work);
  const rates: number[] = [];
  for (let k = 0; k < pace.rounds; k++) rates.push(await round(pace.roundMs, work));
  return median(rates);
}

/**
 * Rate of one thing beside its limit. A machine has neighbours, so both are measured in turn, and the ratio is the
 * median of the ratios of two rounds next to each other.
 *
 * @param perLimit how many of the limit's units one unit of the work costs at best
 */
export async function compare(pace: Pace, work: Work, limit: Work, perLimit = 1): Promise<Comparison> {
  await round(pace.roundMs, limit);
  await round(pace.roundMs, work);
  const rates: number[] = [];
  const limits: number[] = [];
  const ratios: number[] = [];
  for (let k = 0; k < pace.rounds; k++) {
    const most = (await round(pace.roundMs, limit)) / perLimit;
    const rate = await round(pace.roundMs, work);
    rates.push(rate);
    limits.push(most);
    ratios.push(rate / most);
  }
  return { rate: median(rates), limit: median(limits), ratio: median(ratios) };
}

async function round(least: number, work: Work): Promise<number> {
  const start = performance.now();
  let done = 0;
  let ms = 0;
  do {
    done += await work();
    ms = performance.now() - start;
  } while (ms < least);
  return (done / ms) * 1000;
}
