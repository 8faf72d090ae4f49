import { HIGHEST_VERSION } from '../codes/key-names.js';
import { RenkeiError } from '../errors/renkei-error.js';
import { canonicalJson } from '../signatures/canonical-json.js';
import {
  hex,
  integer,
  isMoment,
  keyName,
  type MemberChecks,
  members,
  oneOf,
  wrongMember,
} from '../signatures/members.js';
import { deliveryInvalid } from './faults.js';
import type { DeliveryFacts, DeliveryHeader } from './header.js';
import { BLOCK_PAIRS, FORMAT } from './layout.js';

const FACTS: MemberChecks = {
  rotation: integer(1, Number.MAX_SAFE_INTEGER),
  sequence: integer(1, Number.MAX_SAFE_INTEGER),
  audience: (value) => typeof value === 'string',
  fromGeneration: integer(1, HIGHEST_VERSION),
  toGeneration: integer(1, HIGHEST_VERSION),
  fingerprints: members({ from: hex(16), to: hex(16) }),
  createdAt: isMoment,
};

const OF_INSTITUTION: MemberChecks = {
  institution: (value) => keyName('institution')(`institution/${value}/1`),
  fromVersion: integer(1, HIGHEST_VERSION),
  toVersion: integer(1, HIGHEST_VERSION),
};

const COMPUTED: MemberChecks = {
  format: oneOf(FORMAT),
  scheme: oneOf('RK1'),
  pairs: integer(0, Number.MAX_SAFE_INTEGER),
  blockPairs: oneOf(BLOCK_PAIRS),
  tableDigest: hex(64),
  merkleRoot: hex(64),
  auditKey: members({ name: keyName('audit'), fingerprint: hex(16) }),
};

/**
 * Checks what whoever writes a delivery says of it.
 *
 * @throws RenkeiError `OPTION_INVALID` naming the member
 */
export function requireFacts(facts: DeliveryFacts): void {
  const why = wrong(facts, {});
  if (why !== undefined) throw new RenkeiError('OPTION_INVALID', `writeDelivery: facts: ${why}`);
}

/**
 * Reads the bytes of a header whose signature was checked.
 *
 * @throws RenkeiError `DELIVERY_INVALID`
 */
export function readHeader(bytes: Uint8Array): DeliveryHeader {
  let text: string;
  let header: DeliveryHeader;
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
    header = JSON.parse(text) as DeliveryHeader;
  } catch {
    throw deliveryInvalid('its header is not JSON');
  }
  const why = wrong(header, COMPUTED);
  if (why !== undefined) throw deliveryInvalid(`its header is not right: ${why}`);
  if (canonicalJson(header) !== text) throw deliveryInvalid('its header is not in the canonical form');
  return header;
}

function wrong(value: DeliveryFacts, computed: MemberChecks): string | undefined {
  if (typeof value !== 'object' || value === null) return 'it is no object';
  const isRecord = value.institution === undefined;
  const member = wrongMember(value, { ...FACTS, ...(isRecord ? {} : OF_INSTITUTION), ...computed });
  if (member !== undefined) return member;
  const { audience, institution, fromVersion, toVersion, fingerprints } = value;
  if (value.fromGeneration > value.toGeneration) return 'toGeneration is before fromGeneration';
  if (isRecord) {
    if (!keyName('record')(audience)) return 'audience is no record period, and there is no institution';
    return fingerprints.from === fingerprints.to ? undefined : 'a record period has one key';
  }
  if (audience !== `institution/${institution}`) return 'audience is not the institution';
  return (fromVersion as number) < (toVersion as number) ? undefined : 'toVersion is not after fromVersion';
}
