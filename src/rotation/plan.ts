import type { Audience, KeyName } from '../codes/key-names.js';
import { CODE_LENGTH } from '../codes/per-institution-code.js';
import { RenkeiError } from '../errors/renkei-error.js';
import { excludes } from '../stores/rotation-arguments.js';
import { requireBulkEngine } from './begin.js';
import type { RotationContext } from './context.js';
import { countWork, partsFor, successionParts } from './counting.js';
import { measureRates } from './measure.js';
import type { PlanOptions } from './options.js';
import { PAIR_LENGTH } from './part-file.js';
import type { RotationRequest } from './requests.js';
import type {
  RotationCounts,
  RotationEstimate,
  RotationNeeds,
  RotationPlan,
  RotationRates,
} from './rotation-plan.js';
import { type Outline, outline } from './target-keys.js';

const NATION = { people: 125_000_000, institutions: 10 };

/** Says what a rotation would be, and how long it may take. Changes nothing. */
export async function planRotation(
  context: RotationContext,
  request: RotationRequest,
  options: PlanOptions,
): Promise<RotationPlan> {
  const { store } = context;
  const {
    people = NATION.people,
    institutions = NATION.institutions,
    measure = true,
    folder,
    signal,
  } = options;
  const outlined = outline(request, await store.listKeys());
  const counts = await countWork(store, outlined, signal);
  const needs = await findNeeds(context, outlined);
  const audience = (outlined.deliveries[0]?.from ?? outlined.store.from) as Audience;
  const canMeasure = measure && !needs.missingKeys.includes(outlined.store.from);
  const rates = canMeasure
    ? await measureRates(context, { storeKey: outlined.store.from, audience, folder, signal })
    : undefined;
  const { persons } = await store.count();
  return {
    kind: request.kind,
    subject: outlined.subject,
    from: outlined.from,
    to: outlined.to,
    counts,
    parts: outlined.deliveries.reduce(
      (sum, delivery) => sum + partsFor(counts.pairs[delivery.audience] ?? 0),
      successionParts(outlined, counts),
    ),
    needs,
    ...(rates === undefined ? {} : { rates }),
    estimate: estimate(persons, counts.storeCodes, pairsOf(counts), rates),
    nation: nation(outlined, people, institutions, rates),
    warnings: await warningsOf(context, request, outlined),
  };
}

function pairsOf({ pairs }: RotationCounts): number {
  return Object.values(pairs).reduce((sum, count) => sum + count, 0);
}

function nation(
  outlined: Outline,
  people: number,
  institutions: number,
  rates: RotationRates | undefined,
): RotationEstimate {
  const periods = outlined.deliveries.filter(({ institution }) => institution === undefined).length;
  const audiences = outlined.link === undefined ? outlined.deliveries.length : institutions + periods;
  return estimate(people, outlined.store.to === undefined ? 0 : people, people * audiences, rates);
}

/** One worker: reading and computing overlap, so that the slower counts; then pairs are written, merged and written again. */
function estimate(
  people: number,
  storeCodes: number,
  pairs: number,
  rates: RotationRates | undefined,
): RotationEstimate {
  // Parts are there until the delivery is whole, and that is copied once while it is written.
  const bytes = pairs * (PAIR_LENGTH + CODE_LENGTH + 2 * PAIR_LENGTH);
  if (rates === undefined) return { people, pairs, bytes };
  const computing = (storeCodes + 2 * pairs) / rates.codes;
  const reading = rates.reading === undefined ? 0 : (storeCodes + pairs) / rates.reading;
  const writing = (2 * pairs) / rates.writing;
  return { people, pairs, bytes, seconds: Math.ceil(Math.max(computing, reading) + writing) };
}

async function findNeeds(context: RotationContext, outlined: Outline): Promise<RotationNeeds> {
  const { vault, auditKey } = context;
  const names = [
    ...outlined.from,
    ...outlined.to,
    outlined.store.from,
    ...outlined.deliveries.map(({ from }) => from),
  ];
  const missingKeys: KeyName[] = [];
  for (const name of new Set(names)) {
    if (await isMissing(() => vault.fingerprint(name))) missingKeys.push(name);
  }
  if (await isMissing(() => vault.publicKey(auditKey))) missingKeys.push(auditKey);
  if (outlined.source !== 'store') return { missingKeys, engine: 'any', engineReady: true };
  const refusal = await refusalOf(() => requireBulkEngine(context, outlined));
  if (refusal === 'KEY_NOT_FOUND') return { missingKeys, engine: 'bulk' };
  return { missingKeys, engine: 'bulk', engineReady: refusal === undefined };
}

async function isMissing(call: () => Promise<unknown>): Promise<boolean> {
  return (await refusalOf(call)) === 'KEY_NOT_FOUND';
}

async function refusalOf(
  call: () => Promise<unknown>,
): Promise<'KEY_NOT_FOUND' | 'ENGINE_REFUSED' | undefined> {
  try {
    await call();
    return undefined;
  } catch (error) {
    if (!(error instanceof RenkeiError)) throw error;
    if (error.code === 'KEY_NOT_FOUND' || error.code === 'ENGINE_REFUSED') return error.code;
    throw error;
  }
}

async function warningsOf(
  { store }: RotationContext,
  request: RotationRequest,
  outlined: Outline,
): Promise<string[]> {
  const warnings: string[] = [];
  for (const record of await store.rotations()) {
    const { id, kind, status } = record;
    if (excludes(record, outlined.subject))
      warnings.push(`rotation ${id} (${kind}) is ${status}: it must end first`);
  }
  if (request.kind === 'institution') {
    warnings.push(
      'a linkage code that was learned through the old key stays known: that takes a new generation',
    );
  }
  if (request.kind === 'generation') {
    warnings.push('no institution and no record period can be registered before the switch');
    if (request.source === 'list') {
      warnings.push(
        'everybody in the store must be in the list, under the resident record code of today or an earlier one',
      );
    }
  }
  if (request.kind === 'record-period')
    warnings.push('records are kept for seven years after the end of the period');
  return warnings;
}
