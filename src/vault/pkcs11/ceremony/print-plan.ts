import type { KeyPlan } from '../key-plan.js';
import { lockDownAttributes, type ProfileAttribute } from '../key-profile.js';

/**
 * A key to be made, for the dry run of a ceremony: every attribute and why.
 *
 * @param title what to call the key, where its number is not known before the token is asked
 */
export function printKeyPlan(plan: KeyPlan, title: string = plan.name): string {
  return [
    `key ${title}, made by the ${plan.madeBy} with ${plan.mechanism}`,
    ...plan.attributes.flatMap((attribute) => attributeLines(attribute, '  ')),
    ...(plan.publicAttributes === undefined
      ? []
      : ['  public half:', ...plan.publicAttributes.flatMap((attribute) => attributeLines(attribute, '  '))]),
    '',
  ].join('\n');
}

/** What a lock-down sets on the copy of a key, and why. */
export function printLockDownPlan(name: KeyPlan['name']): string {
  return [
    `key ${name}, copied with these attributes; the original is destroyed after the copy was checked and tried`,
    ...lockDownAttributes(name).flatMap((attribute) => attributeLines(attribute, '  ')),
    '',
  ].join('\n');
}

function attributeLines({ name, value, why }: ProfileAttribute, indent: string): string[] {
  const [first] = typeof value === 'boolean' ? [] : value;
  if (typeof first === 'object') {
    const nested = (value as readonly ProfileAttribute[]).flatMap((inner) =>
      attributeLines(inner, `${indent}  `),
    );
    return [`${indent}${name}: ${why}`, ...nested];
  }
  const text = typeof value === 'boolean' ? String(value) : value.join(' ');
  return [`${indent}${name.padEnd(27 - indent.length)}${text.padEnd(8)} ${why}`];
}
