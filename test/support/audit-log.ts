import type { AuditLogOptions } from '../../src/audit/audit-log-options.js';
import { openAuditLog } from '../../src/audit/open-audit-log.js';
import { createMemoryRecordStore } from '../../src/stores/memory/memory-record-store.js';
import { openSoftwareVault } from '../../src/vault/software/software-vault.js';
import { auditPair } from './audit-pair.js';
import { FaultyVault } from './faulty-vault.js';
import { testKeys } from './named-keys.js';
import { standIn } from './stand-in.js';

/** Name of the logs of the tests. */
export const ORIGIN = 'log.example.jp/operations';

/** A moment of the tests: 2026-12-01 in Japan. */
export const MOMENT = Date.UTC(2026, 10, 30, 15);

/** A vault with two versions of the audit key. */
export async function auditVault(): Promise<FaultyVault> {
  const keys = { ...testKeys(['link/1', 'store/1']), 'audit/1': auditPair('1'), 'audit/2': auditPair('2') };
  return new FaultyVault(await openSoftwareVault({ keys }));
}

/** An audit log over a store in memory, both of which can be made to fail. */
export async function makeAuditLog(options: Partial<AuditLogOptions> = {}) {
  const vault = await auditVault();
  const store = standIn(createMemoryRecordStore());
  const given: AuditLogOptions = {
    store: store.object,
    vault,
    auditKey: 'audit/1',
    origin: ORIGIN,
    now: () => MOMENT,
    ...options,
  };
  const log = await openAuditLog(given);
  const publicKey = await vault.publicKey('audit/1' as never);
  return { log, store, vault, given, publicKey };
}

/** Entries of an operation that is done again and again. */
export function drafts(count: number, first = 0) {
  return Array.from({ length: count }, (_, k) => ({ event: 'test.done', details: { number: first + k } }));
}
