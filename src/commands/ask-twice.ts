import { RenkeiError } from 'renkei';
import { askTerminal } from './terminal.js';

/**
 * The name of a key to be destroyed twice more: from the terminal, or for scripts from
 * `--yes-destroy NAME --yes-destroy NAME`.
 *
 * @throws RenkeiError `OPTION_INVALID` unless both are the name
 */
export async function askTwice(
  name: string,
  given: readonly string[] | undefined,
): Promise<[string, string]> {
  let typed = given;
  if (typed === undefined) {
    const first = await askTerminal('Name of the key to be destroyed for ever: ', 'shown');
    const second = await askTerminal('The same again: ', 'shown');
    typed = [first, second].map((bytes) => Buffer.from(bytes).toString('utf8'));
  }
  const [first, second, ...more] = typed;
  if (first !== name || second !== name || more.length > 0) {
    throw new RenkeiError(
      'OPTION_INVALID',
      'nothing was destroyed: the name must be confirmed exactly twice',
    );
  }
  return [first, second];
}
