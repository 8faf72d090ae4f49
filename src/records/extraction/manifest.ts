import { RenkeiError } from '../../errors/renkei-error.js';
import { canonicalJson } from '../../signatures/canonical-json.js';
import {
  hex,
  integer,
  isMoment,
  keyName,
  members,
  oneOf,
  optional,
  text,
  wrongMember,
} from '../../signatures/members.js';
import { isPublicKeyHex, isSigned, publicKeyFingerprint } from '../../signatures/p256.js';
import { signedMessage } from '../../signatures/signed-message.js';
import { extractionInvalid } from './faults.js';
import type { ExtractionFilter } from './filter.js';

/** Name of the format, and what its signature is for. */
export const EXTRACTION_FORMAT = 'renkei-extraction/1';

/** What an extraction says of itself. Nothing in it identifies a person. */
export interface ExtractionManifest {
  /** The layout of file and manifest. */
  readonly format: typeof EXTRACTION_FORMAT;
  /** Who made it. */
  readonly who: string;
  /** 受付番号 of the request. */
  readonly receiptNumber: string;
  /** When it was begun: ISO 8601 in UTC. */
  readonly madeAt: string;
  /** Which records were asked for. */
  readonly filter: ExtractionFilter;
  /** What is in it. */
  readonly counts: {
    /** Serial numbers. */
    readonly records: number;
    /** Rows: branches of them. */
    readonly rows: number;
  };
  /** The encrypted file. */
  readonly file: {
    /** Its length. */
    readonly bytes: number;
    /** Its SHA-256, 64 lower-case hex digits. */
    readonly digest: string;
    /** First 16 hex digits of SHA-256 over the recipient it is encrypted to. */
    readonly recipient: string;
  };
  /** The operation log when it was begun. */
  readonly log: {
    /** Number of its entries. */
    readonly size: number;
    /** Root of its Merkle tree (RFC 6962), 64 lower-case hex digits: what a checkpoint of this size says. */
    readonly root: string;
    /** Index of the entry `records.extracting`. */
    readonly entry: number;
  };
  /** Who signed it. */
  readonly signedBy: {
    /** Name of the audit key. */
    readonly key: string;
    /** SubjectPublicKeyInfo (DER), lower-case hex. */
    readonly publicKey: string;
    /** First 8 bytes of SHA-256 over it, lower-case hex. */
    readonly fingerprint: string;
  };
}

const count = integer(0, Number.MAX_SAFE_INTEGER);
/** Without control characters: it is shown on terminals. */
const line = text(/^[^\p{C}\p{Zl}\p{Zp}]{1,200}$/u);
const MANIFEST = {
  format: oneOf(EXTRACTION_FORMAT),
  who: line,
  receiptNumber: line,
  madeAt: isMoment,
  filter: members({
    period: optional(line),
    fromDay: optional(line),
    toDay: optional(line),
    inquirer: optional(line),
    provider: optional(line),
  }),
  counts: members({ records: count, rows: count }),
  file: members({ bytes: count, digest: hex(64), recipient: hex(16) }),
  log: members({ size: count, root: hex(64), entry: count }),
  signedBy: members({ key: keyName('audit'), publicKey: isPublicKeyHex, fingerprint: hex(16) }),
};

/** The text of a manifest: canonical JSON with the signature in it, and a line feed. */
export async function signManifest(
  manifest: ExtractionManifest,
  sign: (message: Uint8Array) => Promise<Uint8Array>,
): Promise<string> {
  const signature = Buffer.from(await sign(messageOf(manifest))).toString('hex');
  const signed = `${canonicalJson({ ...manifest, signature })}\n`;
  readManifest(signed, manifest.signedBy.publicKey);
  return signed;
}

/**
 * Reads a manifest and checks its signature.
 *
 * @param publicKey SubjectPublicKeyInfo (DER) in lower-case hex
 * @throws RenkeiError `EXTRACTION_INVALID` or `SIGNATURE_INVALID`
 */
export function readManifest(signed: string, publicKey: string): ExtractionManifest {
  const { signature, ...manifest } = parse(signed);
  const key = Buffer.from(publicKey, 'hex');
  if (!isSigned(key, messageOf(manifest), Buffer.from(signature, 'hex'))) {
    throw new RenkeiError('SIGNATURE_INVALID', 'the manifest is not signed by the audit key that was given');
  }
  const { signedBy } = manifest;
  if (signedBy.publicKey !== publicKey || signedBy.fingerprint !== publicKeyFingerprint(key)) {
    throw extractionInvalid('its manifest names another audit key than the one that signed it');
  }
  if (`${canonicalJson({ ...manifest, signature })}\n` !== signed) {
    throw extractionInvalid('its manifest is not in the canonical form');
  }
  return manifest;
}

function messageOf(manifest: ExtractionManifest): Uint8Array {
  return signedMessage(EXTRACTION_FORMAT, Buffer.from(canonicalJson(manifest)));
}

function parse(signed: string): ExtractionManifest & { readonly signature: string } {
  let value: object | null;
  try {
    value = JSON.parse(signed);
  } catch {
    throw extractionInvalid('its manifest is no JSON');
  }
  if (typeof value !== 'object' || value === null) throw extractionInvalid('its manifest is no object');
  const why = wrongMember(value, { ...MANIFEST, signature: hex(128) });
  if (why !== undefined) throw extractionInvalid(`its manifest is not right: ${why}`);
  return value as ExtractionManifest & { readonly signature: string };
}
