interface Watched {
  readonly actions: Set<() => void>;
  readonly listener: () => void;
}

/**
 * Waits for signals on behalf of many calls, with one listener a signal: where thousands of calls share one, Node.js
 * would warn of a leak, and would search all their listeners to remove one.
 */
export class AbortWatch {
  readonly #watched = new Map<AbortSignal, Watched>();

  /** Runs an action when a signal aborts that has not done so yet. */
  add(signal: AbortSignal, action: () => void): void {
    let watched = this.#watched.get(signal);
    if (watched === undefined) {
      const actions = new Set<() => void>();
      const listener = () => {
        this.#watched.delete(signal);
        for (const run of actions) run();
      };
      watched = { actions, listener };
      this.#watched.set(signal, watched);
      signal.addEventListener('abort', listener, { once: true });
    }
    watched.actions.add(action);
  }

  /** Forgets an action; with its last one, the signal. */
  remove(signal: AbortSignal, action: () => void): void {
    const watched = this.#watched.get(signal);
    if (watched === undefined) return;
    watched.actions.delete(action);
    if (watched.actions.size > 0) return;
    this.#watched.delete(signal);
    signal.removeEventListener('abort', watched.listener);
  }
}
