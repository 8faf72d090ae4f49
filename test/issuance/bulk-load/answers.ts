import type { BulkLoad, BulkLoadItem, Issuer } from 'renkei';
import { inBatches } from '../../support/population.js';

/** What an answer says, without its place. */
export type Answer = Omit<BulkLoadItem, 'position'>;

/** All answers of a load; their places must be those of the list. */
export async function answersOf(load: BulkLoad, options = {}): Promise<Answer[]> {
  const answers: Answer[] = [];
  for await (const batch of load.answers(options)) {
    for (const { position, ...answer } of batch) {
      if (position !== answers.length) throw new Error('an answer is out of its place');
      answers.push(answer);
    }
  }
  return answers;
}

/** The answers of the online path to the same list. */
export async function onlineAnswers(
  issuer: Issuer,
  list: readonly string[],
  reissue: boolean,
): Promise<Answer[]> {
  const answers: Answer[] = [];
  let number = 0;
  const requests = [...inBatches(list, 17)].map((residents) => ({
    acquisitionNumbers: residents.map(() => `R-${number++}`),
    residents,
  }));
  for await (const result of issuer.issueAll('A1', requests, { reissue })) {
    for (const { index: _, acquisitionNumber: __, ...answer } of result) answers.push(answer);
  }
  return answers;
}
