import { join } from 'node:path';
import {
  auditKey,
  type Issuer,
  type MediationOutcome,
  type MediationRequest,
  type Mediator,
  openAuditLog,
  openIssuer,
  openMediator,
  openRecords,
  type Permissions,
  parseInstitutionCode,
  type RecordStore,
} from 'renkei';
import { openPkcs11Vault } from 'renkei/pkcs11';
import { openSqliteRecordStore } from 'renkei/sqlite';
import { LEVELS } from './arguments.js';
import { count, perSecond, type Row } from './figures.js';
import { verifyAndTamper } from './log-check.js';
import type { Samples, Site } from './main-job.js';
import { examplePermissions, NOT_LISTED, PERMITTED } from './permissions.js';
import { DISCLOSURE_SYSTEM, INSTITUTIONS, PERIOD, residentsFrom } from './population.js';
import { printTable } from './table.js';

const AUDIT_KEY = auditKey(1);
const ORIGIN = 'renkei.example/demo';
/** People who have asked for their records at some time: マイナポータル has acquired a code of each. */
const AT_THE_PORTAL = 100;
const CONCURRENT = 10_000;
const [A, B, C] = INSTITUTIONS;

/** The keys that mediation needs besides those of the main job. */
export function keysToMediate(): string[] {
  return [AUDIT_KEY, `institution/${DISCLOSURE_SYSTEM}/1`];
}

/** Requests from A to B and C, the provider's answer, disclosure to a person, and the log that tells of it all. */
export async function mediate(site: Site, samples: Samples): Promise<void> {
  const { hsm, store, level, folder } = site;
  const path = join(folder, 'records.sqlite');
  await using vault = await openPkcs11Vault({ ...hsm, minimumLevel: LEVELS[level] });
  const publicKey = await vault.publicKey(AUDIT_KEY);
  {
    await using records = await openSqliteRecordStore({ path });
    await using log = await openAuditLog({ store: records, vault, auditKey: AUDIT_KEY, origin: ORIGIN });
    await using issuer = await openIssuer({ vault, store, log });
    await issuer.registerRecordPeriod(PERIOD);
    const atPortal = await issueToPortal(issuer);
    const permissions = await examplePermissions(log);
    await using mediator = await openMediator({ issuer, records, permissions });
    console.log('\nMediation, sealed engine, record file and log on SQLite:');
    await serve(mediator, permissions, samples, await newcomer(issuer, site.residents));
    await disclose(issuer, records, atPortal);
    await log.checkpoint();
  }
  await verifyAndTamper({ path, publicKey, origin: ORIGIN });
}

/** The first people get a code at the disclosure system. */
async function issueToPortal(issuer: Issuer): Promise<readonly string[]> {
  await issuer.registerInstitution(DISCLOSURE_SYSTEM);
  const acquisitionNumbers = Array.from({ length: AT_THE_PORTAL }, (_, n) => `P-${n}`);
  const residents = residentsFrom(0, AT_THE_PORTAL);
  const codes: string[] = [];
  for (const item of await issuer.issueBatch(DISCLOSURE_SYSTEM, { acquisitionNumbers, residents })) {
    if (item.status === 'issued') codes.push(item.code);
  }
  return codes;
}

/** Somebody whom A knows and B does not. */
async function newcomer(issuer: Issuer, residents: number): Promise<string> {
  const request = { acquisitionNumbers: ['N-0'], residents: residentsFrom(residents, 1) };
  const [item] = await issuer.issueBatch(A.code, request);
  if (item?.status !== 'issued') throw new Error('the newcomer was not issued to');
  return item.code;
}

