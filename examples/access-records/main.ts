import { generateKeyPairSync, randomBytes } from 'node:crypto';
import {
  auditKey,
  createMemoryRecordStore,
  createMemoryStore,
  fiscalYear,
  openAuditLog,
  openIssuer,
  openMediator,
  openPermissions,
  openRecords,
  readInstitutionDirectory,
  readPermissionTable,
} from 'renkei';
import { verifyLog } from 'renkei/audit';
import { openSoftwareVault } from 'renkei/software';

const [city, tax, portal] = ['A1', 'B2', 'P3']; // 機関コード: who asks, who provides, マイナポータル
const period = fiscalYear(new Date());
const names = [
  'link/1',
  'store/1',
  `record/${period}`,
  ...[city, tax, portal].map((c) => `institution/${c}/1`),
];
const keys = Object.fromEntries(names.map((name) => [name, randomBytes(32)])); // for trying out; else an HSM
const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const signing = { 'audit/1': privateKey.export({ format: 'der', type: 'pkcs8' }) };
const vault = await openSoftwareVault({ keys: { ...keys, ...signing } });
const records = createMemoryRecordStore(); // 情報提供等記録ファイル, with the operation log
const origin = 'log.example.jp/operations';
const log = await openAuditLog({ store: records, vault, auditKey: 'audit/1', origin });
const issuer = await openIssuer({ vault, store: createMemoryStore(), log });
await issuer.registerRecordPeriod(period);
const codes: Record<string, string> = {};
for (const institution of [city, tax, portal]) {
  await issuer.registerInstitution(institution);
  const residents = ['24727059608'];
  const [item] = await issuer.issueBatch(institution, { acquisitionNumbers: ['A-0001'], residents });
  if (item?.status === 'issued') codes[institution] = item.code;
}

const row = {
  item: '一',
  inquirer: '市町村長',
  affair: '児童手当',
  provider: '国税庁長官',
  information: '所得',
};
const table = JSON.stringify({ source: '例', effectiveFrom: '2026-04-01', rows: [row] });
const directory = JSON.stringify({
  rows: [
    { institution: city, name: '例示市長', classes: ['市町村長'] },
    { institution: tax, name: '国税庁長官', classes: ['国税庁長官'] },
  ],
});
const read = {
  ...readPermissionTable(table, { format: 'json' }),
  ...readInstitutionDirectory(directory, { format: 'json' }),
};
if (!read.revision || !read.directory) throw new Error('the files do not load'); // `faults` names the lines
const permissions = await openPermissions({ revisions: [read.revision], directory: read.directory, log });
const mediator = await openMediator({ issuer, records, permissions });

const { affair, information } = row;
const request = {
  inquirer: city,
  provider: tax,
  affair,
  information,
  items: ['合計所得金額'],
  department: '子育て課',
};
const outcome = await mediator.mediate({ requestId: 'R-1', code: codes[city] ?? '', ...request });
if (outcome.status === 'forwarded') {
  console.log(outcome.status, outcome.notice.content.code === codes[tax]); // the provider's own code
  console.log((await mediator.answer({ serial: outcome.serial, provider: tax })).status);
}
const refused = { ...request, requestId: 'R-2', code: codes[city] ?? '', information: '戸籍' };
console.log((await mediator.mediate(refused)).status);

const disclosure = openRecords({ issuer, store: records, disclosureSystem: portal });
const page = await disclosure.disclose({ code: codes[portal] ?? '', receiptNumber: 'K-1', who: '開示係' });
for (const item of page) {
  if (item.status === 'shown') console.log(item.content.inquirerName, item.content.provision);
}
await log.checkpoint();
const publicKeys = [await vault.publicKey(auditKey(1))];
const { findings, size, signed } = await verifyLog({ store: records, publicKeys, origin });
console.log(findings, size === signed); // nothing is wrong
for (const open of [mediator, disclosure, log, issuer, records, vault]) await open.close();
