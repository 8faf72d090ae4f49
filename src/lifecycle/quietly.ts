/** The same listener, whose errors are passed over: it must not break what it is told of. */
export function quietly<Event>(listener: ((event: Event) => void) | undefined): (event: Event) => void {
  return (event) => {
    try {
      listener?.(event);
    } catch {
      // Its own affair.
    }
  };
}
