/** A line of a table of results. */
export type Row = readonly [what: string, count: string, rate: string];

/** A number as people read it. */
export const count = (n: number): string => n.toLocaleString('en');

/** So many things in so many milliseconds, as a rate. */
export const perSecond = (n: number, ms: number): string => `${count(Math.round(n / (ms / 1000)))} /s`;
