import { provisionKeys } from 'renkei/pkcs11';
import { makeScratchToken, type ScratchToken } from '../test/support/softhsm.js';

/** The institution that is re-keyed, and one that codes are translated to. */
export const REKEYED = 'RENKEIBENCH1';
export const OTHER = 'RENKEIBENCH2';

/** Every key with the one that takes its place, and the key that signs. */
const NAMES = [
  ...['link', 'store', `institution/${REKEYED}`, `institution/${OTHER}`].flatMap((audience) =>
    [1, 2].map((version) => `${audience}/${version}`),
  ),
  'audit/1',
];

/**
 * A SoftHSM token of this process and those that it starts: workers share the keys, so that they are token objects,
 * which the bench makes on no other token. Of level 1, which both engines take.
 */
export async function makeRotationToken(): Promise<ScratchToken> {
  const token = makeScratchToken('renkei-rotation');
  try {
    await provisionKeys({ ...accessTo(token), keys: NAMES.map((name) => ({ name, level: 1 as const })) });
    return token;
  } catch (error) {
    token.remove();
    throw error;
  }
}

/** What `openPkcs11Vault` wants. */
export function accessTo({ module, token, pin }: Pick<ScratchToken, 'module' | 'token' | 'pin'>) {
  return { module, token, pin };
}