async function serve(
  mediator: Mediator,
  permissions: Permissions,
  samples: Samples,
  unknownToB: string,
): Promise<void> {
  const known = samples.get(A.code) ?? [];
  const [first = ''] = known;
  const request = (requestId: string, code: string): MediationRequest => ({
    requestId,
    inquirer: A.code,
    code,
    provider: B.code,
    ...PERMITTED,
    department: '子育て支援課',
  });
  const asked = Array.from({ length: CONCURRENT }, (_, n) =>
    request(`R-${n}`, known[n % known.length] as string),
  );
  const start = performance.now();
  const answers = await Promise.all(asked.map((one) => mediator.mediate(one)));
  const ms = performance.now() - start;
  for (const outcome of answers) expectOutcome(outcome, 'forwarded');
  const rows: Row[] = [];
  rows.push([
    'permitted requests at once, all forwarded (令26条1項)',
    count(CONCURRENT),
    perSecond(CONCURRENT, ms),
  ]);

  const last = asked.findLast(({ code }) => code === first) as MediationRequest;
  const again = expectOutcome(await mediator.mediate(last), 'forwarded');
  rows.push([`one of them again: the same record, number ${again.serial}`, '1', '']);
  const answer = await mediator.answer({ serial: again.serial, provider: B.code });
  rows.push([`B’s answer to it: ${answer.status} (命令85 46条2項)`, '1', '']);
  const others = await mediator.answer({ serial: again.serial, provider: C.code });
  rows.push([`C’s answer to it: ${others.status}`, '1', '']);

  const without = expectOutcome(await mediator.mediate(request('N-1', unknownToB)), 'provider-has-no-code');
  rows.push([`B holds no code of the person: ${without.status} (令26条2項)`, '1', '']);
  const unlisted = { ...request('N-2', first), ...NOT_LISTED };
  const other = expectOutcome(await mediator.mediate(unlisted), 'not-permitted');
  rows.push([`${NOT_LISTED.information} of B: ${other.status}, ${other.reason} (番号法19条8号)`, '1', '']);
  const stranger = { ...request('N-3', first), provider: C.code };
  const unknown = expectOutcome(await mediator.mediate(stranger), 'not-permitted');
  rows.push([`the same of C: ${unknown.status}, ${unknown.reason}`, '1', '']);
  await permissions.setBreach({ institution: parseInstitutionCode(B.code), effectiveFrom: '2026-04-01' });
  const breach = expectOutcome(await mediator.mediate(request('N-4', first)), 'not-permitted');
  rows.push([`B has breached 番号法28条: ${breach.status}, ${breach.reason} (令26条4項)`, '1', '']);
  const forged = `${first.slice(0, -1)}${first.endsWith('a') ? 'b' : 'a'}`;
  const invalid = expectOutcome(await mediator.mediate(request('N-5', forged)), 'invalid-code');
  rows.push([`a forged code: ${invalid.status}, ${invalid.error}`, '1', '']);
  printTable('What was mediated', rows);
}

function expectOutcome<Status extends MediationOutcome['status']>(
  outcome: MediationOutcome,
  status: Status,
): MediationOutcome & { readonly status: Status } {
  if (outcome.status !== status) throw new Error(`a request was ${outcome.status} and should be ${status}`);
  return outcome as MediationOutcome & { readonly status: Status };
}

/** What マイナポータル shows the first person. */
async function disclose(issuer: Issuer, store: RecordStore, codes: readonly string[]): Promise<void> {
  await using records = openRecords({ issuer, store, disclosureSystem: DISCLOSURE_SYSTEM });
  const page = await records.disclose({
    code: codes[0] ?? '',
    receiptNumber: 'K-2026-0001',
    who: '情報提供等記録開示システム',
    limit: 5,
  });
  const provisions = { provided: '提供済み', awaited: '回答待ち', 'not-provided': '提供なし' };
  const rows = [...page].map((item) => {
    if (item.status === 'withheld') return ['不開示', item.basis, '', ''];
    const { serial, requestedAt, inquirerName, providerName, provision } = item.content;
    const day = new Date(requestedAt).toLocaleDateString('ja-JP', { timeZone: 'Asia/Tokyo' });
    return [String(serial), day, `${inquirerName} → ${providerName}`, provisions[provision]];
  });
  printTable('What the person is shown (情報提供等の記録の開示)', [
    ['処理通番', '日付', '照会者 → 提供者', '提供'],
    ...rows,
  ]);
}
