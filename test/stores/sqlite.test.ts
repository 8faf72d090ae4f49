import { openSqliteStore } from 'renkei/sqlite';
import { describe } from 'vitest';
import { makeScratchFolder } from '../support/scratch-folder.js';
import { describeIssuanceStore } from './contract.js';

describe('the SQLite store', () => {
  const folder = makeScratchFolder();
  let files = 0;

  describeIssuanceStore(() => openSqliteStore({ path: folder.path(`${files++}.sqlite`) }));
});
