import { fiscalYear, institutionAudience, parseKeyName, RenkeiError, recordAudience } from 'renkei';
import { initialKeys, type KeyLevel, planKey, printKeyPlan, printLockDownPlan } from 'renkei/pkcs11';
import { type CeremonyArguments, readLevel } from './ceremony-arguments.js';
import { requireOption } from './require-option.js';

/** What a ceremony would do: every attribute and why. Opens no module and asks for no PIN. */
export function dryRun({ command, operands, values }: CeremonyArguments): string {
  const [operand = ''] = operands;
  if (command === 'destroy') {
    return `key ${parseKeyName(operand).name} would be destroyed; codes made under it could never be translated again\n`;
  }
  if (command === 'lock-down') {
    const names = operands.length === 0 ? ['link/1', 'store/1'] : operands;
    const which = operands.length === 0 ? 'Every AES key on the token; for example:\n\n' : '';
    return which + names.map((name) => printLockDownPlan(parseKeyName(name).name)).join('\n');
  }
  const level = readLevel(requireOption('level', values.level));
  if (command === 'add-version') return nextVersion(operand, level);
  return namesOf(command, operand, values.period)
    .map((name) => printKeyPlan(planKey(name, level)))
    .join('\n');
}

/** Its number is known to the token only. */
function nextVersion(of: string, level: KeyLevel): string {
  if (parseKeyName(`${of}/1`).kind === 'record') {
    throw new RenkeiError('KEY_NAME_INVALID', 'a record period has no versions');
  }
  return printKeyPlan(planKey(`${of}/1`, level), `${of}/<next version>`);
}

function namesOf(command: CeremonyArguments['command'], operand: string, period: string | undefined) {
  switch (command) {
    case 'add-institution':
      return [institutionAudience(operand, 1)];
    case 'add-record-period':
      return [recordAudience(operand)];
    default:
      return initialKeys(period ?? fiscalYear(new Date()));
  }
}
