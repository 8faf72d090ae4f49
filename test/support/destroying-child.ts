import { createPkcs11KeyDestroyer } from 'renkei/pkcs11';

/** A process that destroys one key and ends. */
const { name, fingerprint, pin, ...options } = JSON.parse(process.argv[2] as string);
await createPkcs11KeyDestroyer({ ...options, pin: () => pin }).destroy(name, fingerprint);
