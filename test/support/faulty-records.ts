import { type RecordStore, RenkeiError } from 'renkei';

type Method = 'append' | 'requests' | 'latest' | 'periods' | 'appendLog' | 'logHead';

/** A record file in front of a real one that fails when told to. */
export interface FaultyRecords extends RecordStore {
  /** Runs before every call; what it throws, the call throws, and nothing is written. */
  before: (method: Method) => void | Promise<void>;
  /** Runs after every call; what it throws, the call throws, though all is written. */
  after: (method: Method) => void | Promise<void>;
}

/** What a database fails with that is down, or whose answer did not come. */
export function storeFault(): RenkeiError {
  return new RenkeiError('STORE_FAULT', 'injected');
}

export function faultyRecords(real: RecordStore): FaultyRecords {
  const hooks = { before: () => undefined, after: () => undefined };
  return new Proxy(real as FaultyRecords, {
    get(target, name) {
      if (name in hooks) return Reflect.get(hooks, name);
      const value = Reflect.get(target, name);
      if (typeof value !== 'function') return value;
      return async (...args: unknown[]) => {
        const { before, after } = hooks as Pick<FaultyRecords, 'before' | 'after'>;
        await before(name as Method);
        const answer = await value.apply(target, args);
        await after(name as Method);
        return answer;
      };
    },
    set: (_, name, value) => Reflect.set(hooks, name, value),
  });
}
