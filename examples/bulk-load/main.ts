import { open } from 'node:fs/promises';
import { openIssuer } from 'renkei';
import { openPkcs11Vault } from 'renkei/pkcs11';
import { openSqliteStore } from 'renkei/sqlite';

const { HSM_MODULE = '', HSM_TOKEN = '', HSM_PIN = '', DATABASE = '', SPILL = '', LIST = '' } = process.env;
const institution = '0220113112101700'; // 機関コード
const hsm = { module: HSM_MODULE, token: { label: HSM_TOKEN }, pin: () => HSM_PIN };
const vault = await openPkcs11Vault({ ...hsm, engine: 'bulk' });
const store = await openSqliteStore({ path: DATABASE });
const issuer = await openIssuer({ vault, store });
await issuer.registerInstitution(institution);

/** The residents of the list from one place on: 11 digits each, one behind the other in a file. */
async function* residents(from: number): AsyncGenerator<Uint8Array> {
  const file = await open(LIST);
  for (let position = from * 11; ; ) {
    const { bytesRead, buffer } = await file.read(new Uint8Array(11 * 50_000), 0, undefined, position);
    if (bytesRead === 0) break;
    position += bytesRead;
    yield buffer.subarray(0, bytesRead);
  }
  await file.close();
}

const load = await issuer.openBulkLoad(institution, { folder: SPILL }); // or goes on with the one in there
if (load.state === 'receiving') await load.receive(residents(load.received));
await load.store();
for await (const answers of load.answers()) {
  for (const { position, ...answer } of answers) console.log(position, answer); // the n-th resident's
}
console.log(load.counts);
await load.erase(); // once the answers are delivered
for (const opened of [issuer, store, vault]) await opened.close();
