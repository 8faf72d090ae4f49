import { openSqliteRecordStore } from 'renkei/sqlite';
import { describe } from 'vitest';
import { makeScratchFolder } from '../support/scratch-folder.js';
import { describeRecordStore } from './contract.js';

const folder = makeScratchFolder();
let files = 0;
const newPath = () => folder.path(`${files++}.sqlite`);

describe('the SQLite record store', () => {
  describeRecordStore({ newPlace: newPath, open: (path) => openSqliteRecordStore({ path }) });
});
