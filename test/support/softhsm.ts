import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ensureSystemPackages, SOFTHSM_MODULE } from './system-packages.js';

/** A SoftHSM token in a temporary folder of its own. */
export interface ScratchToken {
  readonly module: string;
  readonly token: { readonly label: string };
  readonly pin: () => string;
  /** The user PIN and the security officer's, for calls that bypass the library. */
  readonly userPin: string;
  readonly soPin: string;
  /** The folder that holds everything. */
  readonly folder: string;
  /** Adds another token to the same folder. */
  readonly addToken: (label: string) => void;
  readonly remove: () => void;
}

const USER_PIN = '1234';
const SO_PIN = '12345678';

/**
 * Makes a SoftHSM token and points this process's SoftHSM at it. To be called before the module is first loaded:
 * SoftHSM reads its configuration once.
 *
 * @param mechanisms value of `slots.mechanisms`, to make a token that lacks some
 */
export function makeScratchToken(label = 'renkei-scratch', mechanisms = 'ALL'): ScratchToken {
  return makeTokenIn(mkdtempSync(join(tmpdir(), 'renkei-softhsm-')), label, mechanisms);
}

/** The same in a folder of the caller's. A token that was made there before is used again. */
export function makeTokenIn(folder: string, label: string, mechanisms = 'ALL'): ScratchToken {
  ensureSystemPackages('softhsm2');
  const tokens = join(folder, 'tokens');
  const configuration = join(folder, 'softhsm2.conf');
  const isNew = !existsSync(tokens) || readdirSync(tokens).length === 0;
  process.env.SOFTHSM2_CONF = configuration;
  const addToken = (name: string) => {
    execFileSync(
      'softhsm2-util',
      ['--init-token', '--free', '--label', name, '--pin', USER_PIN, '--so-pin', SO_PIN],
      { stdio: ['ignore', 'ignore', 'inherit'] },
    );
  };
  if (isNew) {
    mkdirSync(tokens, { recursive: true });
    writeFileSync(
      configuration,
      `directories.tokendir = ${tokens}\nobjectstore.backend = file\nlog.level = ERROR\nslots.mechanisms = ${mechanisms}\n`,
    );
    addToken(label);
  }
  return {
    module: SOFTHSM_MODULE,
    token: { label },
    pin: () => USER_PIN,
    userPin: USER_PIN,
    soPin: SO_PIN,
    folder,
    addToken,
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}
