import type { Rotation, WorkOptions, WorkResult } from 'renkei';
import { ProgressBar } from './progress-bar.js';
import { requireOption } from './require-option.js';
import { type RotationArguments, readNumber } from './rotation-arguments.js';

/** Works parts with a progress bar until all are done, by whatever worker, or the rotation is paused or given up. */
export async function workParts(
  rotation: Rotation,
  values: RotationArguments['values'],
  signal: AbortSignal,
): Promise<WorkResult> {
  const options = workOptions(values);
  const { parts } = await rotation.progress();
  const bar = new ProgressBar(parts);
  try {
    return await rotation.work({ ...options, onProgress: bar.update, signal });
  } finally {
    bar.stop();
  }
}

function workOptions(values: RotationArguments['values']): WorkOptions {
  const { worker } = values;
  const lease = readNumber('lease-seconds', values['lease-seconds'], 1, 3_600);
  const rowsPerSecond = readNumber('rows-per-second', values['rows-per-second'], 1, 100_000_000);
  return {
    folder: requireOption('folder', values.folder),
    ...(worker === undefined ? {} : { worker }),
    ...(lease === undefined ? {} : { leaseMs: 1_000 * lease }),
    ...(rowsPerSecond === undefined ? {} : { rowsPerSecond }),
  };
}
