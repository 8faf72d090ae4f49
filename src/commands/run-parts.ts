import type { Rotation, WorkResult } from 'renkei';
import { given } from './given.js';
import { ProgressBar } from './progress-bar.js';
import type { RotationSettings } from './rotation-settings.js';

/** Works parts with a progress bar until all are done, by whatever worker, or the rotation is paused or given up. */
export async function workParts(
  rotation: Rotation,
  { folder = '', worker, leaseMs, rowsPerSecond }: RotationSettings,
  signal: AbortSignal,
): Promise<WorkResult> {
  const { parts } = await rotation.progress();
  const bar = new ProgressBar(parts);
  try {
    return await rotation.work({
      folder,
      ...given({ worker, leaseMs, rowsPerSecond }),
      onProgress: bar.update,
      signal,
    });
  } finally {
    bar.stop();
  }
}
