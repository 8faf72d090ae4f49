import { randomBytes } from 'node:crypto';
import {
  HIGHEST_VERSION,
  institutionAudience,
  type KeyName,
  linkKey,
  parseKeyName,
  type RecordAudience,
  recordAudience,
  type StoreAudience,
  storeAudience,
} from '../codes/key-names.js';
import { RenkeiError } from '../errors/renkei-error.js';
import type { RecordedKey } from '../stores/port.js';
import { type InstitutionCode, parseInstitutionCode } from '../subjects/institution-code.js';
import type { RotationRequest } from './requests.js';
import { endOfPeriod } from './retention.js';
import type { PlannedDelivery, StoredPlan } from './stored-plan.js';

/** A delivery before its rows are counted. */
export type OutlinedDelivery = Omit<PlannedDelivery, 'parts' | 'fingerprints'>;

/** A plan before its work is divided into parts, and its keys' fingerprints are known. */
export interface Outline
  extends Omit<StoredPlan, 'format' | 'from' | 'to' | 'successionParts' | 'deliveries'> {
  readonly subject: string;
  readonly from: readonly KeyName[];
  readonly to: readonly KeyName[];
  readonly deliveries: readonly OutlinedDelivery[];
}

/**
 * What a request comes to with the keys on record.
 *
 * @throws RenkeiError `INSTITUTION_UNKNOWN`, `RECORD_PERIOD_UNKNOWN`, `VERSION_INVALID`, `GENERATION_INVALID`,
 *   `OPTION_INVALID`, `ROTATION_STATUS` when the store was never begun
 */
export function outline(request: RotationRequest, keys: readonly RecordedKey[]): Outline {
  const storeKey = activeVersion(keys, 'store');
  const link = activeVersion(keys, 'link');
  if (storeKey === undefined || link === undefined) {
    throw new RenkeiError(
      'ROTATION_STATUS',
      'the store has no keys on record: no issuer was ever opened on it',
    );
  }
  const mark = randomBytes(8).toString('hex');
  const base = { mark, store: { from: storeAudience(storeKey) } };
  switch (request.kind) {
    case 'institution':
      return ofInstitution(request, keys, base, link);
    case 'store': {
      const to = storeAudience(nextVersion(keys, 'store', link, request.version));
      const { from } = base.store;
      const store = { from, to };
      return { ...base, subject: '*', generation: link, store, from: [from], to: [to], deliveries: [] };
    }
    case 'generation':
      return ofGeneration(request.source, keys, base, link);
    default:
      return ofPeriod(request, keys, base, link);
  }
}

type Base = Pick<StoredPlan, 'mark'> & { readonly store: { readonly from: StoreAudience } };

function ofInstitution(
  request: { readonly institution: string; readonly version?: number },
  keys: readonly RecordedKey[],
  base: Base,
  generation: number,
): Outline {
  const institution = parseInstitutionCode(request.institution);
  const delivery = institutionDelivery(keys, institution, generation, request.version);
  const { from, to } = delivery;
  return { ...base, subject: institution, generation, from: [from], to: [to], deliveries: [delivery] };
}

function ofGeneration(
  source: 'store' | 'list',
  keys: readonly RecordedKey[],
  base: Base,
  active: number,
): Outline {
  const generation = active + 1;
  const link = { from: linkKey(active), to: linkKey(generation) };
  const store = { ...base.store, to: storeAudience(nextVersion(keys, 'store', generation)) };
  const institutions = institutionsOf(keys).map((institution) =>
    institutionDelivery(keys, institution, generation),
  );
  const periods = openPeriodsOf(keys).map((name) => ({ audience: name, from: name, to: name }));
  return {
    ...base,
    subject: '*',
    generation,
    store,
    link,
    source,
    from: [link.from, store.from, ...institutions.map(({ from }) => from)],
    to: [link.to, store.to, ...institutions.map(({ to }) => to)],
    deliveries: [...institutions, ...periods],
  };
}

function ofPeriod(
  request: { readonly close: string; readonly open: string; readonly endedAt?: number },
  keys: readonly RecordedKey[],
  base: Base,
  generation: number,
): Outline {
  const from = recordAudience(request.close);
  if (keys.find(({ name }) => name === from)?.state !== 'active') {
    throw new RenkeiError(
      'RECORD_PERIOD_UNKNOWN',
      `record period ${request.close} has no active key on record`,
    );
  }
  const endedAt = request.endedAt ?? endOfPeriod(request.close);
  const period = { close: request.close, endedAt };
  return {
    ...base,
    subject: from,
    generation,
    from: [from],
    to: [recordAudience(request.open)],
    period,
    deliveries: [],
  };
}

function institutionDelivery(
  keys: readonly RecordedKey[],
  institution: InstitutionCode,
  generation: number,
  wanted?: number,
): OutlinedDelivery {
  const audience = `institution/${institution}`;
  const from = activeVersion(keys, audience);
  if (from === undefined) {
    throw new RenkeiError('INSTITUTION_UNKNOWN', `institution ${institution} is not registered`);
  }
  const to = nextVersion(keys, audience, generation, wanted);
  return {
    audience,
    institution,
    from: institutionAudience(institution, from),
    to: institutionAudience(institution, to),
  };
}

/** All institutions on record. */
export function institutionsOf(keys: readonly RecordedKey[]): readonly InstitutionCode[] {
  const codes = keys.flatMap(({ name }) => {
    const key = parseKeyName(name);
    return key.kind === 'institution' ? [key.institution] : [];
  });
  return [...new Set(codes)];
}

/** Keys of the record periods that record codes are made for still. */
export function openPeriodsOf(keys: readonly RecordedKey[]): readonly RecordAudience[] {
  return keys.flatMap(({ name, state }) => {
    const key = parseKeyName(name);
    return key.kind === 'record' && (state === 'active' || state === 'accepting') ? [key.name] : [];
  });
}

function activeVersion(keys: readonly RecordedKey[], audience: string): number | undefined {
  return versionsOf(keys, audience).find(({ state }) => state === 'active')?.version;
}

/** The version on record that was never used and is for this generation, or else the next. */
function nextVersion(
  keys: readonly RecordedKey[],
  audience: string,
  generation: number,
  wanted?: number,
): number {
  const versions = versionsOf(keys, audience);
  const active = versions.find(({ state }) => state === 'active')?.version ?? 0;
  const unused = versions.filter(
    (key) => key.state === 'pre-active' && key.generation === generation && key.version > active,
  );
  if (wanted !== undefined) {
    const recorded = versions.find(({ version }) => version === wanted);
    const isFree = recorded === undefined || unused.includes(recorded);
    if (wanted > active && isFree) return wanted;
    throw new RenkeiError(
      'VERSION_INVALID',
      `the new version must be above the active one, ${active}, and unused`,
    );
  }
  const next = unused[0]?.version ?? Math.max(0, ...versions.map(({ version }) => version)) + 1;
  if (next <= HIGHEST_VERSION) return next;
  throw new RenkeiError('VERSION_INVALID', `there is no version above ${HIGHEST_VERSION}`);
}

function versionsOf(keys: readonly RecordedKey[], audience: string) {
  const prefix = `${audience}/`;
  return keys
    .filter(({ name }) => name.startsWith(prefix))
    .map((key) => ({ ...key, version: Number(key.name.slice(prefix.length)) }))
    .sort((a, b) => a.version - b.version);
}
