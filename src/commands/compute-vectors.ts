import { bytesToHex, hexToBytes } from '@noble/hashes/utils.js';
import { type Audience, parseAudience, parseKeyName } from '../codes/key-names.js';
import { codeAt } from '../codes/packed-codes.js';
import { formatPerInstitutionCode } from '../codes/per-institution-code.js';
import { checkOptions, required } from '../errors/options.js';
import { type Refusal, RenkeiError } from '../errors/renkei-error.js';
import { packResidents } from '../subjects/pack-residents.js';
import { openSoftwareVault } from '../vault/software/index.js';

/** What to compute: keys in hex, residents, audiences. */
interface VectorRequest {
  readonly keys: Readonly<Record<string, string>>;
  readonly generation?: number;
  readonly residentRecordCodes: readonly string[];
  readonly audiences: readonly string[];
}

/** Codes by audience in the order of the residents; for institutions in external form too. */
export interface VectorAnswer {
  /** 48 hex digits each. */
  readonly codes: Readonly<Record<string, readonly string[]>>;
  /** 40 characters each, for institution audiences. */
  readonly texts: Readonly<Record<string, readonly string[]>>;
}

const isTextArray = (value: unknown) =>
  Array.isArray(value) && value.every((item) => typeof item === 'string');

/**
 * Answers a request of the `vectors` command with the software vault.
 *
 * @param text the request as JSON
 * @throws RenkeiError with the code of the first thing that is wrong; a resident record code by its index
 */
export async function computeVectors(text: string): Promise<VectorAnswer> {
  const request = parseRequest(text);
  const audiences = request.audiences.map((audience) => parseAudience(audience).name as Audience);
  const { residents, refusals } = packResidents(request.residentRecordCodes);
  refuseFirst(refusals);
  await using vault = await openSoftwareVault({ keys: parseKeys(request.keys) });
  const result = await vault.derive(residents, audiences, { generation: request.generation ?? 1 });
  refuseFirst(result.refusals);
  const codes: Record<string, string[]> = {};
  const texts: Record<string, string[]> = {};
  audiences.forEach((audience, k) => {
    const parsed = parseAudience(audience);
    const rows = request.residentRecordCodes.map((_, n) => codeAt(result.codes[k] as Uint8Array, n));
    codes[audience] = rows.map(bytesToHex);
    if (parsed.kind === 'institution') {
      texts[audience] = rows.map((code) => formatPerInstitutionCode(code, parsed.version));
    }
  });
  return { codes, texts };
}

function parseRequest(text: string): VectorRequest {
  let request: unknown;
  try {
    request = JSON.parse(text);
  } catch {
    // The parser's own message quotes the text, which holds keys.
    throw new RenkeiError('OPTION_INVALID', 'the request is not JSON');
  }
  checkOptions('request', request, {
    keys: required({
      expects: 'an object of 64 hex digits by key name',
      check: (value) => typeof value === 'object' && value !== null && isTextArray(Object.values(value)),
    }),
    // The vault checks the range.
    generation: { expects: 'a number', check: (value) => typeof value === 'number' },
    residentRecordCodes: required({ expects: 'an array of texts', check: isTextArray }),
    audiences: required({ expects: 'an array of audience names', check: isTextArray }),
  });
  return request as VectorRequest;
}

function parseKeys(keys: Readonly<Record<string, string>>): Record<string, Uint8Array> {
  const parsed: Record<string, Uint8Array> = {};
  for (const [text, hex] of Object.entries(keys)) {
    const { name } = parseKeyName(text);
    if (!/^[0-9a-fA-F]{64}$/.test(hex))
      throw new RenkeiError('KEY_LENGTH', `key ${name} must be 64 hex digits`);
    parsed[name] = hexToBytes(hex);
  }
  return parsed;
}

function refuseFirst([first]: readonly Refusal[]): void {
  if (first === undefined) return;
  const { code, index } = first;
  throw new RenkeiError(code, `residentRecordCodes[${index}] is refused`, { index });
}
