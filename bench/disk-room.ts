import { statfsSync } from 'node:fs';
import { tmpdir } from 'node:os';

/** Free space that is left to others. */
const RESERVE_MIB = 2_048;
/** Loads are cut to whole steps of this. */
const STEP = 100_000;

/** A load, as large as the disk allows. */
export interface FittingLoad {
  readonly rows: number;
  /** Says so where it is smaller than was asked for. */
  readonly remark?: string;
}

/**
 * Cuts a load to what the disk has room for.
 *
 * @param mibPerMillion what a million rows take at most, spill files and logs included
 * @throws Error when there is not even room for the smallest load
 */
export function fitToDisk(name: string, rows: number, mibPerMillion: number, freeMib: number): FittingLoad {
  const room = Math.max(0, freeMib - RESERVE_MIB) / mibPerMillion;
  if (rows <= room * 1e6) return { rows };
  const fitting = Math.floor((room * 1e6) / STEP) * STEP;
  if (fitting === 0) throw new Error(`${name}: ${Math.floor(freeMib)} MiB free are too few for any load`);
  const [asked, cut] = [rows, fitting].map((value) => value.toLocaleString('en'));
  const remark = `${name}: ${cut} rows instead of ${asked}: ${mibPerMillion} MiB a million rows, ${Math.floor(freeMib)} MiB free`;
  return { rows: fitting, remark };
}

/** Free space where the temporary folder is. */
export function freeMib(): number {
  const { bavail, bsize } = statfsSync(tmpdir());
  return (bavail * bsize) / 1_048_576;
}
