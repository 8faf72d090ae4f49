/** Lets many pass at a time, or one alone. */
export class Gate {
  #inside = 0;
  #shut: Promise<void> | undefined;
  #emptied: (() => void) | undefined;

  /** Passes once the gate is open. */
  async pass<T>(action: () => Promise<T>): Promise<T> {
    while (this.#shut !== undefined) await this.#shut;
    this.#inside++;
    try {
      return await action();
    } finally {
      this.#inside--;
      if (this.#inside === 0) this.#emptied?.();
    }
  }

  /** Shuts the gate, waits until nobody is inside, and opens it after the action. */
  async shut(action: () => Promise<void>): Promise<void> {
    let open = () => {};
    this.#shut = new Promise((resolve) => {
      open = resolve;
    });
    try {
      if (this.#inside > 0) {
        await new Promise<void>((resolve) => {
          this.#emptied = resolve;
        });
        this.#emptied = undefined;
      }
      await action();
    } finally {
      this.#shut = undefined;
      open();
    }
  }
}
