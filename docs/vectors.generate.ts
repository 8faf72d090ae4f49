import { writeFile } from 'node:fs/promises';
import { makeVectors } from './vectors.make.js';

/** `npm run vectors:write`: writes docs/vectors.json anew. */
const path = new URL('./vectors.json', import.meta.url);
const text = await makeVectors();
await writeFile(path, text);
console.log(`docs/vectors.json: ${text.length} characters`);
