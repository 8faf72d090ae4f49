import type { KeyName } from 'renkei';
import { createPkcs11KeyDestroyer } from 'renkei/pkcs11';

/** Where which key is. */
export interface DestroyingPlan {
  readonly module: string;
  readonly libraryParameters?: string;
  readonly token: { readonly label: string };
  readonly pin: string;
  readonly name: KeyName;
  readonly fingerprint: string;
}

/** A process that destroys one key and ends. */
const { name, fingerprint, pin, ...options } = JSON.parse(process.argv[2] as string) as DestroyingPlan;
await createPkcs11KeyDestroyer({ ...options, pin: () => pin }).destroy(name, fingerprint);
