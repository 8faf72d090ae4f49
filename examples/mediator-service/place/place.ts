import { existsSync, mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fiscalYear } from 'renkei';
import { provisionKeys } from 'renkei/pkcs11';
import { makeTokenIn, type ScratchToken } from '../../../test/support/softhsm.js';
import { identityUri } from '../http/identity.js';
import { type CertificateFiles, TestAuthority } from './certificates.js';
import { INSTITUTION_CODES, INSTITUTIONS } from './institutions.js';

/** Level of the keys: the HSM itself refuses to give a linkage code out. */
export const KEY_LEVEL = 3;

/** Where the service lives: token, databases, certificates. All of it lies in one folder. */
export interface Place {
  readonly folder: string;
  readonly token: ScratchToken;
  /** Path of a file of this name. */
  readonly path: (name: string) => string;
  readonly authority: TestAuthority;
  readonly server: CertificateFiles;
}

/** Makes everything that the service needs, or takes up what was made in this folder before. */
export async function openPlace(given?: string): Promise<Place> {
  const folder = given ?? mkdtempSync(join(tmpdir(), 'renkei-mediator-'));
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const path = (name: string) => join(folder, name);
  const token = makeTokenIn(path('token'), 'renkei-mediator');
  await makeKeys(token, path('keys-made'));
  const authority = TestAuthority.open(path('certificates'));
  const server = authority.issueServer('server');
  const { disclosure, ...others } = INSTITUTIONS;
  for (const { file, code } of Object.values(others)) {
    authority.issueClient(file, identityUri({ role: 'institution', institution: code }));
  }
  authority.issueClient(
    disclosure.file,
    identityUri({ role: 'disclosure-system', institution: disclosure.code }),
  );
  for (const role of ['operator', 'records-officer'] as const) {
    authority.issueClient(role, identityUri({ role }));
  }
  return { folder, token, path, authority, server };
}

async function makeKeys({ module, token, pin, soPin }: ScratchToken, note: string): Promise<void> {
  if (existsSync(note)) return;
  const institutions = INSTITUTION_CODES.map((code) => `institution/${code}/1`);
  const names = ['link/1', 'store/1', `record/${fiscalYear(new Date())}`, 'audit/1', ...institutions];
  await provisionKeys({
    module,
    token,
    pin,
    soPin: () => soPin,
    keys: names.map((name) => ({ name, level: KEY_LEVEL })),
  });
  writeFileSync(note, '');
}
