import { readFile } from 'node:fs/promises';
import { RenkeiError } from '../errors/renkei-error.js';
import { computeVectors } from './compute-vectors.js';

/** `npm run --silent vectors -- REQUEST.json`: one JSON answer, or one line of error and exit code 1. */
async function main(paths: readonly string[]): Promise<void> {
  const [path] = paths;
  if (path === undefined || paths.length > 1)
    throw new Error('usage: npm run --silent vectors -- REQUEST.json');
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch {
    throw new Error('the request file cannot be read');
  }
  process.stdout.write(`${JSON.stringify(await computeVectors(text), null, 2)}\n`);
}

main(process.argv.slice(2)).catch((error: unknown) => {
  const line = error instanceof RenkeiError ? `${error.code}: ${error.message}` : (error as Error).message;
  process.stderr.write(`${line}\n`);
  process.exitCode = 1;
});
