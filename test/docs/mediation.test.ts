import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { sectionUnder, tableRows } from './markdown.js';

const EXAMPLE = 'examples/mediation/main.ts';
const PAGE = readFileSync('docs/mediation.md', 'utf8');

test('docs/mediation.md shows the example of examples/mediation as it is', () => {
  const [, shown] = /^```ts\n([\s\S]*?)^```/m.exec(PAGE) ?? [];
  expect(shown).toBe(readFileSync(EXAMPLE, 'utf8'));
});

test('its example says what its comments say', async () => {
  const { stdout } = await promisify(execFile)(process.execPath, ['--import', 'tsx', EXAMPLE]);
  expect(stdout.match(/(?<=status: ')[a-z-]+/g)).toEqual([
    'forwarded',
    'forwarded',
    'refused',
    'answered',
    'provider-has-no-code',
    'not-permitted',
    'invalid-code',
  ]);
  expect(stdout.match(/isRepeated: (true|false)/g)?.slice(0, 2)).toEqual([
    'isRepeated: false',
    'isRepeated: true',
  ]);
  expect(stdout).toContain('REQUEST_CONFLICT');
  // The provider's code is in the notice's content, and nowhere else.
  expect(stdout.match(/[a-z2-7]{40}/g)).toHaveLength(1);
});

test('its tables name every outcome', () => {
  const outcomes = (path: string) =>
    [...readFileSync(path, 'utf8').matchAll(/readonly status: '([a-z-]+)'/g)].map(
      ([, name]) => `\`${name}\``,
    );
  const named = (heading: string) => tableRows(sectionUnder(PAGE, heading)).map(([name]) => name);
  const requests = outcomes('src/mediation/requests/mediation-result.ts');
  expect(named('## In which order is a request looked at?').sort()).toEqual(requests.sort());
  const answers = outcomes('src/mediation/answers/provider-answer.ts');
  expect(named('## How long may a provider answer?').sort()).toEqual(answers.sort());
});
