/** Arrays as PostgreSQL reads them. The driver writes them too, but looks at every letter of every value. */

/** An array of numbers. */
export function numberArray(numbers: readonly number[]): string {
  return `{${numbers.join()}}`;
}

/** An array of words of letters, digits, hyphens and underscores, some of which may be missing. */
export function wordArray(words: readonly (string | undefined)[]): string {
  return `{${words.map((word) => (word === undefined ? 'NULL' : `"${word}"`)).join()}}`;
}
