/** Stands in for a worker thread: the test decides what it says and when it dies. */
export class StandInThread {
  static readonly all: StandInThread[] = [];
  readonly listeners = new Map<string, (value: unknown) => void>();
  readonly sent: { readonly id: number; readonly name: string }[] = [];
  holdsProcess = true;
  terminated = false;
  constructor() {
    StandInThread.all.push(this);
  }
  on(event: string, listener: (value: unknown) => void): void {
    this.listeners.set(event, listener);
  }
  postMessage(message: { readonly id: number; readonly name: string }): void {
    this.sent.push(message);
  }
  ref(): void {
    this.holdsProcess = true;
  }
  unref(): void {
    this.holdsProcess = false;
  }
  async terminate(): Promise<void> {
    this.terminated = true;
    this.emit('exit', 1);
  }
  emit(event: string, value: unknown): void {
    this.listeners.get(event)?.(value);
  }
}
