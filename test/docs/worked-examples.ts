import {
  externalForm,
  fingerprint,
  keyWrap,
  linkageBlock,
  linkageCodes,
  linkFingerprintKey,
  wrapSteps,
} from '../support/reference-rk1.js';

/** One of the worked examples of docs/spec.md. */
export interface WorkedExample {
  readonly heading: string;
  readonly residentRecordCode: string;
  readonly institution: string;
  readonly version: number;
  readonly keys: Readonly<Record<string, Buffer>>;
}

/** 32 bytes that count up from `first`: easy to type, and used for nothing but documents. */
function countingKey(first: number): Buffer {
  return Buffer.from(Uint8Array.from({ length: 32 }, (_, k) => (first + k) & 0xff));
}

export const WORKED_EXAMPLES: readonly WorkedExample[] = [
  {
    heading: 'Worked example 1: generation 1',
    residentRecordCode: '12345678903',
    institution: '0220113112101700',
    version: 1,
    keys: {
      'link/1': countingKey(0x00),
      'store/1': countingKey(0x20),
      'institution/0220113112101700/1': countingKey(0x40),
      'record/2026': countingKey(0x60),
    },
  },
  {
    heading: 'Worked example 2: generation 2, leading zero, key version 7',
    residentRecordCode: '01234567892',
    institution: 'A',
    version: 7,
    keys: {
      'link/1': countingKey(0x00),
      'link/2': countingKey(0x80),
      'store/2': countingKey(0xa0),
      'institution/A/7': countingKey(0xc0),
      'record/2027': countingKey(0xe0),
    },
  },
];

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');

/** Every value of an example, line by line as docs/spec.md shows them. */
export function renderWorkedExample(example: WorkedExample): string {
  const { residentRecordCode, institution, version, keys } = example;
  const lines: [name: string, value: string][] = [];
  for (const [name, key] of Object.entries(keys)) lines.push([`K(${name})`, hex(key)]);
  lines.push(['J', residentRecordCode], ['M(J)', hex(linkageBlock(residentRecordCode))]);
  const links = Object.entries(keys).filter(([name]) => name.startsWith('link/'));
  const values = linkageCodes(
    links.map(([, key]) => key),
    residentRecordCode,
  );
  values.forEach((value, k) => {
    lines.push([`L[${k + 1}]`, hex(value)]);
  });
  const linkage = values.at(-1) as Buffer;
  const audiences = Object.entries(keys).filter(([name]) => !name.startsWith('link/'));
  const own = `institution/${institution}/${version}`;
  lines.push([`KW(K(${own}), L[${values.length}]):`, '']);
  lines.push(['  A', 'a6a6a6a6a6a6a6a6'], ['  R[1]', hex(linkage.subarray(0, 8))]);
  lines.push(['  R[2]', hex(linkage.subarray(8))]);
  for (const { t, b, a, r1, r2 } of wrapSteps(keys[own] as Buffer, linkage)) {
    const step = String(t).padStart(2);
    lines.push([`  t = ${step}: B = ${hex(b)} A = ${hex(a)} R[1] = ${hex(r1)} R[2]`, hex(r2)]);
  }
  for (const [name, key] of audiences) lines.push([`C(${name})`, hex(keyWrap(key, linkage))]);
  lines.push([`text(${own})`, externalForm(version, keyWrap(keys[own] as Buffer, linkage))]);
  for (const [name, key] of links) {
    const derived = linkFingerprintKey(key);
    lines.push([`F(${name})`, hex(derived)], ...fingerprintLines(name, derived));
  }
  for (const [name, key] of audiences) lines.push(...fingerprintLines(name, key));
  return lines.map(([name, value]) => (value === '' ? name : `${name} = ${value}`)).join('\n');
}

function fingerprintLines(name: string, key: Buffer): [string, string][] {
  const wrapped = keyWrap(key, Buffer.alloc(16));
  return [
    [`KW(${name.startsWith('link/') ? `F(${name})` : `K(${name})`}, 0)`, hex(wrapped)],
    [`fingerprint(${name})`, fingerprint(wrapped)],
  ];
}
