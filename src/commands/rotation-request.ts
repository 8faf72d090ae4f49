import { HIGHEST_VERSION, RenkeiError, type RotationRequest } from 'renkei';
import { requireOption } from './require-option.js';
import { type RotationArguments, readNumber } from './rotation-arguments.js';

type Values = RotationArguments['values'];

/** Options that say what is to be re-keyed, by kind. */
const BY_KIND = {
  institution: ['institution', 'version'],
  store: ['version'],
  generation: ['source'],
  'record-period': ['close', 'open', 'ended-at'],
} as const;

/**
 * What the command line wants to have re-keyed.
 *
 * @throws RenkeiError `OPTION_INVALID`, or `OPTION_UNKNOWN` for an option that the kind does not have
 */
export function readRequest(values: Values): RotationRequest {
  const kind = requireOption('kind', values.kind);
  if (!isKind(kind)) {
    throw new RenkeiError('OPTION_INVALID', `--kind must be ${Object.keys(BY_KIND).join(', ')}`);
  }
  const own: readonly string[] = BY_KIND[kind];
  for (const name of new Set(Object.values(BY_KIND).flat())) {
    if (values[name] === undefined || own.includes(name)) continue;
    throw new RenkeiError('OPTION_UNKNOWN', `a rotation of the kind ${kind} has no option --${name}`);
  }
  const number = readNumber('version', values.version, 1, HIGHEST_VERSION);
  const version = number === undefined ? {} : { version: number };
  switch (kind) {
    case 'institution':
      return { kind, institution: requireOption('institution', values.institution), ...version };
    case 'store':
      return { kind, ...version };
    case 'generation':
      return { kind, source: readSource(requireOption('source', values.source)) };
    default: {
      const close = requireOption('close', values.close);
      const open = requireOption('open', values.open);
      const ended = values['ended-at'];
      return { kind, close, open, ...(ended === undefined ? {} : { endedAt: readMoment(ended) }) };
    }
  }
}

function isKind(text: string): text is keyof typeof BY_KIND {
  return Object.hasOwn(BY_KIND, text);
}

function readSource(text: string): 'store' | 'list' {
  if (text === 'store' || text === 'list') return text;
  throw new RenkeiError('OPTION_INVALID', '--source must be store or list');
}

function readMoment(text: string): number {
  const moment = /^\d{4}-\d\d-\d\dT[\d:.]+(Z|[+-]\d\d:\d\d)$/.test(text) ? Date.parse(text) : Number.NaN;
  if (!Number.isNaN(moment)) return moment;
  throw new RenkeiError('OPTION_INVALID', '--ended-at must be a moment such as 2027-04-01T00:00:00+09:00');
}
