import { createHash } from 'node:crypto';

/** Some of the numbers 0 to `numbers` − 1, in an order that no other name and no other batch has. */
export function ownOrder(name: string, batch: number, numbers: number, some: number): number[] {
  const order = (n: number) => createHash('sha256').update(`${name} ${batch} ${n}`).digest('hex');
  return Array.from({ length: numbers }, (_, n) => ({ n, key: order(n) }))
    .sort((a, b) => (a.key < b.key ? -1 : 1))
    .slice(0, some)
    .map(({ n }) => n);
}
