import {
  type IssuanceStore,
  openRotations,
  type RecordStore,
  RenkeiError,
  type Rotations,
  type Vault,
} from 'renkei';
import { type Engine, openPkcs11Vault, type TokenOptions } from 'renkei/pkcs11';
import { logOf, openNamedRecords } from './named-records.js';
import { openExistingStore } from './open-store.js';
import { PinReader } from './pin-reader.js';
import type { RotationArguments } from './rotation-arguments.js';
import { tokenOptions } from './token-options.js';

type Values = RotationArguments['values'];

const STORE_USAGE = 'give the store: --sqlite PATH | --postgres-env NAME [--schema NAME]';
const FIRST_AUDIT_KEY = 'audit/1';

/** What most steps of a rotation work with. */
export interface RotationSession {
  readonly store: IssuanceStore;
  /** The record file that the steps are written down in, where one is named. */
  readonly records: RecordStore | undefined;
  readonly vault: Vault;
  readonly token: TokenOptions;
  readonly rotations: Rotations;
}

/**
 * Opens the store that the command line names.
 *
 * @throws RenkeiError `OPTION_INVALID` or a store error
 */
export function openStoreOf(values: Values): Promise<IssuanceStore> {
  const { sqlite, 'postgres-env': postgres, schema, 'records-postgres-env': ofRecords } = values;
  const isVariableShared = postgres !== undefined && postgres === ofRecords;
  return openExistingStore({ sqlite, postgres, isVariableShared, schema }, STORE_USAGE);
}

/** Opens stores and vault, lets them be used, and closes them and wipes the PIN however that ends. */
export async function withSession<T>(
  values: Values,
  use: (session: RotationSession) => Promise<T>,
): Promise<T> {
  const engine = readEngine('engine', values.engine) ?? 'sealed';
  const pin = await PinReader.fetch({ owner: 'user', env: values['pin-env'], fd: values['pin-fd'] });
  try {
    const token = tokenOptions(values, pin);
    await using store = await openStoreOf(values);
    await using records = await openNamedRecords(values);
    await using vault = await openPkcs11Vault({ ...token, engine });
    const auditKey = values['audit-key'] ?? FIRST_AUDIT_KEY;
    const log = records === undefined ? {} : { log: logOf(records) };
    const rotations = await openRotations({ vault, store, auditKey, ...log });
    return await use({ store, records, vault, token, rotations });
  } finally {
    pin?.wipe();
  }
}

/**
 * The engine that computes a sample anew: the one asked for, or else for a bulk vault the sealed engine, which every
 * key permits. Undefined: the same vault does.
 *
 * @throws RenkeiError `OPTION_INVALID`
 */
export function checkingEngine(values: Values): Engine | undefined {
  const asked = readEngine('check-engine', values['check-engine']);
  return asked ?? (values.engine === 'bulk' ? 'sealed' : undefined);
}

function readEngine(option: string, text: string | undefined): Engine | undefined {
  if (text === undefined || text === 'sealed' || text === 'bulk') return text;
  throw new RenkeiError('OPTION_INVALID', `--${option} must be sealed or bulk`);
}
