import { INSTITUTIONS } from '../place/institutions.js';
import { type Codes, permitted } from './example-requests.js';
import type { RunningService } from './running-service.js';

/** The person whose records these are: one of whom the pension office holds no code. */
export const PERSON = 5;

const { city, prefecture } = INSTITUTIONS;

/** The prefecture asks the city: the table permits it. */
function ofThePrefecture(code: string | undefined, requestId: string) {
  return {
    requestId,
    inquirer: prefecture.code,
    code,
    provider: city.code,
    department: '子ども家庭課',
    affair: '児童扶養手当の支給に関する事務',
    procedure: '受給資格の認定',
    information: '地方税関係情報',
    items: ['所得額', '控除額', '扶養親族の数'],
  };
}

/**
 * Makes a record of every kind for one person, the oldest first: one provided and corrected, one refused, one of a
 * provider without a code, one withheld, one that is awaited.
 */
export async function makeRecords(service: RunningService, codes: Codes): Promise<void> {
  const ask = async (client: string, body: object) => {
    const answer = await service.send(client, 'POST', '/v1/requests', body);
    return (answer.json() as { readonly serial: number }).serial;
  };
  const atCity = codes.city?.[PERSON];
  const atPrefecture = codes.prefecture?.[PERSON];
  const serial = await ask('prefecture', ofThePrefecture(atPrefecture, 'provided'));
  await service.send('city', 'POST', '/v1/answers', { serial });
  await service.send('records-officer', 'POST', '/v1/corrections', {
    serial,
    change: { department: '子ども福祉課' },
    reason: '部署名の誤記を訂正',
    who: '記録担当官',
    receiptNumber: 'T8-0001',
  });
  await ask('city', { ...permitted(atCity, 'unlisted'), provider: prefecture.code, department: '課税課' });
  await ask('city', permitted(atCity, 'without-code'));
  await ask('prefecture', {
    ...ofThePrefecture(atPrefecture, 'withheld'),
    procedure: WITHHELD,
    nonDisclosure: true,
  });
  await ask('prefecture', { ...ofThePrefecture(atPrefecture, 'awaited'), procedure: '現況届の審査' });
}

/** What stands in a record that is withheld. */
export const WITHHELD = '開示されない手続';

/** What a page must not take for HTML. */
export const HOSTILE = '<script>alert(1)</script> & "審査"';

/** Makes so many more, all awaited. */
export async function makeMoreRecords(service: RunningService, codes: Codes, count: number): Promise<void> {
  for (let n = 0; n < count; n++) {
    const request = ofThePrefecture(codes.prefecture?.[PERSON], `more-${n}`);
    await service.send('prefecture', 'POST', '/v1/requests', { ...request, procedure: HOSTILE });
  }
}
