import { openIssuer, ResidentRecordCode } from 'renkei';
import { openPkcs11Vault, provisionKeys } from 'renkei/pkcs11';
import { openSqliteStore } from 'renkei/sqlite';

const { HSM_MODULE = '', HSM_TOKEN = '', HSM_PIN = '', DATABASE = '' } = process.env;
const hsm = { module: HSM_MODULE, token: { label: HSM_TOKEN }, pin: () => HSM_PIN };
const [inquirer, provider] = ['0220113112101700', '0110100000000100']; // 機関コード

const names = ['link/1', 'store/1', `institution/${inquirer}/1`, `institution/${provider}/1`];
await provisionKeys({ ...hsm, keys: names.map((name) => ({ name, level: 2 })) }); // once, in the HSM

const vault = await openPkcs11Vault(hsm); // the sealed engine: linkage codes stay in the HSM
const store = await openSqliteStore({ path: DATABASE });
const issuer = await openIssuer({ vault, store });
for (const institution of [inquirer, provider]) await issuer.registerInstitution(institution);

async function issue(institution: string): Promise<string> {
  const residentRecordCode = new ResidentRecordCode('24727059608'); // taken and wiped by issue()
  const item = await issuer.issue(institution, { acquisitionNumber: 'A-0001', residentRecordCode });
  return item.status === 'issued' ? item.code : item.status;
}
const codes = { inquirer: await issue(inquirer), provider: await issue(provider) };
const [translated] = await issuer.translate([codes.inquirer], { from: inquirer, to: provider });
console.log(codes, translated); // the translated code is the provider's
for (const open of [issuer, store, vault]) await open.close();
