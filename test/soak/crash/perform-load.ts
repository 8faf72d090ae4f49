import type { BulkLoad, Issuer } from 'renkei';
import type { IssueAction } from './journal.js';
import { textOf } from './perform.js';
import { residentsOf } from './population.js';

/** Small, so that a kill finds a load at every stage. */
const BATCH_ROWS = 100;
const CHECKPOINT_ROWS = 200;

/** Goes through a bulk load from where it stands to its end; gives one answer a resident. The files stay. */
export async function performLoad(issuer: Issuer, action: IssueAction, folder: string): Promise<string[]> {
  const load = await openLoad(issuer, action, folder);
  try {
    if (load.state === 'receiving') await load.receive(batches(action.residents.slice(load.received)));
    await load.store();
    const answers: string[] = [];
    for await (const batch of load.answers()) for (const item of batch) answers.push(textOf(item));
    return answers;
  } finally {
    await load.close();
  }
}

/** Erases the files of a load. */
export async function eraseLoad(issuer: Issuer, action: IssueAction, folder: string): Promise<void> {
  await (await openLoad(issuer, action, folder)).erase();
}

function openLoad(issuer: Issuer, { institution }: IssueAction, folder: string): Promise<BulkLoad> {
  return issuer.openBulkLoad(institution, {
    folder,
    reissue: true,
    checkpointRows: CHECKPOINT_ROWS,
    storeBatchRows: BATCH_ROWS,
  });
}

function* batches(residents: readonly number[]): Generator<Uint8Array> {
  for (let first = 0; first < residents.length; first += BATCH_ROWS) {
    yield residentsOf(residents.slice(first, first + BATCH_ROWS));
  }
}
