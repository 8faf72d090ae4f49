import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { auditKey, openIssuer, openRotations, type RotationRequest, type Vault } from 'renkei';
import { createPkcs11KeyDestroyer, openPkcs11Vault } from 'renkei/pkcs11';
import { LEVELS } from './arguments.js';
import { Holder } from './holder.js';
import type { Samples, Site } from './main-job.js';
import { INSTITUTIONS } from './population.js';
import { Requests } from './requests.js';
import { type Rotating, rotateOnce } from './rotate-once.js';
import { printTable } from './table.js';

const AUDIT_KEY = auditKey(1);

/** The keys that the rotations of the demo lead to, and the one that signs. */
export function keysToRotateTo(): string[] {
  const [first] = INSTITUTIONS;
  return [
    AUDIT_KEY,
    'link/2',
    'store/2',
    ...INSTITUTIONS.map(({ code }) => `institution/${code}/2`),
    `institution/${first.code}/3`,
  ];
}

/** One institution's key, then the generation of all linkage codes, while requests are served. */
export async function rotateKeys(site: Site, samples: Samples, folder: string): Promise<void> {
  const { hsm, store, level, residents } = site;
  const isVisible = level === 'host-visible';
  const minimumLevel = LEVELS[level];
  await using serving = await openPkcs11Vault({ ...hsm, minimumLevel });
  // From the store, linkage codes are advanced by the bulk engine; where keys do not permit that, a list takes its
  // place.
  await using working: Vault = await openPkcs11Vault({
    ...hsm,
    engine: isVisible ? 'bulk' : 'sealed',
    minimumLevel,
  });
  await using issuer = await openIssuer({ vault: serving, store });
  const holders = INSTITUTIONS.map(({ code }) => new Holder(code, samples.get(code) ?? []));
  const [first] = holders as [Holder];
  const rotating: Rotating = {
    rotations: await openRotations({ vault: working, store, auditKey: AUDIT_KEY }),
    issuer,
    requests: new Requests(issuer, holders, residents, first.people.length),
    checkVault: serving,
    destroyer: createPkcs11KeyDestroyer(hsm),
    publicKey: Buffer.from(await serving.publicKey(AUDIT_KEY)).toString('hex'),
    folder: join(folder, 'rotation'),
    holders,
  };
  mkdirSync(rotating.folder);
  const [institution] = INSTITUTIONS;
  console.log(`\nRotation of the key of ${institution.name}, while requests are served:`);
  const one: RotationRequest = { kind: 'institution', institution: institution.code };
  await using _ended = { [Symbol.asyncDispose]: () => rotating.requests.halt() };
  printTable(`The key of ${institution.name} was replaced`, await rotateOnce(rotating, one, [first]));
  const source = isVisible ? 'store' : 'list';
  console.log(`\nNew generation of all linkage codes, from the ${source}, while requests are served:`);
  const all: RotationRequest = { kind: 'generation', source };
  printTable('All linkage codes and keys were replaced', await rotateOnce(rotating, all, holders));
}
