import { type KeyName, parseKeyName } from '../codes/key-names.js';
import { CODE_LENGTH } from '../codes/per-institution-code.js';
import { RenkeiError } from '../errors/renkei-error.js';
import type { IssuanceStore } from '../stores/port.js';
import { excludes } from '../stores/rotation-arguments.js';
import type { NewRotation } from '../stores/rotation-port.js';
import type { RotationContext } from './context.js';
import { countWork, partsFor, successionParts } from './counting.js';
import type { ReceiptKey } from './receipt.js';
import type { RotationRequest } from './requests.js';
import type { PlannedDelivery, StoredPlan } from './stored-plan.js';
import { type Outline, outline } from './target-keys.js';

/**
 * Begins a rotation: its new keys go on record, pre-active, and new rows are noted from now on.
 *
 * @returns its number
 * @throws RenkeiError `ROTATION_CONFLICT` when another is under way, `ENGINE_REFUSED`, `KEY_FINGERPRINT_MISMATCH`,
 *   `KEY_NOT_DISTINCT`, a key error or a request's error
 */
export async function beginRotation(context: RotationContext, request: RotationRequest): Promise<number> {
  const { vault, store, now } = context;
  const outlined = outline(request, await store.listKeys());
  await requireFree(store, outlined.subject);
  const counts = await countWork(store, outlined);
  // All that may be missing is seen before anything is put on record.
  const from = await fingerprints(context, outlined.from);
  const to = await fingerprints(context, outlined.to);
  await vault.publicKey(context.auditKey);
  if (outlined.source === 'store') await requireBulkEngine(context, outlined);
  await requireRecordable(store, from, to);
  // Counting may take minutes, and what goes on record stays there.
  await requireFree(store, outlined.subject);
  for (const key of to) await register(context, key, outlined.generation);
  const deliveries: PlannedDelivery[] = [];
  for (const delivery of outlined.deliveries) {
    const keys = await fingerprints(context, [delivery.from, delivery.to]);
    deliveries.push({
      ...delivery,
      fingerprints: { from: keys[0]?.fingerprint as string, to: keys[1]?.fingerprint as string },
      parts: partsFor(counts.pairs[delivery.audience] ?? 0),
    });
  }
  const { subject, ...rest } = outlined;
  const { generation } = outlined;
  const plan: StoredPlan = {
    ...rest,
    format: 1,
    from,
    to,
    successionParts: successionParts(outlined, counts),
    deliveries,
  };
  const id = await store.beginRotation({
    kind: request.kind,
    subject,
    notes: notesOf(request, outlined),
    ...(plan.store.to === undefined
      ? {}
      : { successor: { generation, storeKeyVersion: Number(plan.store.to.split('/')[1]) } }),
    parts: deliveries.reduce((sum, { parts }) => sum + parts, plan.successionParts),
    plan: JSON.stringify(plan),
    createdAt: now(),
  });
  // Another process may have begun one in this moment. The new keys stay, pre-active, for the next rotation to take.
  if (id === undefined) throw conflict(subject);
  context.observe({ event: 'status', id, kind: request.kind, status: 'running' });
  return id;
}

/** The keys with their fingerprints; a key that the vault lacks is `KEY_NOT_FOUND`. */
async function fingerprints({ vault }: RotationContext, names: readonly KeyName[]): Promise<ReceiptKey[]> {
  const keys: ReceiptKey[] = [];
  for (const name of names) keys.push({ name, fingerprint: await vault.fingerprint(name) });
  return keys;
}

async function register(
  { store, now }: RotationContext,
  { name, fingerprint }: ReceiptKey,
  generation: number,
): Promise<void> {
  const { kind } = parseKeyName(name);
  const ofGeneration = kind === 'institution' || kind === 'store' ? { generation } : {};
  const outcome = await store.registerKey({ name, fingerprint, registeredAt: now(), ...ofGeneration });
  // Another key came on record under its name, or with its fingerprint, since it was looked for.
  if (outcome === 'conflict') await requireRecordable(store, [], [{ name, fingerprint }]);
}

/** Makes sure that no rotation under way excludes one of this subject. */
async function requireFree(store: IssuanceStore, subject: string): Promise<void> {
  if ((await store.rotations()).some((one) => excludes(one, subject))) throw conflict(subject);
}

/** Makes sure that the old keys are those on record, and that the new ones are on record or can be. */
async function requireRecordable(
  store: IssuanceStore,
  from: readonly ReceiptKey[],
  to: readonly ReceiptKey[],
): Promise<void> {
  const keys = await store.listKeys();
  const fingerprintsByName = new Map(keys.map(({ name, fingerprint }) => [name, fingerprint]));
  for (const { name, fingerprint } of from) {
    if (fingerprintsByName.get(name) !== fingerprint) throw mismatch(name);
  }
  const taken = new Map(keys.map(({ name, fingerprint }) => [fingerprint, name]));
  for (const { name, fingerprint } of to) {
    if ((fingerprintsByName.get(name) ?? fingerprint) !== fingerprint) throw mismatch(name);
    if ((taken.get(fingerprint) ?? name) !== name) {
      throw new RenkeiError('KEY_NOT_DISTINCT', `key ${name} is the same as another key`);
    }
    taken.set(fingerprint, name);
  }
}

/**
 * Makes sure that linkage codes can be advanced. A code that was never made is given: a sealed engine refuses the
 * call, a bulk engine the code.
 *
 * @throws RenkeiError `ENGINE_REFUSED`
 */
export async function requireBulkEngine(
  { vault }: Pick<RotationContext, 'vault'>,
  { store, generation }: Pick<Outline, 'store' | 'generation'>,
): Promise<void> {
  if (store.to !== undefined)
    await vault.advance(new Uint8Array(CODE_LENGTH), store.from, generation, [store.to]);
}

function notesOf(request: RotationRequest, outlined: Outline): NewRotation['notes'] {
  if (request.kind === 'generation') return 'everything';
  if (request.kind === 'store') return 'persons';
  return outlined.deliveries.flatMap(({ institution }) => institution ?? []);
}

function conflict(subject: string): RenkeiError {
  const what = subject === '*' ? 'this store' : subject;
  return new RenkeiError('ROTATION_CONFLICT', `another rotation of ${what}, or of all keys, is under way`);
}

function mismatch(name: KeyName): RenkeiError {
  return new RenkeiError(
    'KEY_FINGERPRINT_MISMATCH',
    `key ${name} of the vault is not the one the store has on record`,
  );
}
