import { randomBytes } from 'node:crypto';
import { parseAudience } from '../codes/key-names.js';
import { pickCodes, rowsWithout } from '../codes/packed-codes.js';
import { CODE_LENGTH } from '../codes/per-institution-code.js';
import { RenkeiError } from '../errors/renkei-error.js';
import type { Vault } from '../vault/port.js';
import { type RotationContext, requireKeys } from './context.js';
import { translateAll } from './pair-maker.js';
import { PAIR_LENGTH } from './part-file.js';
import type { PlannedDelivery, PlannedRotation, StoredPlan } from './stored-plan.js';

/** Computes what was made once more, with another vault. */
export class SampleCheck {
  readonly #context: RotationContext;
  readonly #rotation: PlannedRotation;
  #size = 0;

  /** @param vault the one that computes anew */
  constructor(context: RotationContext, rotation: PlannedRotation, vault: Vault) {
    this.#context = { ...context, vault };
    this.#rotation = rotation;
  }

  /** Pairs and successors that were computed anew and came out the same. */
  get size(): number {
    return this.#size;
  }

  /** What the vault says of itself. */
  async statement(): Promise<string> {
    const { level, name, basis } = await this.#context.vault.assurance();
    return `level ${level} (${name}), by ${basis}`;
  }

  /** Makes sure that the vault has the same keys. */
  async begin(): Promise<void> {
    const { from, to } = this.#rotation.plan;
    await requireKeys(this.#context, [...from, ...to]);
  }

  /**
   * Opens the old code of each pair and makes the new one of it. Codes of a record period do not open.
   *
   * @param pairs n × 48 bytes
   * @throws RenkeiError `ROTATION_INCOMPLETE` when one comes out otherwise
   */
  async pairs(
    { from, to }: PlannedDelivery,
    pairs: Uint8Array,
    signal: AbortSignal | undefined,
  ): Promise<void> {
    if (parseAudience(from).kind === 'record' || pairs.length === 0) return;
    const { plan } = this.#rotation;
    const [oldCodes, newCodes] = split(pairs);
    const [storeCodes] = (await translateAll(this.#context, oldCodes, from, [plan.store.from], signal)) as [
      Uint8Array,
    ];
    const [anew, kept] = await this.#newCodes(plan, storeCodes, to, signal);
    this.#compare(anew, pickCodes(newCodes, kept));
  }

  /**
   * Makes successors of people drawn at random anew.
   *
   * @throws RenkeiError `ROTATION_INCOMPLETE` when one comes out otherwise
   */
  async successors(sampleSize: number, signal: AbortSignal | undefined): Promise<void> {
    const { plan } = this.#rotation;
    const { store, vault } = this.#context;
    const { from, to } = plan.store;
    if (to === undefined || plan.source === 'list' || sampleSize === 0) return;
    const after = randomBytes(CODE_LENGTH);
    const page = await store.persons({ after, limit: sampleSize });
    const { storeCodes } = page.storeCodes.length > 0 ? page : await store.persons({ limit: sampleSize });
    const known = await store.successors(storeCodes);
    const kept = rowsWithout(storeCodes.length / CODE_LENGTH, new Set(known.missing));
    const codes = pickCodes(storeCodes, kept);
    if (plan.link === undefined) {
      const [anew] = (await translateAll(this.#context, codes, from, [to], signal)) as [Uint8Array];
      return this.#compare(anew, pickCodes(known.newCodes, kept));
    }
    try {
      const { codes: made } = await vault.advance(codes, from, plan.generation, [to]);
      this.#compare(made[0] as Uint8Array, pickCodes(known.newCodes, kept));
    } catch (error) {
      // A sealed engine does not advance; of pairs it computes what it can.
      if (!(error instanceof RenkeiError) || error.code !== 'ENGINE_REFUSED') throw error;
    }
  }

  async #newCodes(
    plan: StoredPlan,
    storeCodes: Uint8Array,
    to: PlannedDelivery['to'],
    signal: AbortSignal | undefined,
  ): Promise<[Uint8Array, number[]]> {
    const all = rowsWithout(storeCodes.length / CODE_LENGTH, new Set());
    if (plan.store.to === undefined) {
      const [codes] = await translateAll(this.#context, storeCodes, plan.store.from, [to], signal);
      return [codes as Uint8Array, all];
    }
    const { newCodes, missing } = await this.#context.store.successors(storeCodes);
    const kept = rowsWithout(all.length, new Set(missing));
    const [codes] = await translateAll(this.#context, pickCodes(newCodes, kept), plan.store.to, [to], signal);
    return [codes as Uint8Array, kept];
  }

  #compare(anew: Uint8Array, made: Uint8Array): void {
    if (!Buffer.from(anew.buffer, anew.byteOffset, anew.byteLength).equals(made)) {
      throw new RenkeiError('ROTATION_INCOMPLETE', 'codes that were made come out otherwise when made anew');
    }
    this.#size += anew.length / CODE_LENGTH;
  }
}

function split(pairs: Uint8Array): [Uint8Array, Uint8Array] {
  const rows = pairs.length / PAIR_LENGTH;
  const [oldCodes, newCodes] = [new Uint8Array(rows * CODE_LENGTH), new Uint8Array(rows * CODE_LENGTH)];
  for (let row = 0; row < rows; row++) {
    const at = row * PAIR_LENGTH;
    oldCodes.set(pairs.subarray(at, at + CODE_LENGTH), row * CODE_LENGTH);
    newCodes.set(pairs.subarray(at + CODE_LENGTH, at + PAIR_LENGTH), row * CODE_LENGTH);
  }
  return [oldCodes, newCodes];
}
