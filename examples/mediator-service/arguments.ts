import { parseArgs } from 'node:util';

/** How the service is to be started. */
export interface ServiceArguments {
  /** Everything lies here; a temporary folder where none is named. */
  readonly folder: string | undefined;
  /** Port on the loopback interface; 0 takes a free one. */
  readonly port: number;
  /** Most requests of one institution in a second. */
  readonly requestsPerSecond: number;
}

const USAGE = 'usage: npm run mediator -- [--folder FOLDER] [--port N] [--requests-per-second N]';

/** Reads the command line; throws with a usage line. */
export function readArguments(args: readonly string[]): ServiceArguments {
  const { folder, port, 'requests-per-second': rate } = parse(args);
  return { folder, port: number(port, 0, 65_535), requestsPerSecond: number(rate, 1, 1_000_000) };
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        folder: { type: 'string' },
        port: { type: 'string', default: '8443' },
        'requests-per-second': { type: 'string', default: '200' },
      },
    }).values;
  } catch {
    throw new Error(USAGE);
  }
}

function number(text: string, least: number, most: number): number {
  const value = /^[0-9]{1,7}$/.test(text) ? Number(text) : Number.NaN;
  if (value >= least && value <= most) return value;
  throw new Error(USAGE);
}
