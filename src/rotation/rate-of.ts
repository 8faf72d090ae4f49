/** Rows a second since a moment. */
export function rateOf(rows: number, begun: number): number {
  return Math.round(rows / Math.max((performance.now() - begun) / 1_000, 0.001));
}
