import { fileFault } from '../errors/file-fault.js';
import { RenkeiError } from '../errors/renkei-error.js';
import type { RotationStatus } from '../stores/rotation-port.js';

const FOLDER = "the rotation's folder";

/** The error for a step that a rotation is not ready for. */
export function wrongStatus(id: number, step: string, status: RotationStatus): RenkeiError {
  return new RenkeiError('ROTATION_STATUS', `rotation ${id} is ${status}: ${step} is not for now`);
}

/** The error for a rotation whose work is not whole. */
export function incomplete(id: number, what: string): RenkeiError {
  return new RenkeiError('ROTATION_INCOMPLETE', `rotation ${id}: ${what}`);
}

/** The error for the workers' folder when it does not hold what the store says was put into it. */
export function folderFault(what: string): RenkeiError {
  return new RenkeiError('ROTATION_FOLDER', `${FOLDER}: ${what}`);
}

/** Runs a call of the file system. */
export async function inFolder<T>(what: string, call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    throw fileFault('ROTATION_FOLDER', FOLDER, what, error);
  }
}
