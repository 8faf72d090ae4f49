import type { Audience, KeyName } from '../codes/key-names.js';
import { signalOption } from '../errors/abort.js';
import { RenkeiError } from '../errors/renkei-error.js';
import { excludes } from '../stores/rotation-arguments.js';
import { requireBulkEngine } from './begin.js';
import type { RotationContext } from './context.js';
import { countWork, partsFor, successionParts } from './counting.js';
import { estimate, type Workload } from './estimate.js';
import { type Measured, measureRates } from './measure.js';
import type { PlanOptions } from './options.js';
import type { RotationRequest } from './requests.js';
import type { RotationCounts, RotationNeeds, RotationPlan, RotationRates } from './rotation-plan.js';
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
  const { persons } = await store.count(signalOption(signal));
  const rates = measure ? await ratesOrNone(context, { outlined, needs, folder, signal }) : undefined;
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
    estimate: estimate(workload(outlined, counts, persons), rates),
    nation: estimate(nation(outlined, people, institutions), rates),
    warnings: await warningsOf(context, request, outlined),
  };
}

interface RatesRequest extends Pick<Measured, 'folder' | 'signal'> {
  readonly outlined: Outline;
  readonly needs: RotationNeeds;
}

/** Undefined when a key is missing that it takes. */
async function ratesOrNone(
  context: RotationContext,
  { outlined, needs, folder, signal }: RatesRequest,
): Promise<RotationRates | undefined> {
  const { store, link, generation, deliveries } = outlined;
  const [first] = deliveries;
  const institution = link === undefined ? first?.institution : undefined;
  // A worker makes both codes in one call where the store key stays.
  const hasBoth = institution !== undefined && !needs.missingKeys.includes(first?.to as KeyName);
  const advances = outlined.source === 'store' && needs.engineReady === true;
  let rates: RotationRates | undefined;
  await refusalOf(async () => {
    rates = await measureRates(context, {
      storeKey: store.from,
      generation: link === undefined ? generation : generation - 1,
      audiences: [(first?.from ?? store.from) as Audience, ...(hasBoth && first ? [first.to] : [])],
      advanceTo: advances ? store.to : undefined,
      institution,
      folder,
      signal,
    });
  });
  return rates;
}

function workload(outlined: Outline, { storeCodes, pairs }: RotationCounts, people: number): Workload {
  const of = (isRecord: boolean) =>
    outlined.deliveries
      .filter(({ institution }) => (institution === undefined) === isRecord)
      .reduce((sum, { audience }) => sum + (pairs[audience] ?? 0), 0);
  const fromList = outlined.source === 'list';
  return { people, rotations: 1, storeCodes, fromList, pairs: of(false), records: of(true) };
}

/** Everybody has a code of every institution; of the kind `institution` there is a rotation for each. */
function nation(outlined: Outline, people: number, institutions: number): Workload {
  const periods = outlined.deliveries.filter(({ institution }) => institution === undefined).length;
  const hasPairs = outlined.deliveries.some(({ institution }) => institution !== undefined);
  return {
    people,
    rotations: outlined.link === undefined && hasPairs ? institutions : 1,
    storeCodes: outlined.store.to === undefined ? 0 : people,
    fromList: outlined.source === 'list',
    pairs: outlined.link !== undefined || hasPairs ? people * institutions : 0,
    records: people * periods,
  };
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
