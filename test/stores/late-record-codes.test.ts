import { expect, test } from 'vitest';
import { createMemoryRecordStore } from '../../src/stores/memory/memory-record-store.js';
import type { NewRecord } from '../../src/stores/record-port.js';
import type { InstitutionCode } from '../../src/subjects/institution-code.js';

const AT = Date.UTC(2026, 5, 1);

function record(requestId: string, generation: number): NewRecord {
  const content = {
    outcome: 'forwarded',
    inquirer: 'A1' as InstitutionCode,
    provider: 'B2' as InstitutionCode,
    inquirerName: 'A',
    department: '',
    providerName: 'B',
    affair: 'affair',
    procedure: '',
    information: 'information',
    items: ['item'],
    requestedAt: AT,
    nonDisclosure: false,
  } as const;
  return { requestId, period: '2026', generation, recordCode: new Uint8Array(24).fill(generation), content };
}

test('a record under a code of before is not taken once the period is found under a later generation', async () => {
  const store = createMemoryRecordStore();
  await store.append({ at: AT, records: [record('first', 1)] });
  await store.append({ at: AT, records: [record('after-the-switch', 2)] });
  await store.append({ at: AT, records: [record('not-settled-yet', 1)] });
  await store.settleGeneration('2026', 2, AT);
  const late = store.append({ at: AT, records: [record('fine', 2), record('late', 1)] });
  await expect(late).rejects.toMatchObject({ code: 'KEYS_CHANGED', retryable: true });
  const asked = [{ inquirer: 'A1' as InstitutionCode, requestId: 'fine' }];
  expect(await store.requests(asked)).toEqual([undefined]);
});
