import { wipe } from '../bytes/wipe.js';
import type { Audience, StoreAudience } from '../codes/key-names.js';
import { CODE_LENGTH } from '../codes/per-institution-code.js';
import { signalOption, throwIfAborted } from '../errors/abort.js';
import type { InstitutionCode } from '../subjects/institution-code.js';
import { checkDigit, RESIDENT_RECORD_CODE_LENGTH } from '../subjects/resident-record-code.js';
import type { RotationContext } from './context.js';
import { measureFolder } from './measure-folder.js';
import { translateAll } from './pair-maker.js';
import { rateOf } from './rate-of.js';
import type { RateBasis, RotationRates } from './rotation-plan.js';
import { PAGE_ROWS } from './scan.js';

/** How long each rate is measured. */
const MEASURED_MS = 400;
/** Calls at the same time, as a worker makes them. */
const CALLS = 3;
/** Fewer rows say nothing of calls with full pages. */
const LEAST_ROWS = 5_000;

/**
 * What cannot be measured without changing the store: pairs of store codes recorded, and people moved to another
 * store key, a second. SQLite on two shared cores did 69,000 and 37,000.
 */
const ASSUMED = { recording: 60_000, moving: 30_000 };

/** What rates are measured with. */
export interface Measured {
  readonly storeKey: StoreAudience;
  /** Generation of the codes in the store. */
  readonly generation: number;
  /** Keys that codes are made under, in one call. */
  readonly audiences: readonly Audience[];
  /** Where store codes are to be made of the next generation: under this key. */
  readonly advanceTo: StoreAudience | undefined;
  /** Whose rows the rotation goes through; undefined: people. */
  readonly institution: InstitutionCode | undefined;
  readonly folder: string | undefined;
  readonly signal: AbortSignal | undefined;
}

/** Measures how fast this vault, this store and this disk are, just now. Nothing is kept. */
export async function measureRates(context: RotationContext, measured: Measured): Promise<RotationRates> {
  const { folder, signal } = measured;
  const { codes: read, rate: reading } = await readRows(context, measured);
  const isReal = read.length >= LEAST_ROWS * CODE_LENGTH;
  const codes = isReal ? read : await syntheticCodes(context, measured);
  const measuredOn = `${codes.length / CODE_LENGTH} ${isReal ? 'store codes of this store' : 'synthetic store codes'}`;
  try {
    const disk = await measureFolder(folder, signal);
    const basis: RateBasis = {
      codes: measuredOn,
      ...(measured.advanceTo === undefined ? {} : { advancing: measuredOn }),
      reading: reading === undefined ? 'not measured: the store has less than a page of rows' : 'this store',
      writing: disk.basis,
      merging: disk.basis,
      recording: 'assumed: it would change the store',
      moving: 'assumed: it would change the store',
    };
    return {
      codes: await codeRate(context, codes, measured),
      ...(await advanceRate(context, codes, measured)),
      ...(reading === undefined ? {} : { reading }),
      writing: disk.writing,
      merging: disk.merging,
      ...ASSUMED,
      basis,
    };
  } finally {
    if (!isReal) wipe(codes);
  }
}

/** The first page of rows, and the rate where it is full. */
async function readRows(
  { store }: RotationContext,
  { institution, signal }: Measured,
): Promise<{ readonly codes: Uint8Array; readonly rate?: number }> {
  const begun = performance.now();
  let codes: Uint8Array | undefined;
  let read = 0;
  let after: Uint8Array | undefined;
  do {
    throwIfAborted(signal);
    const page = { limit: PAGE_ROWS, ...(after === undefined ? {} : { after }), ...signalOption(signal) };
    const { storeCodes } = await (institution === undefined
      ? store.persons(page)
      : store.issuances(institution, page));
    read += storeCodes.length / CODE_LENGTH;
    codes ??= storeCodes;
    after = storeCodes.length === PAGE_ROWS * CODE_LENGTH ? storeCodes.slice(-CODE_LENGTH) : undefined;
  } while (after !== undefined && performance.now() - begun < MEASURED_MS);
  return { codes, ...(read < PAGE_ROWS ? {} : { rate: rateOf(read, begun) }) };
}

/** Store codes of residents that are numbered from nought. */
async function syntheticCodes(
  { vault }: RotationContext,
  { storeKey, generation, signal }: Measured,
): Promise<Uint8Array> {
  const residents = new Uint8Array(PAGE_ROWS * RESIDENT_RECORD_CODE_LENGTH);
  for (let row = 0; row < PAGE_ROWS; row++) {
    const offset = row * RESIDENT_RECORD_CODE_LENGTH;
    residents.set(Buffer.from(String(row).padStart(RESIDENT_RECORD_CODE_LENGTH - 1, '0')), offset);
    residents[offset + RESIDENT_RECORD_CODE_LENGTH - 1] = 0x30 + checkDigit(residents, offset);
  }
  const { codes } = await vault.derive(residents, [storeKey], { generation, ...signalOption(signal) });
  return codes[0] as Uint8Array;
}

async function codeRate(context: RotationContext, codes: Uint8Array, measured: Measured): Promise<number> {
  const { storeKey, audiences, signal } = measured;
  const rows = await rowRate(codes, () => translateAll(context, codes, storeKey, audiences, signal));
  return rows * audiences.length;
}

async function advanceRate(
  { vault }: RotationContext,
  codes: Uint8Array,
  { storeKey, generation, advanceTo, signal }: Measured,
): Promise<Pick<RotationRates, 'advancing'>> {
  if (advanceTo === undefined) return {};
  const options = signalOption(signal);
  return {
    advancing: await rowRate(codes, () =>
      vault.advance(codes, storeKey, generation + 1, [advanceTo], options),
    ),
  };
}

async function rowRate(codes: Uint8Array, call: () => Promise<unknown>): Promise<number> {
  const begun = performance.now();
  let rows = 0;
  const caller = async () => {
    do {
      await call();
      rows += codes.length / CODE_LENGTH;
    } while (performance.now() - begun < MEASURED_MS);
  };
  await Promise.all(Array.from({ length: CALLS }, caller));
  return rateOf(rows, begun);
}
