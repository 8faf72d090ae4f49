import { randomBytes } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Audience, StoreAudience } from '../codes/key-names.js';
import { CODE_LENGTH } from '../codes/per-institution-code.js';
import { throwIfAborted } from '../errors/abort.js';
import { checkDigit, RESIDENT_RECORD_CODE_LENGTH } from '../subjects/resident-record-code.js';
import type { RotationContext } from './context.js';
import { inFolder } from './faults.js';
import { translateAll } from './pair-maker.js';
import { writePartFile } from './part-file.js';
import type { RotationRates } from './rotation-plan.js';
import { PAGE_ROWS } from './scan.js';

/** How long each rate is measured. */
const MEASURED_MS = 400;
/** Calls at the same time, as a worker makes them. */
const CALLS = 3;
const WRITTEN_ROWS = 20_000;

/** What rates are measured with. */
interface Measured {
  readonly storeKey: StoreAudience;
  /** A key that codes are made under. */
  readonly audience: Audience;
  readonly folder: string | undefined;
  readonly signal: AbortSignal | undefined;
}

/** Measures how fast this vault, this store and this disk are, just now. Nothing is kept. */
export async function measureRates(context: RotationContext, measured: Measured): Promise<RotationRates> {
  const read = await readRows(context, measured.signal);
  const codes = read?.codes ?? (await syntheticCodes(context, measured));
  return {
    codes: await codeRate(context, codes, measured),
    ...(read === undefined ? {} : { reading: read.rate }),
    writing: await writingRate(measured.folder),
  };
}

async function readRows(
  { store }: RotationContext,
  signal: AbortSignal | undefined,
): Promise<{ readonly codes: Uint8Array; readonly rate: number } | undefined> {
  const begun = performance.now();
  let codes: Uint8Array | undefined;
  let rows = 0;
  let after: Uint8Array | undefined;
  do {
    throwIfAborted(signal);
    const { storeCodes } = await store.persons({
      limit: PAGE_ROWS,
      ...(after === undefined ? {} : { after }),
    });
    rows += storeCodes.length / CODE_LENGTH;
    codes ??= storeCodes;
    after = storeCodes.length === PAGE_ROWS * CODE_LENGTH ? storeCodes.slice(-CODE_LENGTH) : undefined;
  } while (after !== undefined && performance.now() - begun < MEASURED_MS);
  return rows === 0 ? undefined : { codes, rate: rateOf(rows, begun) };
}

/** Store codes of residents that are numbered from nought: an empty store has none. */
async function syntheticCodes({ vault }: RotationContext, { storeKey }: Measured): Promise<Uint8Array> {
  const residents = new Uint8Array(PAGE_ROWS * RESIDENT_RECORD_CODE_LENGTH);
  for (let row = 0; row < PAGE_ROWS; row++) {
    const offset = row * RESIDENT_RECORD_CODE_LENGTH;
    residents.set(Buffer.from(String(row).padStart(RESIDENT_RECORD_CODE_LENGTH - 1, '0')), offset);
    residents[offset + RESIDENT_RECORD_CODE_LENGTH - 1] = 0x30 + checkDigit(residents, offset);
  }
  const { codes } = await vault.derive(residents, [storeKey]);
  return codes[0] as Uint8Array;
}

async function codeRate(context: RotationContext, codes: Uint8Array, measured: Measured): Promise<number> {
  const { storeKey, audience, signal } = measured;
  const begun = performance.now();
  let made = 0;
  const caller = async () => {
    do {
      await translateAll(context, codes, storeKey, [audience], signal);
      made += codes.length / CODE_LENGTH;
    } while (performance.now() - begun < MEASURED_MS);
  };
  await Promise.all(Array.from({ length: CALLS }, caller));
  return rateOf(made, begun);
}

async function writingRate(folder: string = tmpdir()): Promise<number> {
  const [oldCodes, newCodes] = [
    randomBytes(WRITTEN_ROWS * CODE_LENGTH),
    randomBytes(WRITTEN_ROWS * CODE_LENGTH),
  ];
  const name = `rotation-rate-${randomBytes(8).toString('hex')}`;
  const begun = performance.now();
  try {
    await writePartFile(folder, name, { oldCodes, newCodes });
    return rateOf(WRITTEN_ROWS, begun);
  } finally {
    await inFolder('removing a file', () => rm(join(folder, name), { force: true }));
  }
}

function rateOf(rows: number, begun: number): number {
  return Math.round(rows / Math.max((performance.now() - begun) / 1_000, 0.001));
}
