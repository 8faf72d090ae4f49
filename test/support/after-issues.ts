import type { IssuanceStore } from 'renkei';

/** A store whose n-th transaction of an issuance is committed, and then something happens before anybody knows. */
export function afterIssues(store: IssuanceStore, n: number, happens: () => void): IssuanceStore {
  let left = n;
  return new Proxy(store, {
    get(target, name) {
      const method: unknown = Reflect.get(target, name, target);
      if (typeof method !== 'function') return method;
      if (name !== 'issue') return method.bind(target);
      return async (...args: Parameters<IssuanceStore['issue']>) => {
        const held = await target.issue(...args);
        if (--left === 0) happens();
        return held;
      };
    },
  });
}
