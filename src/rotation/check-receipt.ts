import {
  type Check,
  hex,
  integer,
  isMoment,
  keyName,
  listOf,
  type MemberChecks,
  members,
  oneOf,
  optional,
  text,
  wrongMember,
} from '../signatures/members.js';
import { isPublicKeyHex } from '../signatures/p256.js';

const count = integer(0, Number.MAX_SAFE_INTEGER);
/** Without control characters: it is shown on terminals. */
const line = text(/^[^\p{C}\p{Zl}\p{Zp}]{1,500}$/u);
const keys = listOf(members({ name: keyName(), fingerprint: hex(16) }));
const AUDIENCE = /^(institution|record)\/[A-Za-z0-9-]{1,32}$/;
const engines = listOf(oneOf('software', 'sealed', 'bulk'));

/** Numbers by name. */
function countsBy(name: RegExp): Check {
  return (value) =>
    typeof value === 'object' &&
    value !== null &&
    Object.entries(value).every(([key, number]) => name.test(key) && count(number));
}

const RECEIPT: MemberChecks = {
  scheme: oneOf('RK1'),
  format: oneOf('renkei-rotation-receipt/1'),
  step: oneOf('verify', 'switch', 'retire', 'destroy'),
  rotation: integer(1, Number.MAX_SAFE_INTEGER),
  kind: oneOf('institution', 'store', 'generation', 'record-period'),
  subject: text(/^(\*|[A-Za-z0-9/-]{1,64})$/),
  from: keys,
  to: keys,
  counts: countsBy(/^[a-z]{1,32}$/),
  deliveries: listOf(
    members({
      audience: text(AUDIENCE),
      // A name in the folder, which leads out of no folder.
      file: text(/^[A-Za-z0-9-]{1,160}\.pairs$/),
      pairs: count,
      digest: hex(64),
      merkleRoot: hex(64),
    }),
  ),
  injective: optional(oneOf(true)),
  cleared: optional(members({ key: keyName('store'), codesLeft: oneOf(0), saidBy: oneOf('store') })),
  sample: optional(
    members({
      size: count,
      checked: countsBy(new RegExp(`^successors$|${AUDIENCE.source}`)),
      madeBy: engines,
      checkedBy: engines,
      otherEngine: oneOf(true, false),
      statement: line,
    }),
  ),
  proof: optional(listOf(members({ key: keyName(), tried: line, codes: optional(count), answer: line }))),
  times: members({ begun: isMoment, ended: isMoment }),
  previous: optional(hex(64)),
  signedBy: members({ key: keyName('audit'), publicKey: isPublicKeyHex, fingerprint: hex(16) }),
  signature: hex(128),
};

/** Name of a member of a receipt that is not as it must be. A signature alone does not see to that: anybody can sign. */
export function wrongInReceipt(value: object): string | undefined {
  return wrongMember(value, RECEIPT);
}
