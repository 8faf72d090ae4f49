import { generateKeyPairSync, sign } from 'node:crypto';
import { checkRotationReceipt } from 'renkei';
import { beforeAll, describe, expect, test } from 'vitest';
import { canonicalJson } from '../../src/signatures/canonical-json.js';
import { publicKeyFingerprint, withLowerS } from '../../src/signatures/p256.js';
import { signedMessage } from '../../src/signatures/signed-message.js';
import { openRotationWorld, type RotationWorld, read } from '../support/rotation-world.js';
import { makeScratchFolder } from '../support/scratch-folder.js';

const { path } = makeScratchFolder();
let world: RotationWorld;
let receipts: readonly string[];
let publicKey: string;

beforeAll(async () => {
  world = await openRotationWorld({ people: 10 });
  const rotation = await world.rotations.begin({ kind: 'institution', institution: 'A1' });
  const folder = path('receipts');
  await rotation.work({ folder });
  await rotation.verify({ folder });
  await rotation.switch({ folder, graceMs: 0 });
  receipts = await rotation.receipts();
  publicKey =
    read(receipts[0] as string) &&
    checkRotationReceipt({ receipt: receipts[0] as string }).signedBy.publicKey;
});

describe('receipts of a rotation', () => {
  test('say what was done, follow each other, and name nobody', async () => {
    const [verified, switched] = receipts.map(read);
    expect(verified).toMatchObject({
      scheme: 'RK1',
      format: 'renkei-rotation-receipt/1',
      step: 'verify',
      rotation: 1,
      kind: 'institution',
      subject: 'A1',
      from: [{ name: 'institution/A1/1' }],
      to: [{ name: 'institution/A1/2' }],
      counts: { rows: 10, supplemented: 0, pairs: 10 },
      deliveries: [{ audience: 'institution/A1', pairs: 10 }],
      injective: true,
      sample: { size: 10, statement: 'level 0 (software), by process-memory' },
    });
    expect(verified?.previous).toBeUndefined();
    expect(switched?.previous).toMatch(/^[0-9a-f]{64}$/);
    const everything = receipts.join('');
    for (const secret of [...world.people, ...world.codes]) expect(everything).not.toContain(secret);
  });

  test('are refused when any bit is changed', () => {
    const bytes = Buffer.from(receipts[0] as string);
    expect(checkRotationReceipt({ receipt: bytes, publicKey }).step).toBe('verify');
    for (let at = 0; at < bytes.length; at++) {
      for (let bit = 0; bit < 8; bit++) {
        const changed = Buffer.from(bytes);
        changed[at] = (changed[at] as number) ^ (1 << bit);
        let refusal: unknown;
        try {
          checkRotationReceipt({ receipt: changed, publicKey });
        } catch (error) {
          refusal = (error as { code?: unknown }).code;
        }
        expect(['RECEIPT_INVALID', 'SIGNATURE_INVALID'], `bit ${bit} of byte ${at}`).toContain(refusal);
      }
    }
  });

  test('are refused with another key, with more in them, and when they are none', () => {
    const receipt = receipts[0] as string;
    const invalid = { code: 'RECEIPT_INVALID' };
    const refused = (text: string) => () => checkRotationReceipt({ receipt: text });
    expect(() => checkRotationReceipt({ receipt, publicKey: publicKey.replace(/..$/, '00') })).toThrowError(
      expect.objectContaining({ code: 'SIGNATURE_INVALID' }),
    );
    for (const text of [
      '',
      '{}',
      'null',
      '[]',
      ` ${receipt}`,
      `${receipt}\n\n`,
      receipt.replace('{', '{"a":1,'),
    ]) {
      expect(refused(text), text.slice(0, 9)).toThrow();
    }
    expect(refused('{}')).toThrowError(expect.objectContaining(invalid));
    expect(checkRotationReceipt({ receipt: `${receipt}\n` }).rotation).toBe(1);
  });

  test('are refused when anybody has signed what no receipt says', () => {
    const pair = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const der = pair.publicKey.export({ format: 'der', type: 'spki' });
    const { signature: _, ...content } = JSON.parse(receipts[0] as string);
    const signedBy = {
      key: 'audit/1',
      publicKey: der.toString('hex'),
      fingerprint: publicKeyFingerprint(der),
    };
    const signed = (changed: object) => {
      const whole = { ...content, signedBy, ...changed };
      const message = signedMessage('renkei-rotation-receipt/1', Buffer.from(canonicalJson(whole)));
      const raw = sign('sha256', message, { key: pair.privateKey, dsaEncoding: 'ieee-p1363' });
      return canonicalJson({ ...whole, signature: Buffer.from(withLowerS(raw)).toString('hex') });
    };
    expect(checkRotationReceipt({ receipt: signed({}) }).rotation).toBe(1);
    const [delivery] = content.deliveries;
    for (const changed of [
      { deliveries: null },
      { deliveries: [{ ...delivery, file: '../../elsewhere.pairs' }] },
      { deliveries: [{ ...delivery, file: '\u001b[2Jcleared.pairs' }] },
      { from: 'institution/A1/1' },
      { counts: { rows: 'many' } },
      { counts: { rows: -1 } },
      { subject: 'A1\n' },
      { step: 'anything' },
      { times: {} },
      { sample: { size: 1, statement: 'level 3\nsigned by audit/1' } },
      { more: 1 },
    ]) {
      expect(() => checkRotationReceipt({ receipt: signed(changed) }), JSON.stringify(changed)).toThrowError(
        expect.objectContaining({ code: 'RECEIPT_INVALID' }),
      );
    }
  });
});
