import { generateKeyPairSync } from 'node:crypto';
import { appendFileSync, createReadStream, writeFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import Database from 'better-sqlite3';
import { auditKey, createMemoryStore, openAuditLog, openIssuer, shipLog } from 'renkei';
import { verifyLog, verifyLogLines } from 'renkei/audit';
import { openSoftwareVault } from 'renkei/software';
import { openSqliteRecordStore } from 'renkei/sqlite';

const { FOLDER = '' } = process.env;
const origin = 'log.example.jp/operations';
const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' }); // for trying out; else an HSM
const names = ['link/1', 'store/1', 'institution/A1/1', 'institution/B2/1'];
const keys = Object.fromEntries(names.map((name, k) => [name, new Uint8Array(32).fill(k)]));
const vault = await openSoftwareVault({
  keys: { ...keys, 'audit/1': privateKey.export({ format: 'der', type: 'pkcs8' }) },
});

// Who operates: every operation on keys, and every deletion, is in the log before it happens.
const path = `${FOLDER}/records.sqlite`;
const store = await openSqliteRecordStore({ path });
const log = await openAuditLog({ store, vault, auditKey: 'audit/1', origin });
const issuer = await openIssuer({ vault, store: createMemoryStore(), log });
await issuer.registerInstitution('A1');
await issuer.issueBatch('A1', { acquisitionNumbers: ['N-1'], residents: ['24727059608'] });
await issuer.removePersons(['24727059608']);
await issuer.registerInstitution('B2');
for await (const { index, event } of log.entries()) console.log(index, event);
const { note } = await log.checkpoint();
writeFileSync(`${FOLDER}/checkpoint`, note); // to be kept where the operator of the database cannot change it

// Who collects logs: lines as they come; here, all that there are.
await shipLog({ store, write: ({ text }) => appendFileSync(`${FOLDER}/shipped.jsonl`, text) });

// Who audits: with the public key alone.
const trust = { publicKeys: [await vault.publicKey(auditKey(1))], origin };
const shipped = createInterface({ input: createReadStream(`${FOLDER}/shipped.jsonl`) });
const received = await verifyLogLines({ lines: shipped, ...trust });
console.log(received.findings, `${received.signed} of ${received.size} entries are signed`);

// Somebody who has the database makes the deletion one of nobody.
const database = new Database(path);
const change = 'UPDATE log_entry SET text = replace(text, \'"removed":1\', \'"removed":0\')';
database.prepare(change).run();
database.close();
console.log((await verifyLog({ store, ...trust, remembered: [note] })).findings);
await issuer.close();
await log.close();
await store.close();
