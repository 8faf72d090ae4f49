import type { TokenOptions } from 'renkei/pkcs11';
import type { PinReader } from './pin-reader.js';
import { requireOption } from './require-option.js';

/** What a command line says of the token. */
export interface TokenValues {
  readonly module?: string | undefined;
  readonly 'library-parameters'?: string | undefined;
  readonly token?: string | undefined;
  readonly serial?: string | undefined;
}

/**
 * Which token a command works with, and the PIN for it.
 *
 * @throws RenkeiError `OPTION_INVALID` without module or label
 */
export function tokenOptions(values: TokenValues, pin: PinReader | undefined): TokenOptions {
  const { serial, 'library-parameters': libraryParameters } = values;
  return {
    module: requireOption('module', values.module),
    ...(libraryParameters === undefined ? {} : { libraryParameters }),
    token: {
      label: requireOption('token', values.token),
      ...(serial === undefined ? {} : { serial }),
    },
    ...(pin === undefined ? {} : { pin: pin.read }),
  };
}
