import { type FileFault, faultAt } from './file-fault.js';

/** Those of known names, each the first time it stands there; all others are faults. */
export function onceEach<T extends { readonly name: string; readonly line: number }>(
  named: readonly T[],
  known: readonly string[],
  faults: FileFault[],
): T[] {
  const seen = new Set<string>();
  return named.filter(({ name, line }) => {
    if (!known.includes(name)) {
      faults.push(faultAt(line, printable(name), `is not known; known: ${known.join(', ')}`));
      return false;
    }
    if (seen.has(name)) faults.push(faultAt(line, name, 'stands there twice'));
    const isFirst = !seen.has(name);
    seen.add(name);
    return isFirst;
  });
}

/** A wrong file may have anything where names are. Only what looks like one is repeated: letters, and few. */
function printable(name: string): string | undefined {
  return /^\p{L}{1,32}$/u.test(name) ? name : undefined;
}
