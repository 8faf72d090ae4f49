import { randomBytes } from 'node:crypto';
import {
  createMemoryRecordStore,
  createMemoryStore,
  fiscalYear,
  openIssuer,
  openMediator,
  openPermissions,
  readInstitutionDirectory,
  readPermissionTable,
} from 'renkei';
import { openSoftwareVault } from 'renkei/software';

const period = fiscalYear(new Date());
const names = ['link/1', 'store/1', 'institution/A1/1', 'institution/B2/1', `record/${period}`];
const keys = Object.fromEntries(names.map((name) => [name, randomBytes(32)])); // for trying out; else an HSM
const issuer = await openIssuer({ vault: await openSoftwareVault({ keys }), store: createMemoryStore() });
for (const institution of ['A1', 'B2']) await issuer.registerInstitution(institution);
await issuer.registerRecordPeriod(period);
const people = { acquisitionNumbers: ['A-1', 'A-2'], residents: ['24727059608', '12345678903'] };
const [first, second] = await issuer.issueBatch('A1', people);
await issuer.issueBatch('B2', { acquisitionNumbers: ['B-1'], residents: ['24727059608'] });

const asked = { affair: 'child allowance', information: 'local tax' };
const table = {
  effectiveFrom: '2024-05-27',
  rows: [{ item: '1', inquirer: 'mayor', provider: 'mayor', ...asked }],
};
const { revision } = readPermissionTable(JSON.stringify(table), { format: 'json' });
const institutions = {
  rows: ['A1', 'B2'].map((institution) => ({ institution, name: institution, classes: ['mayor'] })),
};
const { directory } = readInstitutionDirectory(JSON.stringify(institutions), { format: 'json' });
if (revision === undefined || directory === undefined) throw new Error('the files say by line what is wrong');
const permissions = await openPermissions({ revisions: [revision], directory });

const records = createMemoryRecordStore(); // for trying out; else SQLite or PostgreSQL
const mediator = await openMediator({ issuer, records, permissions });
const request = (requestId: string, item: typeof first, changes = {}) => ({
  requestId,
  inquirer: 'A1',
  code: item?.status === 'issued' ? item.code : '',
  provider: 'B2',
  ...asked,
  items: ['income'],
  department: 'welfare',
  ...changes,
});

const forwarded = await mediator.mediate(request('R-1', first));
if (forwarded.status !== 'forwarded') throw new Error(forwarded.status);
console.log(forwarded, forwarded.notice.content); // the second is for the provider, and for nobody else
console.log(await mediator.mediate(request('R-1', first))); // the same serial number: it was on record
console.log(await mediator.mediate(request('R-1', second))); // REQUEST_CONFLICT: another person, the same name
console.log(await mediator.answer({ serial: forwarded.serial, provider: 'B2' })); // answered, branch 2

const others = [
  request('R-2', second), // provider-has-no-code
  request('R-3', first, { information: 'health insurance' }), // not-permitted
  request('R-4', first, { code: 'a'.repeat(40) }), // invalid-code
];
for (const outcome of await mediator.mediateBatch(others)) console.log(outcome);
await mediator.close();
