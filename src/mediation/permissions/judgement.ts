import { dayOf, isWithin, type Period } from '../../codes/calendar-day.js';
import type { InstitutionCode } from '../../subjects/institution-code.js';
import { share } from './class-bits.js';
import { type CompiledRow, type CompiledState, institutionOn, meaningOn, revisionOn } from './compiled.js';
import type { PermissionQuestion, RefusalReason } from './decision.js';

/**
 * The first row that permits what is asked about, or why none does. Both institutions must be in the directory; then the
 * table must list the combination (番号法19条8号); then neither may be in breach of 番号法28条 (令26条4項). In this
 * order, whoever may not ask an institution is not told whether it is in breach.
 */
export function judge(state: CompiledState, question: PermissionQuestion): CompiledRow | RefusalReason {
  const { inquirer, provider, affair, information, at } = question;
  const day = dayOf(at);
  const asking = institutionOn(state, inquirer, day);
  const asked = institutionOn(state, provider, day);
  if (asking === undefined || asked === undefined) return 'institution-unknown';
  const rows = revisionOn(state, day)?.rows.get(affair)?.get(information);
  const found = rows?.find(
    (row) =>
      isWithin(row.period, day) &&
      share(meaningOn(row.inquirer, day), asking.set) &&
      share(meaningOn(row.provider, day), asked.set),
  );
  if (found === undefined) return 'not-listed';
  if (isAny(state.breaches.get(inquirer), day)) return 'inquirer-in-breach';
  if (isAny(state.breaches.get(provider), day)) return 'provider-in-breach';
  return found;
}

/** Whether a row in force lets an institution inquire in an affair, of whomever, and no breach forbids it. */
export function inquires(
  state: CompiledState,
  inquirer: InstitutionCode,
  affair: string,
  at: number,
): boolean {
  const day = dayOf(at);
  const asking = institutionOn(state, inquirer, day);
  if (asking === undefined || isAny(state.breaches.get(inquirer), day)) return false;
  const rows = [...(revisionOn(state, day)?.rows.get(affair)?.values() ?? [])].flat();
  return rows.some((row) => isWithin(row.period, day) && share(meaningOn(row.inquirer, day), asking.set));
}

function isAny(periods: readonly Period[] | undefined, day: number): boolean {
  return periods?.some((period) => isWithin(period, day)) ?? false;
}
