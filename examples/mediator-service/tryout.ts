import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { INSTITUTIONS } from './place/institutions.js';
import type { PeopleCodes } from './place/people.js';

/** The first of the synthetic people, whom the requests for trying out are about. */
const PERSON = 0;

/** Writes request bodies for trying the service out; they hold codes of a person who does not exist. */
export function writeTryout(folder: string, people: PeopleCodes): void {
  const codeAt = (institution: string) => people.get(institution)?.[PERSON];
  const bodies = {
    permitted: {
      requestId: 'tryout-1',
      inquirer: INSTITUTIONS.city.code,
      code: codeAt(INSTITUTIONS.city.code),
      provider: INSTITUTIONS.pension.code,
      department: '国民年金課',
      affair: '国民年金の保険料の免除に関する事務',
      procedure: '免除の申請の審査',
      information: '年金給付関係情報',
      items: ['年金の支給額', '支給開始年月'],
    },
    answer: { serial: 1 },
    holders: {
      inquirer: INSTITUTIONS.pension.code,
      code: codeAt(INSTITUTIONS.pension.code),
      affair: '年金である給付の支給に関する事務',
    },
    disclosure: { code: codeAt(INSTITUTIONS.disclosure.code), receiptNumber: 'R8-1201-0001' },
  };
  mkdirSync(join(folder, 'requests'), { recursive: true, mode: 0o700 });
  for (const [name, body] of Object.entries(bodies))
    writeJson(join(folder, 'requests', `${name}.json`), body);
  const codes = Object.values(INSTITUTIONS).map(({ file, code }) => [file, people.get(code)]);
  writeJson(join(folder, 'people.json'), Object.fromEntries(codes));
}

/** What is printed when the service is up. */
export function announcement(address: string, folder: string): string {
  return [
    `The mediator service is at ${address} and takes client certificates only.`,
    '',
    '  certificates/  ca.pem; city, prefecture, pension, disclosure-system, records-officer, operator (.pem, .key)',
    '  requests/      bodies to try out, about a person who does not exist',
    '  people.json    codes of all of them, by institution',
    '',
    'To try it out:',
    '',
    `  cd ${folder}`,
    `  ${curl('operator', `${address}/health`)}`,
    `  ${curl('city', `${address}/v1/requests`, 'permitted')}`,
    `  ${curl('pension', `${address}/v1/notifications`)}`,
    '',
    'More of them: docs/mediator-service.md. Ctrl-C stops the service; the folder stays.',
  ].join('\n');
}

function writeJson(path: string, value: unknown): void {
  writeFileSync(path, `${JSON.stringify(value, null, 2)}\n`, { mode: 0o600 });
}

function curl(client: string, url: string, body?: string): string {
  const certificate = `--cacert certificates/ca.pem --cert certificates/${client}.pem --key certificates/${client}.key`;
  return `curl ${certificate}${body === undefined ? '' : ` --json @requests/${body}.json`} ${url}`;
}
