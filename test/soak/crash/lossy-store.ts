import type { IssuanceStore } from 'renkei';

const LATE_MS = 1_000;

/** A store that acknowledges codes a second before it stores them: what a crash soak is there to find. */
export function lossyStore(store: IssuanceStore): IssuanceStore {
  const issue: IssuanceStore['issue'] = async (batch) => {
    const answer = await store.lookUp(batch.institution, batch.storeCodes);
    const late = { ...batch, storeCodes: batch.storeCodes.slice() };
    setTimeout(() => void store.issue(late).catch(() => undefined), LATE_MS);
    return answer;
  };
  return new Proxy(store, {
    get(target, name) {
      if (name === 'issue') return issue;
      const value: unknown = Reflect.get(target, name);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}
