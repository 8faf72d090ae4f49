import type { CheckedReceipt, ReceiptSample } from 'renkei';

/** A receipt whose signature was checked, for the operator to read. */
export function printReceipt(receipt: CheckedReceipt): string {
  const { rotation, kind, subject, step, from, to, counts, deliveries, sample, proof, times, signedBy } =
    receipt;
  const lines = [
    `ROTATION RECEIPT, ${step} of rotation ${rotation}, ${kind} ${subject}`,
    ...from.map(({ name, fingerprint }) => `from key ${name}, fingerprint ${fingerprint}`),
    ...to.map(({ name, fingerprint }) => `to key ${name}, fingerprint ${fingerprint}`),
    ...Object.entries(counts).map(([what, n]) => `${what}: ${n.toLocaleString('en')}`),
    ...deliveries.flatMap(({ audience, file, pairs, digest, merkleRoot }) => [
      `delivery ${file} for ${audience}: ${pairs.toLocaleString('en')} pairs`,
      `  SHA-256 ${digest}`,
      `  Merkle root ${merkleRoot}`,
    ]),
    ...(receipt.injective === true ? ['one to one: no two old codes have one new one'] : []),
    ...(receipt.cleared === undefined
      ? []
      : [`codes left under ${receipt.cleared.key}: none, by the word of the store`]),
    ...(sample === undefined ? [] : printSample(sample)),
    ...(proof ?? []).map(
      ({ key, tried, codes, answer }) =>
        `key ${key}: ${codes === undefined || codes === 0 ? '' : `${codes} `}${tried}: ${answer}`,
    ),
    `begun ${times.begun}, ended ${times.ended}`,
    `signed by ${signedBy.key}, fingerprint ${signedBy.fingerprint}`,
  ];
  return lines.map((line) => `${line}\n`).join('');
}

function printSample({ size, checked, madeBy, checkedBy, otherEngine, statement }: ReceiptSample): string[] {
  const engines = otherEngine ? 'another engine' : 'no other engine';
  return [
    `computed anew: ${size} pairs, by ${engines}: ${checkedBy.join(', ')} after ${madeBy.join(', ')}; ${statement}`,
    ...Object.entries(checked).map(([what, n]) => `  ${what}: ${n === 0 ? 'none' : n.toLocaleString('en')}`),
  ];
}
