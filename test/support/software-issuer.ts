import {
  createMemoryStore,
  type IssuanceStore,
  type Issuer,
  type IssuerOptions,
  openIssuer,
  type Vault,
} from 'renkei';
import { openSoftwareVault } from 'renkei/software';
import { testKeys } from './named-keys.js';

/** The keys of three institutions, two of which have later versions, and of two record periods. */
export const KEY_NAMES = [
  'link/1',
  'store/1',
  'institution/A1/1',
  'institution/A1/2',
  'institution/B2/1',
  'institution/B2/2',
  'institution/B2/10',
  'institution/C3/1',
  'record/2026',
  'record/2027',
];

export interface SoftwareIssuer {
  readonly vault: Vault;
  readonly store: IssuanceStore;
  readonly issuer: Issuer;
}

/** An issuer over a software vault with test keys and a memory store, with the institutions A1 and B2. */
export async function openSoftwareIssuer(options: Partial<IssuerOptions> = {}): Promise<SoftwareIssuer> {
  const vault = options.vault ?? (await openSoftwareVault({ keys: testKeys(KEY_NAMES) }));
  const store = options.store ?? createMemoryStore();
  const issuer = await openIssuer({ ...options, vault, store });
  await issuer.registerInstitution('A1');
  await issuer.registerInstitution('B2');
  return { vault, store, issuer };
}
