const encoder = new TextEncoder();

/**
 * The bytes that are signed in place of a content: what it is, a line feed, the content. A signature for one purpose is
 * then none for another. No purpose begins with a brace, as what ceremonies sign does.
 *
 * @param purpose format and version of what is signed, such as `renkei-delivery/1`
 */
export function signedMessage(purpose: string, content: Uint8Array): Uint8Array {
  const line = encoder.encode(`${purpose}\n`);
  const message = new Uint8Array(line.length + content.length);
  message.set(line);
  message.set(content, line.length);
  return message;
}
