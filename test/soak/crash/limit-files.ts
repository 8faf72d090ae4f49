import { execFileSync } from 'node:child_process';
import { existsSync, statSync } from 'node:fs';

/** Lets a process write no file beyond this length: the system refuses it, as on a full disk. It may be gone by now. */
export function limitFiles(pid: number, bytes: number): void {
  const process = `/proc/${pid}`;
  try {
    // Its owner may; root need not be allowed to.
    const { uid, gid } = statSync(process);
    execFileSync('prlimit', ['--pid', String(pid), `--fsize=${bytes}`], { uid, gid, stdio: 'ignore' });
  } catch (error) {
    if (existsSync(process)) throw error;
  }
}
