import type fc from 'fast-check';
import type { ModelCommand, Tally } from './commands.js';

export function* rotationCommands(_tally: Tally): Generator<fc.Arbitrary<ModelCommand>> {
  // None yet.
}
