import { openSqliteRecordStore } from 'renkei/sqlite';
import { describe, it } from 'vitest';
import { makeScratchFolder } from '../support/scratch-folder.js';
import { describeRecordStore } from './contract.js';
import { expectRecordsLikeMemory } from './records-like-memory.js';

const folder = makeScratchFolder();
let files = 0;
const newPath = () => folder.path(`${files++}.sqlite`);

describe('the SQLite record store', () => {
  describeRecordStore({ newPlace: newPath, open: (path) => openSqliteRecordStore({ path }) });

  it(
    'answers like the record store in memory, and writes the same bytes, whatever it is asked',
    {
      timeout: 120_000,
    },
    () => expectRecordsLikeMemory(() => openSqliteRecordStore({ path: newPath() }), 40),
  );
});
