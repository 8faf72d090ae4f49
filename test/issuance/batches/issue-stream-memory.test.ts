import { setTimeout } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, test } from 'vitest';
import type { IssuanceRequest } from '../../../src/issuance/batches/issuance-request.js';
import { IssuanceResult } from '../../../src/issuance/batches/issuance-result.js';
import { issueStream } from '../../../src/issuance/batches/issue-stream.js';
import { ItemCodes } from '../../../src/issuance/item-codes.js';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

const BATCHES = 20;

test('a stream lets go of its requests: memory stays constant however long it is', async () => {
  const seen: WeakRef<IssuanceRequest>[] = [];
  async function* source() {
    for (let k = 0; k < BATCHES; k++) {
      const request: IssuanceRequest = { acquisitionNumbers: [], residents: new Uint8Array(0) };
      seen.push(new WeakRef(request));
      yield request;
    }
  }
  const steps = {
    prepare: async () => 'prepared',
    store: async () => new IssuanceResult([], ItemCodes.none(0, 1), new Uint8Array(0), new Map()),
    discard: () => undefined,
  };
  const stream = issueStream(source(), steps, undefined, undefined);
  for (let k = 0; k < BATCHES - 1; k++) await stream.next();
  await setTimeout(10);
  collectGarbage();
  const alive = seen.filter((reference) => reference.deref() !== undefined).length;
  expect(seen.length).toBe(BATCHES);
  // The one at hand and the one computed ahead.
  expect(alive).toBeLessThanOrEqual(2);
  await stream.return();
});
