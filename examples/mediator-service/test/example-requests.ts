import { readFileSync } from 'node:fs';
import { INSTITUTIONS } from '../place/institutions.js';
import type { RunningService } from './running-service.js';

/** Codes of the synthetic people, by the file name of their institution. */
export type Codes = Readonly<Record<string, readonly string[]>>;

/** Reads the codes that the service has issued. */
export function readCodes(service: RunningService): Codes {
  return JSON.parse(readFileSync(service.path('people.json'), 'utf8'));
}

/** The city asks the pension office: the table permits it. */
export function permitted(code: string | undefined, requestId: string) {
  return {
    requestId,
    inquirer: INSTITUTIONS.city.code,
    code,
    provider: INSTITUTIONS.pension.code,
    department: '国民年金課',
    affair: '国民年金の保険料の免除に関する事務',
    procedure: '免除の申請の審査',
    information: '年金給付関係情報',
    items: ['年金の支給額'],
  };
}

/** One character changed. */
export function forged(code: string): string {
  return `${code.slice(0, -1)}${code.endsWith('a') ? 'b' : 'a'}`;
}
