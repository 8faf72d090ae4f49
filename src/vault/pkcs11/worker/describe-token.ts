import type { TokenDescription } from '../key-description.js';
import { calling } from './faults.js';
import type { Session } from './session.js';

/** What the token and the module say of themselves. */
export function describeToken({ module, slot }: Session): TokenDescription {
  const token = calling('C_GetTokenInfo', () => module.C_GetTokenInfo(slot));
  const library = calling('C_GetInfo', () => module.C_GetInfo());
  return {
    token: {
      label: plain(token.label),
      serial: plain(token.serialNumber),
      manufacturer: plain(token.manufacturerID),
      model: plain(token.model),
      firmwareVersion: versionText(token.firmwareVersion),
      hardwareVersion: versionText(token.hardwareVersion),
    },
    module: {
      manufacturer: plain(library.manufacturerID),
      description: plain(library.libraryDescription),
      libraryVersion: versionText(library.libraryVersion),
      cryptokiVersion: versionText(library.cryptokiVersion),
    },
  };
}

/** Without the padding, and without anything a terminal or a printer could take for a command. */
function plain(text: string): string {
  return text.replaceAll(/\p{C}/gu, ' ').trim();
}

function versionText({ major, minor }: { readonly major: number; readonly minor: number }): string {
  return `${major}.${minor}`;
}
