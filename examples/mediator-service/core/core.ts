import { writeFileSync } from 'node:fs';
import {
  auditKey,
  type Issuer,
  type Mediator,
  openAuditLog,
  openIssuer,
  openMediator,
  openRecords,
  type RecordStore,
  type Records,
  type Vault,
} from 'renkei';
import { openPkcs11Vault } from 'renkei/pkcs11';
import { openSqliteRecordStore, openSqliteStore } from 'renkei/sqlite';
import type { Metrics } from '../http/metrics.js';
import { INSTITUTIONS } from '../place/institutions.js';
import { KEY_LEVEL, type Place } from '../place/place.js';
import { openExamplePermissions } from './permissions.js';

/** The library's parts, opened one on another. */
export interface Core {
  readonly vault: Vault;
  readonly issuer: Issuer;
  /** 情報提供等記録ファイル. */
  readonly store: RecordStore;
  readonly mediator: Mediator;
  /** Disclosure and correction. */
  readonly records: Records;
  /** Closes them in the other order: each lets what runs end before what it stands on goes. */
  readonly close: () => Promise<void>;
}

/** Sessions of the HSM: one for each core of a small machine. */
const SESSIONS = 2;
/** 事務 in which an inquirer cannot tell who provides, and may ask (命令85 40条3項). */
const HOLDER_AFFAIRS = ['年金である給付の支給に関する事務'];
const AUDIT_KEY = auditKey(1);
/** Name of the operation log in its checkpoints. */
export const LOG_ORIGIN = 'mediator.example/operations';

/** Opens everything; what was opened is closed again when something fails. */
export async function openCore({ token, path }: Place, metrics: Metrics): Promise<Core> {
  const opened: { close(): Promise<void> }[] = [];
  const close = async () => {
    for (let part = opened.pop(); part !== undefined; part = opened.pop()) await part.close();
  };
  const keep = <Part extends { close(): Promise<void> }>(part: Part): Part => {
    opened.push(part);
    return part;
  };
  try {
    const { module, pin } = token;
    const vault = keep(
      await openPkcs11Vault({
        module,
        token: token.token,
        pin,
        sessions: SESSIONS,
        minimumLevel: KEY_LEVEL,
        observe: metrics.observeVault,
      }),
    );
    // For auditors: all that they need of the HSM.
    writeFileSync(path('audit-key.der'), await vault.publicKey(AUDIT_KEY));
    const issuances = keep(await openSqliteStore({ path: path('issuance.sqlite') }));
    const store = keep(await openSqliteRecordStore({ path: path('records.sqlite') }));
    // A checkpoint is made at the close, while the vault is there still.
    const log = keep(
      await openAuditLog({
        store,
        vault,
        auditKey: AUDIT_KEY,
        origin: LOG_ORIGIN,
        observe: metrics.observeLog,
      }),
    );
    const issuer = keep(await openIssuer({ vault, store: issuances, log }));
    await issuer.registerRecordPeriod();
    const permissions = await openExamplePermissions(log);
    const mediator = keep(
      await openMediator({
        issuer,
        records: store,
        permissions,
        holderAffairs: HOLDER_AFFAIRS,
        observe: metrics.observeMediation,
      }),
    );
    const disclosureSystem = INSTITUTIONS.disclosure.code;
    const records = keep(openRecords({ issuer, store, disclosureSystem }));
    return { vault, issuer, store, mediator, records, close };
  } catch (error) {
    await close();
    throw error;
  }
}
