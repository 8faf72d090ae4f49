/** What every transaction reads as the last statement that it begins with: it costs no round trip. */
export interface FirstRead<S> {
  readonly text: string;
  /** What the rows say that it gives back. */
  readonly of: (rows: readonly object[]) => S;
  /** The epoch of the keys. Undefined where a store has none. */
  readonly epochOf?: (read: S) => number;
}
