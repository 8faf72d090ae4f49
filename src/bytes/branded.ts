declare const brand: unique symbol;

/** A text that only its parser or maker gives out; the brand exists in the type alone. */
export type Branded<Name extends string> = string & {
  /** Tells one kind of text from another. */
  readonly [brand]: Name;
};
