/** What is wrong with a file. A file with one is not used at all. */
export interface FileFault {
  /** Line of the file, counted from 1. */
  readonly line: number;
  /** Name of the column or member; undefined where the row or the file as a whole is meant. */
  readonly column?: string;
  /** What is wrong, in words. */
  readonly fault: string;
}

/** A fault of a named column, or without the name where that is not to be repeated. */
export function faultAt(line: number, column: string | undefined, fault: string): FileFault {
  return column === undefined ? { line, fault } : { line, column, fault };
}

/** Faults as they come in the file. */
export function inOrder(faults: readonly FileFault[]): readonly FileFault[] {
  return [...faults].sort((a, b) => a.line - b.line);
}
