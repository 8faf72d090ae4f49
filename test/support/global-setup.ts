import { ensureSystemPackages } from './system-packages.js';

/** What vitest runs once before all tests. */
export function setup(): void {
  ensureSystemPackages();
}
