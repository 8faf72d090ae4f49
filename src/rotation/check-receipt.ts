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
const counts: Check = (value) =>
  typeof value === 'object' &&
  value !== null &&
  Object.entries(value).every(([name, number]) => /^[a-z]{1,32}$/.test(name) && count(number));

const RECEIPT: MemberChecks = {
  scheme: oneOf('RK1'),
  format: oneOf('renkei-rotation-receipt/1'),
  step: oneOf('verify', 'switch', 'retire', 'destroy'),
  rotation: integer(1, Number.MAX_SAFE_INTEGER),
  kind: oneOf('institution', 'store', 'generation', 'record-period'),
  subject: text(/^(\*|[A-Za-z0-9/-]{1,64})$/),
  from: keys,
  to: keys,
  counts,
  deliveries: listOf(
    members({
      audience: text(/^(institution|record)\/[A-Za-z0-9-]{1,32}$/),
      // A name in the folder, which leads out of no folder.
      file: text(/^[A-Za-z0-9-]{1,160}\.pairs$/),
      pairs: count,
      digest: hex(64),
      merkleRoot: hex(64),
    }),
  ),
  injective: optional(oneOf(true)),
  sample: optional(members({ size: count, statement: line })),
  proof: optional(listOf(members({ key: keyName(), tried: line, answer: line }))),
  times: members({ begun: isMoment, ended: isMoment }),
  previous: optional(hex(64)),
  signedBy: members({ key: keyName('audit'), publicKey: isPublicKeyHex, fingerprint: hex(16) }),
  signature: hex(128),
};

/** Name of a member of a receipt that is not as it must be. A signature alone does not see to that: anybody can sign. */
export function wrongInReceipt(value: object): string | undefined {
  return wrongMember(value, RECEIPT);
}
