import { RenkeiError } from 'renkei';

const ENTER = [0x0a, 0x0d];
const CANCEL = [0x03, 0x04];
const ERASE = [0x08, 0x7f];

/**
 * Asks for one line on the terminal.
 *
 * @param echo `hidden` shows nothing of what is typed, not even its length
 * @returns the bytes typed; the caller wipes them
 * @throws RenkeiError `OPTION_INVALID` when there is no terminal, `ABORTED` for Ctrl-C
 */
export async function askTerminal(question: string, echo: 'hidden' | 'shown'): Promise<Uint8Array> {
  const { stdin, stderr } = process;
  if (!stdin.isTTY) throw new RenkeiError('OPTION_INVALID', 'there is no terminal to ask on');
  // Before the question: whoever answers at once must not see the answer echoed.
  stdin.setRawMode(true);
  stderr.write(question);
  stdin.resume();
  try {
    return await new Promise<Uint8Array>((resolve, reject) => {
      const typed: number[] = [];
      const onEnd = () => reject(new RenkeiError('ABORTED', 'the terminal was closed'));
      const show = () => {
        if (echo === 'shown') stderr.write(`\r\x1b[K${question}${Buffer.from(typed).toString('utf8')}`);
      };
      const onData = (chunk: Buffer) => {
        for (const [k, byte] of chunk.entries()) {
          if (ENTER.includes(byte) || CANCEL.includes(byte)) {
            show();
            stdin.off('data', onData).off('end', onEnd).pause();
            // What follows belongs to the next question.
            const rest = chunk.subarray(k + 1);
            if (rest.length > 0) stdin.unshift(rest);
            if (ENTER.includes(byte)) resolve(Uint8Array.from(typed));
            else reject(new RenkeiError('ABORTED', 'given up at the terminal'));
            typed.fill(0);
            return;
          }
          if (ERASE.includes(byte)) erase(typed);
          else typed.push(byte);
        }
        show();
      };
      stdin.on('data', onData).once('end', onEnd);
    });
  } finally {
    stdin.setRawMode(false);
    stderr.write('\n');
  }
}

/** Takes back one character, which may be several bytes of UTF-8. */
function erase(typed: number[]): void {
  let byte: number | undefined;
  do byte = typed.pop();
  while (byte !== undefined && (byte & 0xc0) === 0x80);
}
