import { readFileSync } from 'node:fs';
import Database from 'better-sqlite3';
import { openDelivery } from 'renkei/delivery';

const { DELIVERY = '', AUDIT_KEY = '', DATABASE = '' } = process.env;
const publicKey = readFileSync(AUDIT_KEY, 'utf8').trim(); // hex, compared with the ceremony record beforehand
const delivery = await openDelivery({ path: DELIVERY, publicKey, institution: '0220113112101700' });
await delivery.verify(); // everything, before anything is changed

const database = new Database(DATABASE); // the institution's own: person (code TEXT PRIMARY KEY, …)
database.exec(
  'CREATE TABLE IF NOT EXISTS taken (rotation INT, file INT, pairs INT, PRIMARY KEY (rotation, file))',
);
const { rotation, sequence, pairs } = delivery.header;
const taken = database.prepare('SELECT pairs FROM taken WHERE rotation = ? AND file = ?').pluck();
const take = database.prepare('REPLACE INTO taken VALUES (?, ?, ?)');
const replace = database.prepare('UPDATE person SET code = ? WHERE code = ?');

const from = (taken.get(rotation, sequence) as number | undefined) ?? 0; // a run that was broken off goes on here
let replaced = 0;
for await (const { first, oldCodes, newCodes } of delivery.codes({ from })) {
  database.transaction(() => {
    oldCodes.forEach((code, k) => {
      replaced += replace.run(newCodes[k], code).changes; // 0 for a person who was deleted here meanwhile
    });
    take.run(rotation, sequence, first + oldCodes.length);
  })();
}
console.log({ rotation, sequence, pairs, from, replaced });
await delivery.close();
database.close();
