import { lockDown } from 'renkei/pkcs11';

/** Locks every key of a token down, to be killed meanwhile: says when it begins and when it has ended. */
const [module = '', label = '', pin = ''] = process.argv.slice(2);
process.stdout.write('begin\n');
await lockDown({ module, token: { label }, pin: () => pin, who: ['child'] });
process.stdout.write('end\n');
