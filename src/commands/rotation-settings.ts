import type { RotationRequest } from 'renkei';
import { readId } from './find-rotation.js';
import { requireOption } from './require-option.js';
import { type RotationArguments, readNumber } from './rotation-arguments.js';
import { readRequest } from './rotation-request.js';

/** What a command line says, in the units of the library. Undefined: not said. */
export interface RotationSettings {
  /** Number of the rotation. */
  readonly id: number | undefined;
  /** What is to be re-keyed. */
  readonly request: RotationRequest | undefined;
  /** The workers' folder. */
  readonly folder: string | undefined;
  readonly worker: string | undefined;
  readonly leaseMs: number | undefined;
  readonly rowsPerSecond: number | undefined;
  readonly sampleSize: number | undefined;
  readonly graceMs: number | undefined;
  /** Rows of a record period that the operator says were erased. */
  readonly erasedRows: number | undefined;
  readonly people: number | undefined;
  readonly institutions: number | undefined;
}

/**
 * Reads every value of a command line, before anything is opened and any PIN is asked for.
 *
 * @throws RenkeiError `OPTION_INVALID` or `OPTION_UNKNOWN`
 */
export function readSettings({ command, operands, values }: RotationArguments): RotationSettings {
  const id = operands[command === 'receive' ? 1 : 0];
  const wantsFolder = command === 'run' || command === 'work' || command === 'switch';
  const wantsRequest = command === 'plan' || (command === 'run' && values.kind !== undefined);
  return {
    id: id === undefined ? undefined : readId(id),
    request: wantsRequest ? readRequest(values) : undefined,
    folder: wantsFolder ? requireOption('folder', values.folder) : values.folder,
    worker: values.worker,
    leaseMs: inMs(readNumber('lease-seconds', values['lease-seconds'], 1, 3_600)),
    rowsPerSecond: readNumber('rows-per-second', values['rows-per-second'], 1, 100_000_000),
    sampleSize: readNumber('sample', values.sample, 0, 100_000),
    graceMs: inMs(readNumber('grace-seconds', values['grace-seconds'], 0, 10)),
    erasedRows: readNumber('erased-rows', values['erased-rows'], 0, Number.MAX_SAFE_INTEGER),
    people: readNumber('people', values.people, 1, 10_000_000_000),
    institutions: readNumber('institutions', values.institutions, 1, 100_000),
  };
}

function inMs(seconds: number | undefined): number | undefined {
  return seconds === undefined ? undefined : 1_000 * seconds;
}
