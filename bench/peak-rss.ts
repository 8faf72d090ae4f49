import { readFileSync } from 'node:fs';

/** Highest resident memory this process has had, as the kernel counted it. */
export function peakRssMiB(): number {
  const [, kib] = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'utf8')) ?? [];
  return Number(kib) / 1024;
}
