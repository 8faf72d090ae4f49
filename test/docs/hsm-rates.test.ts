import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';

interface Rates {
  readonly rows: readonly {
    readonly module: string;
    readonly level: number;
    readonly engine: string;
    readonly derive: number;
    readonly translate: number;
  }[];
}

const { rows } = JSON.parse(readFileSync('bench/results/hsm-rates.json', 'utf8')) as Rates;
const PAGES: Readonly<Record<string, string>> = {
  SoftHSM: 'docs/hsm/softhsm.md',
  'SoftHSM behind p11-kit': 'docs/hsm/p11-kit.md',
  'NSS softokn': 'docs/hsm/nss.md',
};
const cells = (line: string) => line.split('|').map((cell) => cell.trim());
const shown = (rate: number) => rate.toLocaleString('en');

describe('the rates that documents quote stand in the results file', () => {
  test.each(Object.entries(PAGES))('%s, in %s', (module, page) => {
    const lines = readFileSync(page, 'utf8').match(/^\| (sealed|bulk) +\| \d .*$/gm) ?? [];
    const expected = rows.filter((row) => row.module === module);
    expect(lines.map((line) => cells(line).slice(1, 5)).sort()).toEqual(
      expected
        .map(({ engine, level, derive, translate }) => [engine, `${level}`, shown(derive), shown(translate)])
        .sort(),
    );
  });

  test('and the time to try all resident record codes follows from them', () => {
    const lines =
      readFileSync('docs/threat-model.md', 'utf8').match(/^\| with the PIN, level \d .*$/gm) ?? [];
    expect(lines).toHaveLength(3);
    for (const line of lines) {
      const [, who = '', , rate, time] = cells(line);
      const level = Number(who.at(-1));
      const engine = level === 1 ? 'bulk' : 'sealed';
      const { derive = 0 } =
        rows.find((row) => row.module === 'SoftHSM' && row.level === level && row.engine === engine) ?? {};
      const seconds = 1e10 / derive;
      const expected =
        seconds > 86_400 ? `${(seconds / 86_400).toFixed(1)} days` : `${Math.round(seconds / 60)} minutes`;
      expect([rate, time]).toEqual([shown(derive), expected]);
    }
  });
});
