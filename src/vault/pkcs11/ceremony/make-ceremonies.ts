import {
  auditKey,
  HIGHEST_VERSION,
  institutionAudience,
  type KeyName,
  linkKey,
  parseKeyName,
  recordAudience,
  storeAudience,
} from '../../../codes/key-names.js';
import { fiscalYear } from '../../../codes/record-period.js';
import { required, textRule } from '../../../errors/options.js';
import { RenkeiError } from '../../../errors/renkei-error.js';
import type { LogDetails } from '../../../lifecycle/operation-log.js';
import { makeKeys } from '../make-keys.js';
import type { SessionWorker } from '../session-worker.js';
import { checkMaking, type MakingOptions } from './ceremony-options.js';
import type { CeremonyKind, CeremonyRecord } from './ceremony-record.js';
import { holdCeremony } from './hold-ceremony.js';
import { recordKey } from './recorded-key.js';

/** Options of {@link initialiseKeys}. */
export interface InitialiseOptions extends MakingOptions {
  /** The first record period. Default: the Japanese fiscal year of the ceremony. */
  readonly period?: string;
}

/** Options of {@link addInstitution}. */
export interface AddInstitutionOptions extends MakingOptions {
  /** 機関コード */
  readonly institution: string;
}

/** Options of {@link addKeyVersion}. */
export interface AddVersionOptions extends MakingOptions {
  /** What gets its next version: `store`, `institution/<code>`, `link` (a generation) or `audit`. */
  readonly of: string;
}

/** Options of {@link addRecordPeriod}. */
export interface AddRecordPeriodOptions extends MakingOptions {
  /** The period, such as `2027`. */
  readonly period: string;
}

/** Names of the keys that every token begins with. */
export function initialKeys(period: string): readonly KeyName[] {
  return [linkKey(1), storeAudience(1), recordAudience(period), auditKey(1)];
}

/**
 * Makes the keys that every token begins with: `link/1`, `store/1`, `record/<period>` and `audit/1`.
 *
 * @throws RenkeiError `KEY_EXISTS` when one of them is there, an option error or a module error
 */
export async function initialiseKeys(options: InitialiseOptions): Promise<CeremonyRecord> {
  checkMaking('initialiseKeys', options, { period: textRule });
  const moment = options.now?.() ?? new Date();
  const names = initialKeys(options.period ?? fiscalYear(moment));
  return make({ ...options, now: () => moment }, 'init', { keys: names }, () => names);
}

/**
 * Makes the first key of an institution.
 *
 * @throws RenkeiError `INSTITUTION_CODE_INVALID`, `KEY_EXISTS`, `KEY_NOT_FOUND` (no audit key), an option error or a
 *   module error
 */
export async function addInstitution(options: AddInstitutionOptions): Promise<CeremonyRecord> {
  checkMaking('addInstitution', options, { institution: required(textRule) });
  const name = institutionAudience(options.institution, 1);
  return make(options, 'add-institution', { key: name }, () => [name]);
}

/**
 * Makes the next version of a key: one above the highest on the token.
 *
 * @throws RenkeiError `KEY_NAME_INVALID`, `KEY_NOT_FOUND` (no version to follow, or no audit key), `VERSION_INVALID`
 *   (no version left), an option error or a module error
 */
export async function addKeyVersion(options: AddVersionOptions): Promise<CeremonyRecord> {
  checkMaking('addKeyVersion', options, { of: required(textRule) });
  parseVersioned(options.of);
  return make(options, 'add-version', { of: options.of }, async (worker) => {
    const { names } = await worker.ask('listKeys', null);
    const versions = names.filter((name) => isVersionOf(name, options.of)).map(versionOf);
    if (versions.length === 0) {
      throw new RenkeiError(
        'KEY_NOT_FOUND',
        `there is no key ${options.of}/<version> on the token to follow`,
      );
    }
    const next = Math.max(...versions) + 1;
    if (next > HIGHEST_VERSION) {
      throw new RenkeiError('VERSION_INVALID', `${options.of} has its highest version, ${HIGHEST_VERSION}`);
    }
    return [parseKeyName(`${options.of}/${next}`).name];
  });
}

/**
 * Makes the key of a record period.
 *
 * @throws RenkeiError `RECORD_PERIOD_INVALID`, `KEY_EXISTS`, `KEY_NOT_FOUND` (no audit key), an option error or a
 *   module error
 */
export async function addRecordPeriod(options: AddRecordPeriodOptions): Promise<CeremonyRecord> {
  checkMaking('addRecordPeriod', options, { period: required(textRule) });
  const name = recordAudience(options.period);
  return make(options, 'add-record-period', { key: name }, () => [name]);
}

/**
 * The name that the first version of something with versions bears.
 *
 * @throws RenkeiError `KEY_NAME_INVALID`
 */
export function parseVersioned(of: string): KeyName {
  const parsed = parseKeyName(`${of}/1`);
  if (parsed.kind === 'record') throw new RenkeiError('KEY_NAME_INVALID', 'a record period has no versions');
  return parsed.name;
}

function isVersionOf(name: KeyName, of: string): boolean {
  return name.slice(0, name.lastIndexOf('/')) === of;
}

function versionOf(name: KeyName): number {
  return Number(name.slice(name.lastIndexOf('/') + 1));
}

function make(
  options: MakingOptions,
  ceremony: CeremonyKind,
  about: LogDetails,
  choose: (worker: SessionWorker) => readonly KeyName[] | Promise<readonly KeyName[]>,
): Promise<CeremonyRecord> {
  const { level } = options;
  return holdCeremony(options, {
    ceremony,
    level,
    about,
    act: async (worker) => {
      const names = await choose(worker);
      const keys = names.map((name) => ({ name, level, value: undefined }));
      await makeKeys(worker, keys, options);
      const described = [];
      for (const name of names) described.push(await worker.ask('describeKey', { name }));
      return described.map((key) => recordKey(key, 'made', level));
    },
  });
}
