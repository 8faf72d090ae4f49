/** Numbers farther apart are read by calls of their own. */
const NEAR = 64;
/** Numbers from the first to the last of a run. */
const LONGEST = 1_000;

/** A run of numbers that are near each other. */
export interface Run {
  /** The first. */
  readonly first: number;
  /** The last. */
  readonly last: number;
}

/** Numbers in runs, so that what they name is read with few calls. */
export function nearRuns(numbers: Iterable<number>): Run[] {
  const runs: { first: number; last: number }[] = [];
  for (const number of [...new Set(numbers)].sort((a, b) => a - b)) {
    const run = runs.at(-1);
    if (run !== undefined && number - run.last <= NEAR && number - run.first < LONGEST) run.last = number;
    else runs.push({ first: number, last: number });
  }
  return runs;
}
