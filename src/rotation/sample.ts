import { parseAudience } from '../codes/key-names.js';
import { pickCodes, rowsWithout } from '../codes/packed-codes.js';
import { CODE_LENGTH } from '../codes/per-institution-code.js';
import { signalOption } from '../errors/abort.js';
import { RenkeiError } from '../errors/renkei-error.js';
import type { Vault, VaultEngine } from '../vault/port.js';
import { type RotationContext, requireKeys } from './context.js';
import { drawPeople } from './draw-people.js';
import { translateAll } from './pair-maker.js';
import { PAIR_LENGTH } from './part-file.js';
import type { ReceiptSample } from './receipt.js';
import type { ScannedPage } from './scan.js';
import { SoughtPairs } from './sought-pairs.js';
import type { PlannedDelivery, PlannedRotation, StoredPlan } from './stored-plan.js';

/** Computes what was made once more, with another vault. */
export class SampleCheck {
  readonly #context: RotationContext;
  readonly #rotation: PlannedRotation;
  readonly #checked: Record<string, number> = {};
  #people: ScannedPage = { storeCodes: new Uint8Array(0), aliases: new Set() };
  /** Own codes of those of them to whom an institution's code was issued: record codes are of these. */
  #issuedTo: Uint8Array = new Uint8Array(0);

  /** @param vault the one that computes anew */
  constructor(context: RotationContext, rotation: PlannedRotation, vault: Vault) {
    this.#context = { ...context, vault };
    this.#rotation = rotation;
  }

  /**
   * Makes sure that the vault has the same keys, and draws people: before the last rows are taken in, so that everybody
   * drawn is in the deliveries.
   */
  async begin(sampleSize: number, signal: AbortSignal | undefined): Promise<void> {
    const { from, to, store: keys } = this.#rotation.plan;
    await requireKeys(this.#context, [...from, ...to]);
    if (keys.to === undefined || sampleSize === 0) return;
    const { store } = this.#context;
    this.#people = await drawPeople(store, sampleSize, signal);
    const { storeCodes, aliases } = this.#people;
    const holders = await store.holders(storeCodes, signalOption(signal));
    const nobodys = { has: (row: number) => aliases.has(row) || holders[row]?.length === 0 };
    this.#issuedTo = pickCodes(storeCodes, rowsWithout(storeCodes.length / CODE_LENGTH, nobodys));
  }

  /**
   * What was computed anew, and by which engine.
   *
   * @param madeBy engines that made the pairs
   */
  async outcome(madeBy: readonly VaultEngine[]): Promise<ReceiptSample> {
    const { vault } = this.#context;
    const { level, name, basis } = await vault.assurance();
    const checkedBy = vault.health().engines;
    return {
      size: Object.values(this.#checked).reduce((sum, n) => sum + n, 0),
      checked: this.#checked,
      madeBy,
      checkedBy,
      otherEngine: !madeBy.some((engine) => checkedBy.includes(engine)),
      statement: `level ${level} (${name}), by ${basis}`,
    };
  }

  /**
   * The pairs of the people drawn that must be in a delivery whose codes do not open: those of a record period.
   * Undefined for another.
   */
  async sought(
    { from, to }: PlannedDelivery,
    signal: AbortSignal | undefined,
  ): Promise<SoughtPairs | undefined> {
    if (parseAudience(from).kind !== 'record') return undefined;
    const { plan } = this.#rotation;
    const own = this.#issuedTo;
    const [newCodes, kept] = await this.#newCodes(plan, own, to, signal);
    const [oldCodes] = (await translateAll(
      this.#context,
      pickCodes(own, kept),
      plan.store.from,
      [from],
      signal,
    )) as [Uint8Array];
    return new SoughtPairs({ oldCodes, newCodes });
  }

  /**
   * Makes sure that a delivery had the pairs that were looked for, or else opens the old codes drawn from it and
   * makes the new ones of them.
   *
   * @param pairs n × 48 bytes
   * @throws RenkeiError `ROTATION_INCOMPLETE` when one comes out otherwise
   */
  async pairs(
    { audience, from, to }: PlannedDelivery,
    pairs: Uint8Array,
    sought: SoughtPairs | undefined,
    signal: AbortSignal | undefined,
  ): Promise<void> {
    if (sought !== undefined) {
      if (sought.found < sought.size) throw comesOutOtherwise();
      this.#count(audience, sought.found);
      return;
    }
    if (pairs.length === 0) return this.#count(audience, 0);
    const { plan } = this.#rotation;
    const [oldCodes, newCodes] = split(pairs);
    const [storeCodes] = (await translateAll(this.#context, oldCodes, from, [plan.store.from], signal)) as [
      Uint8Array,
    ];
    const [anew, kept] = await this.#newCodes(plan, storeCodes, to, signal);
    this.#compare(audience, anew, pickCodes(newCodes, kept));
  }

  /**
   * Makes the successors of the people drawn anew. Of a list it cannot: a successor may be lent by another name.
   *
   * @throws RenkeiError `ROTATION_INCOMPLETE` when one comes out otherwise
   */
  async successors(signal: AbortSignal | undefined): Promise<void> {
    const { plan } = this.#rotation;
    const { store, vault } = this.#context;
    const { from, to } = plan.store;
    if (to === undefined) return;
    this.#count('successors', 0);
    const { storeCodes } = this.#people;
    if (plan.source === 'list' || storeCodes.length === 0) return;
    const known = await store.successors(storeCodes, signalOption(signal));
    const kept = rowsWithout(storeCodes.length / CODE_LENGTH, new Set(known.missing));
    const codes = pickCodes(storeCodes, kept);
    const made = pickCodes(known.newCodes, kept);
    if (plan.link === undefined) {
      const [anew] = (await translateAll(this.#context, codes, from, [to], signal)) as [Uint8Array];
      return this.#compare('successors', anew, made);
    }
    try {
      const anew = await vault.advance(codes, from, plan.generation, [to], signalOption(signal));
      this.#compare('successors', anew.codes[0] as Uint8Array, made);
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

  #compare(what: string, anew: Uint8Array, made: Uint8Array): void {
    if (Buffer.compare(anew, made) !== 0) throw comesOutOtherwise();
    this.#count(what, anew.length / CODE_LENGTH);
  }

  #count(what: string, codes: number): void {
    this.#checked[what] = (this.#checked[what] ?? 0) + codes;
  }
}

function comesOutOtherwise(): RenkeiError {
  return new RenkeiError('ROTATION_INCOMPLETE', 'codes that were made come out otherwise when made anew');
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
