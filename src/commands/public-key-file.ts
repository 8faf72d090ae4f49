import { readGivenFile } from './given-file.js';

/** Bytes of a SubjectPublicKeyInfo of P-256 (RFC 5480). */
const PUBLIC_KEY_BYTES = 91;

/**
 * The public half of an audit key, in hex. Its file holds DER, or the same in hex.
 *
 * @throws RenkeiError `OPTION_INVALID`
 */
export async function readPublicKey(path: string): Promise<string> {
  const bytes = await readGivenFile(path, 'the file of --public-key');
  return bytes.length === PUBLIC_KEY_BYTES ? bytes.toString('hex') : bytes.toString('latin1').trim();
}
