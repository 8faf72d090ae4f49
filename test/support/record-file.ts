import type { RecordStore } from 'renkei';
import * as content from '../../src/testing/record-content.js';

/** What the contract suite reads of record files, for stores of the package: its types are those of the sources. */

/** Reads a record file from end to end. */
export function recordContentOf(store: RecordStore, limit?: number): Promise<content.RecordFileContent> {
  return content.recordContentOf(store as never, limit);
}

/** Holds that a record file agrees with itself, and reads it. */
export function assertFileSound(store: RecordStore): Promise<content.RecordFileContent> {
  return content.assertFileSound(store as never);
}
