import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { promisify } from 'node:util';
import { Validator } from '@seriousme/openapi-schema-validator';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { sectionUnder, tableRows } from '../../../test/docs/markdown.js';
import { makeScratchFolder } from '../../../test/support/scratch-folder.js';
import { PROBLEM_STATUS } from '../http/problem.js';
import { INSTITUTION_CODES } from '../place/institutions.js';
import { RunningService } from './running-service.js';

const PAGE = readFileSync('docs/mediator-service.md', 'utf8');
const DESCRIPTION = JSON.parse(readFileSync('docs/mediator-service.openapi.json', 'utf8'));

const scratch = makeScratchFolder();
let service: RunningService;
beforeAll(async () => {
  service = await RunningService.start(scratch.path('service'));
}, 120_000);
afterAll(async () => {
  await service?.stop();
});

/** Commands of a fenced block under a heading. */
function commands(heading: string): string[] {
  const [, block = ''] = /```sh\n([\s\S]*?)```/.exec(sectionUnder(PAGE, heading)) ?? [];
  return block.trim().split('\n');
}

/** Runs a command of the page in the folder of the service, at its port. */
async function run(command: string) {
  const line = command.replace('https://127.0.0.1:8443', service.address);
  const { stdout } = await promisify(execFile)('sh', ['-c', `${line} --silent --show-error`], {
    cwd: service.path(),
  });
  return stdout;
}

/** First words of the cells of a table. */
const firstCells = (heading: string) =>
  tableRows(sectionUnder(PAGE, heading)).map(([cell]) => cell?.replaceAll('`', ''));

describe('docs/mediator-service.md', () => {
  test('its requests by curl do what it says, by copy and paste', async () => {
    const answers: unknown[] = [];
    for (const command of commands('## How is it tried out?')) answers.push(JSON.parse(await run(command)));
    expect(answers).toMatchObject([
      { status: 'ready' },
      { outcome: 'forwarded', serial: 1, repeated: false },
      { notifications: [{ kind: 'request', serial: 1 }] },
      { outcome: 'answered' },
      { outcome: 'found', institutions: { length: 4 } },
      { records: [{ status: 'shown', provision: 'provided' }] },
      { path: expect.stringMatching(/^\/disclosures\//) },
    ]);
  });

  test('without a client certificate curl fails in the handshake', async () => {
    const [command = ''] = commands('## Who may speak to it?');
    await expect(run(command)).rejects.toMatchObject({
      code: 56,
      stderr: expect.stringContaining('certificate required'),
    });
  });

  test('its commands for auditors find nothing, while the service runs', async () => {
    for (const command of commands('## How is its log verified?')) {
      // Without the build that comes before.
      const line = command
        .replace(/npm run --silent (audit|fsck) --/, 'node --import tsx src/commands/$1.ts')
        .replaceAll('FOLDER', service.path());
      const { stdout } = await promisify(execFile)('sh', ['-c', line]);
      expect(stdout).toMatch(/^clean: /);
    }
  });

  test('its table of routes is that of the description', () => {
    const described = Object.entries(DESCRIPTION.paths as Record<string, object>).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
    );
    expect(firstCells('## Which requests are there?').sort()).toEqual(described.sort());
  });

  test('its table of codes is that of the service', () => {
    const rows = tableRows(sectionUnder(PAGE, '## How are errors told?'));
    expect(rows.map(([code, status]) => [code?.replaceAll('`', ''), Number(status)])).toEqual([
      ...PROBLEM_STATUS,
    ]);
  });

  test('its table of metrics is what Prometheus is given', async () => {
    const { text } = await service.send('operator', 'GET', '/metrics');
    const given = [...text.matchAll(/^# TYPE (renkei_\w+)/gm)].map(([, name]) => name);
    expect(firstCells('## What is measured and logged?').sort()).toEqual(given.sort());
  });
});

describe('the OpenAPI description', () => {
  test('is what the service says of itself', async () => {
    expect((await service.send('operator', 'GET', '/openapi.json')).json()).toEqual(DESCRIPTION);
  });

  test('is one of OpenAPI 3.1', async () => {
    const validator = new Validator();
    expect((await validator.validate(structuredClone(DESCRIPTION))).errors).toBeUndefined();
    expect(validator.version).toBe('3.1');
  });

  test('names every route: what it does not name is not there', async () => {
    for (const path of ['/', '/v1', '/v1/records', '/documentation']) {
      expect((await service.send('operator', 'GET', path)).json()).toMatchObject({ code: 'NOT_FOUND' });
    }
  });

  test('requests that are empty are refused by every route that takes one, as it says', async () => {
    for (const [path, { post }] of Object.entries(DESCRIPTION.paths as Record<string, { post?: object }>)) {
      if (post === undefined) continue;
      const refused = await service.send('city', 'POST', path, {});
      expect(refused.json(), path).toMatchObject({ status: 400, fault: { pointer: '', rule: 'required' } });
    }
  });
});

test('metrics hold counts and durations, and no institution, person or request', async () => {
  const { text } = await service.send('operator', 'GET', '/metrics');
  expect(text).toMatch(/renkei_mediation_outcomes_total\{outcome="forwarded"\} 1/);
  expect(text).toMatch(
    /renkei_http_request_duration_seconds_count\{method="POST",route="\/v1\/requests",status="200"\} 1/,
  );
  expect(text).toMatch(/renkei_provider_answers_total 1/);
  expect(text).not.toMatch(/[a-z2-7]{40}|tryout/);
  for (const institution of INSTITUTION_CODES) expect(text).not.toContain(institution);
});
