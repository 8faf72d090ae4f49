/** The leaves of the tests of certificate-transparency (RFC 6962's authors), whose roots and proofs are known. */
export const CT_LEAVES: readonly Uint8Array[] = [
  '',
  '00',
  '10',
  '2021',
  '3031',
  '40414243',
  '5051525354555657',
  '606162636465666768696a6b6c6d6e6f',
].map((data) => Buffer.from(data, 'hex'));
