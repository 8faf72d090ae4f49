import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { generateIdentity, identityToRecipient } from 'age-encryption';
import { auditKey, checkRecords, createMemoryStore, openIssuer, openMediator, openRecords } from 'renkei';
import { extractRecords, openExtraction } from 'renkei/extraction';
import { openSoftwareVault } from 'renkei/software';
import { openSqliteRecordStore } from 'renkei/sqlite';

const { FOLDER = '' } = process.env;
const institutions = ['A1', 'B2', 'M9']; // an inquirer, a provider, and the disclosure system
const names = ['link/1', 'store/1', 'record/2026', ...institutions.map((code) => `institution/${code}/1`)];
const keys = Object.fromEntries(names.map((name) => [name, randomBytes(32)])); // for trying out; else an HSM
const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const signing = { 'audit/1': privateKey.export({ format: 'der', type: 'pkcs8' }) };
const vault = await openSoftwareVault({ keys: { ...keys, ...signing } });
const now = () => Date.parse('2026-07-01T10:00:00+09:00');
const issuer = await openIssuer({ vault, store: createMemoryStore(), now });
await issuer.registerRecordPeriod('2026');
const codes = new Map<string, string>(); // the person's code at each institution
for (const institution of institutions) {
  await issuer.registerInstitution(institution);
  const request = { acquisitionNumbers: ['N-1'], residents: ['24727059608'] };
  for (const item of await issuer.issueBatch(institution, request)) {
    if (item.status === 'issued') codes.set(institution, item.code);
  }
}
const file = await openSqliteRecordStore({ path: `${FOLDER}/records.sqlite` });
const permissions = {
  decide: () => ({ permitted: true }) as const,
  mayInquire: () => true,
  nameOf: (code: string) => `${code}市長`,
};
const mediator = await openMediator({ issuer, records: file, permissions, now });
await mediator.mediate({
  requestId: 'R-1',
  inquirer: 'A1',
  code: codes.get('A1') ?? '',
  provider: 'B2',
  affair: '児童手当の支給に関する事務',
  information: '地方税関係情報',
  items: ['所得割額'],
  department: '福祉課',
});

// The person asks what was asked about them.
const records = openRecords({ issuer, store: file, disclosureSystem: 'M9', now });
const who = { who: '情報提供等記録開示システム', receiptNumber: 'R8-0001' };
const page = await records.disclose({ ...who, code: codes.get('M9') ?? '' });
for (const item of page) console.log(item.status === 'shown' ? item.content : item.basis);

// The department was recorded wrongly.
const corrected = await records.correct({
  who: '記録管理担当',
  receiptNumber: 'R8-0002',
  serial: 1,
  change: { department: '子育て支援課' },
  reason: '部署名の誤り',
});
console.log(corrected.outcome);

// The Commission asks for the records of a day; it has an age key, and our public key.
const identity = await generateIdentity();
const path = `${FOLDER}/extraction.age`;
await extractRecords({
  store: file,
  vault,
  auditKey: 'audit/1',
  path,
  recipient: await identityToRecipient(identity),
  filter: { fromDay: '2026-07-01', toDay: '2026-07-01' },
  who: '記録管理担当',
  receiptNumber: 'R8-0003',
  now,
});
const extraction = await openExtraction({ path, publicKey: await vault.publicKey(auditKey(1)), identity });
console.log(extraction.manifest.counts);
for await (const { row } of extraction.records()) console.log(row.branch, row.content.department);
await extraction.close();

// Rows and log agree.
for await (const finding of checkRecords(file)) console.log(finding);
for (const open of [records, mediator, issuer, file, vault]) await open.close();
