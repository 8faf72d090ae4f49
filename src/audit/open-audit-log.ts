import { parseAuditKey } from '../codes/key-names.js';
import { checkOptions } from '../errors/options.js';
import { quietly } from '../lifecycle/quietly.js';
import { publicKeyBytes } from '../signatures/public-keys.js';
import { AuditLog } from './audit-log.js';
import {
  AUDIT_LOG_RULES,
  type AuditLogOptions,
  DEFAULT_CHECKPOINT_AFTER_MS,
  DEFAULT_CHECKPOINT_EVERY,
} from './audit-log-options.js';
import { CheckpointMaker } from './checkpoint-maker.js';

/**
 * Opens the operation log of a store. The log is proved consistent with its last checkpoint first; when the HSM that
 * holds the audit key is not to be had just now, before the next checkpoint instead.
 *
 * @throws RenkeiError `LOG_FORKED` or `CHECKPOINT_INVALID` when it is not consistent; `OPTION_UNKNOWN`,
 *   `OPTION_INVALID`, `KEY_NAME_INVALID`, a key error or a store error
 */
export async function openAuditLog(options: AuditLogOptions): Promise<AuditLog> {
  checkOptions('openAuditLog', options, AUDIT_LOG_RULES);
  const { store, vault, origin, earlierKeys = [], now = Date.now, observe } = options;
  const { checkpointEvery = DEFAULT_CHECKPOINT_EVERY, remembered } = options;
  const { checkpointAfterMs = DEFAULT_CHECKPOINT_AFTER_MS } = options;
  const maker = new CheckpointMaker({
    store,
    vault,
    auditKey: parseAuditKey(options.auditKey),
    origin,
    earlierKeys: earlierKeys.map(publicKeyBytes),
    remembered,
  });
  if (await maker.findKey()) await maker.check(await store.logHead());
  const checkpointed = (await store.lastCheckpoint())?.size ?? 0;
  return new AuditLog({
    store,
    maker,
    checkpointEvery,
    checkpointAfterMs,
    now,
    observe: quietly(observe),
    checkpointed,
  });
}
