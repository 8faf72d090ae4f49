/** An axis from 0 to a round number, with its marks. */
export interface Axis {
  readonly end: number;
  readonly marks: readonly number[];
}

/** The shortest axis with at most eight steps of 1, 2 or 5 times a power of ten that reaches a value above 0. */
export function axisTo(value: number): Axis {
  const power = 10 ** (Math.floor(Math.log10(value)) - 1);
  const step = [1, 2, 5, 10, 20].map((times) => times * power).find((size) => size * 8 >= value) as number;
  const steps = Math.ceil(value / step);
  return { end: steps * step, marks: Array.from({ length: steps + 1 }, (_, n) => n * step) };
}
