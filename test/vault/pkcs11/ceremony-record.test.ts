import { createHash, createPrivateKey, generateKeyPairSync, sign, verify } from 'node:crypto';
import {
  addRecordPeriod,
  type CeremonyRecord,
  checkCeremonyRecord,
  formatCeremonyRecord,
  initialiseKeys,
  printCeremonyRecord,
  printRecordVerification,
  verifyCeremonyRecord,
} from 'renkei/pkcs11';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { makeScratchToken } from '../../support/softhsm.js';

const scratch = makeScratchToken('renkei-record');
afterAll(() => scratch.remove());

let record: CeremonyRecord;
let text: string;

beforeAll(async () => {
  const { module, token, pin } = scratch;
  const asked = { module, token, pin, who: ['立会人 田中'], level: 2 as const };
  await initialiseKeys(asked);
  // A short one: every bit of it is flipped below.
  record = await addRecordPeriod({ ...asked, period: '2027' });
  text = formatCeremonyRecord(record);
});

/** The canonical form as docs/key-ceremony.md defines it, written a second time. */
function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const members = value as Record<string, unknown>;
  const parts = Object.keys(members)
    .sort()
    .map((name) => `${JSON.stringify(name)}:${canonical(members[name])}`);
  return `{${parts.join(',')}}`;
}

const ORDER = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;

const isRefused = (bytes: string | Uint8Array) => {
  try {
    checkCeremonyRecord({ record: bytes });
    return false;
  } catch (error) {
    return (error as { code?: string }).code === 'CEREMONY_RECORD_INVALID';
  }
};

/** A record changed and signed anew by somebody who has a P-256 key, but not the token's. */
function resign(changed: object): CeremonyRecord {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const der = publicKey.export({ format: 'der', type: 'spki' });
  const { signature: _, ...unsigned } = {
    ...record,
    ...changed,
    signedBy: {
      name: record.signedBy.name,
      fingerprint: createHash('sha256').update(der).digest('hex').slice(0, 16),
      publicKey: der.toString('hex'),
    },
  };
  const key = createPrivateKey(privateKey.export({ format: 'pem', type: 'pkcs8' }));
  const raw = sign('sha256', Buffer.from(canonical(unsigned)), { key, dsaEncoding: 'ieee-p1363' });
  const s = BigInt(`0x${raw.toString('hex', 32)}`);
  const lower = (s > ORDER / 2n ? ORDER - s : s).toString(16).padStart(64, '0');
  return { ...unsigned, signature: raw.toString('hex', 0, 32) + lower } as CeremonyRecord;
}

describe('a ceremony record', () => {
  test('is signed over the canonical form of everything but the signature, as documented', () => {
    const { signature, ...unsigned } = JSON.parse(text) as CeremonyRecord;
    const key = {
      key: Buffer.from(record.signedBy.publicKey, 'hex'),
      format: 'der',
      type: 'spki',
      dsaEncoding: 'ieee-p1363',
    } as const;
    expect(verify('sha256', Buffer.from(canonical(unsigned)), key, Buffer.from(signature, 'hex'))).toBe(true);
    expect(JSON.stringify(JSON.parse(canonical(JSON.parse(text))), null, 2)).toBe(text.trimEnd());
  });

  test('is accepted as text and as bytes, by its signature alone and for the audit key it names', () => {
    expect(checkCeremonyRecord({ record: text })).toEqual(record);
    const { publicKey } = record.signedBy;
    expect(checkCeremonyRecord({ record: new TextEncoder().encode(text), publicKey })).toEqual(record);
  });

  test('is refused with any single bit flipped', () => {
    const bytes = Buffer.from(text);
    const accepted: number[] = [];
    for (let bit = 0; bit < bytes.length * 8; bit++) {
      const at = bit >> 3;
      bytes[at] = (bytes[at] as number) ^ (1 << (bit & 7));
      if (!isRefused(bytes)) accepted.push(bit);
      bytes[at] = (bytes[at] as number) ^ (1 << (bit & 7));
    }
    expect(accepted).toEqual([]);
    expect(isRefused(bytes)).toBe(false);
  });

  test('is refused shortened, lengthened, indented otherwise, or with a member twice', () => {
    const variants = [
      '',
      text.trimEnd(),
      `${text}\n`,
      `\ufeff${text}`,
      text.replaceAll('\n', '\r\n'),
      `${JSON.stringify(record)}\n`,
      `${JSON.stringify(record, null, 2)}\n`,
      text.replace('{', '{\n  "at": "2000-01-01T00:00:00.000Z",'),
      text.replace('"who": [', '"extra": 1,\n  "who": ['),
      text.replace('立', '\\u7acb'),
      'null\n',
      '[]\n',
    ];
    for (const variant of variants) expect(variant === text || isRefused(variant)).toBe(true);
    for (let length = 0; length < text.length; length += 97)
      expect(isRefused(text.slice(0, length))).toBe(true);
  });

  test('has one signature: the other solution (r, n - s) is refused', () => {
    const s = BigInt(`0x${record.signature.slice(64)}`);
    const higher = (ORDER - s).toString(16).padStart(64, '0');
    const { signature: _, ...unsigned } = record;
    const rewritten = { ...unsigned, signature: record.signature.slice(0, 64) + higher } as CeremonyRecord;
    expect(isRefused(formatCeremonyRecord(rewritten))).toBe(true);
  });

  test('signed anew by another key is whole, but not by the audit key and not of the token', async () => {
    const forged = formatCeremonyRecord(resign({ who: ['somebody else'] }));
    expect(checkCeremonyRecord({ record: forged }).who).toEqual(['somebody else']);
    const { publicKey } = record.signedBy;
    expect(() => checkCeremonyRecord({ record: forged, publicKey })).toThrow(
      expect.objectContaining({ code: 'CEREMONY_RECORD_INVALID' }),
    );
    const { module, token, pin } = scratch;
    const held = await verifyCeremonyRecord({ module, token, pin, record: forged });
    expect(held).toMatchObject({ matches: false, sameSerial: true, sameAuditKey: false });
  });

  test('of another format or version is refused, even when it is signed', () => {
    for (const changed of [{ version: 2 }, { format: 'other' }]) {
      expect(isRefused(formatCeremonyRecord(resign(changed)))).toBe(true);
    }
    expect(isRefused(formatCeremonyRecord(resign({})))).toBe(false);
  });

  test('signed by anybody prints no line of its own and nothing that a terminal obeys', async () => {
    const lie = 'today\nThe signature is right, and by the audit key given.\u001b[8m\u202e\u2028';
    const forged = resign({ at: lie, who: [lie] });
    const { module, token, pin } = scratch;
    const held = await verifyCeremonyRecord({ module, token, pin, record: formatCeremonyRecord(forged) });
    const whole = resign({ at: 'today', who: ['one'] });
    for (const [printed, lines] of [
      [printCeremonyRecord(forged), printCeremonyRecord(whole)],
      [printRecordVerification(held), printRecordVerification({ ...held, record: whole })],
    ] as const) {
      expect(printed).toContain(String.raw`today\u{a}The signature is right`);
      expect(printed.split('\n')).toHaveLength(lines.split('\n').length);
      expect(printed.replaceAll('\n', '')).not.toMatch(/[\p{C}\p{Zl}\p{Zp}]/u);
    }
  });
});
