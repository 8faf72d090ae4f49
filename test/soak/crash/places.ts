import type { IssuanceStore, Vault } from 'renkei';
import { openPkcs11Vault } from 'renkei/pkcs11';
import { openPostgresStore } from 'renkei/postgres';
import { openSoftwareVault } from 'renkei/software';
import { openSqliteStore } from 'renkei/sqlite';
import type { ScratchDatabase } from '../../support/postgres.js';
import { SOAK_KEYS } from './population.js';

/** Where a store is, for any process to open it. */
export type StorePlace =
  | { readonly kind: 'sqlite'; readonly path: string }
  | { readonly kind: 'postgres'; readonly connection: ScratchDatabase };

/** Where the keys are: in the process, or on a token. */
export type VaultPlace =
  | { readonly kind: 'software' }
  | { readonly kind: 'softhsm'; readonly module: string; readonly label: string; readonly pin: string };

export function openStore(place: StorePlace): Promise<IssuanceStore> {
  return place.kind === 'sqlite'
    ? openSqliteStore({ path: place.path })
    : openPostgresStore({ connection: { ...place.connection } });
}

export function openVault(place: VaultPlace): Promise<Vault> {
  if (place.kind === 'software') return openSoftwareVault({ keys: SOAK_KEYS });
  const { module, label, pin } = place;
  return openPkcs11Vault({ module, token: { label }, pin: () => pin, engine: 'bulk' });
}
