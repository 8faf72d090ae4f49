import { isWithin, type Period, parseDay, periodOf } from '../../codes/calendar-day.js';
import type { InstitutionCode } from '../../subjects/institution-code.js';
import type { BreachList } from './breaches.js';
import { ClassBits, type ClassSet } from './class-bits.js';
import type { PermissionParts } from './parts.js';
import type { PermissionRevision, PermissionRow } from './permission-table.js';

/** Whom a cell means: on the days of a period so, on all others only those of the class of its own name. */
export interface CompiledCell {
  readonly dated: readonly { readonly period: Period; readonly set: ClassSet }[];
  readonly otherwise: ClassSet;
}

/** A row of the table, ready to be asked. */
export interface CompiledRow {
  readonly row: PermissionRow;
  readonly period: Period;
  readonly inquirer: CompiledCell;
  readonly provider: CompiledCell;
}

/** A revision, ready to be asked: rows by 事務 and 特定個人情報. */
export interface CompiledRevision {
  readonly revision: PermissionRevision;
  readonly first: number;
  readonly rows: ReadonlyMap<string, ReadonlyMap<string, readonly CompiledRow[]>>;
}

/** An institution for a time. */
export interface CompiledInstitution {
  readonly period: Period;
  readonly name: string;
  readonly set: ClassSet;
}

/** What decisions are made from. Nothing of it changes: another state takes its place. */
export interface CompiledState {
  readonly parts: PermissionParts;
  /** In the order of their days. */
  readonly revisions: readonly CompiledRevision[];
  readonly institutions: ReadonlyMap<string, readonly CompiledInstitution[]>;
  readonly breaches: ReadonlyMap<string, readonly Period[]>;
}

/** Makes ready what was read. */
export function compile(parts: PermissionParts): CompiledState {
  const { revisions, directory, classes, breaches } = parts;
  const meanings = grouped(classes?.rows ?? [], ({ cell }) => cell);
  const texts = new Set(revisions.flatMap(({ rows }) => rows.flatMap((row) => [row.inquirer, row.provider])));
  const named = [...texts].flatMap((text) => [
    text,
    ...(meanings.get(text) ?? []).flatMap((one) => one.classes),
  ]);
  const bits = new ClassBits(named);
  const cells = new Map(
    [...texts].map((text): [string, CompiledCell] => {
      const dated = (meanings.get(text) ?? []).map((meaning) => ({
        period: periodOf(meaning.effectiveFrom, meaning.effectiveTo),
        set: bits.setOf(meaning.classes),
      }));
      return [text, { dated, otherwise: bits.setOf([text]) }];
    }),
  );
  const entries = directory.rows.map((entry) => ({
    institution: entry.institution,
    period: periodOf(entry.effectiveFrom, entry.effectiveTo),
    name: entry.name,
    set: bits.setOf([entry.institution, ...entry.classes]),
  }));
  return {
    parts,
    revisions: revisions.map((revision) => compileRevision(revision, cells)),
    institutions: grouped(entries, ({ institution }) => institution),
    breaches: compileBreaches(breaches),
  };
}

function compileBreaches(breaches: BreachList | undefined): ReadonlyMap<string, readonly Period[]> {
  const rows = grouped(breaches?.rows ?? [], ({ institution }) => institution);
  return new Map(
    [...rows].map(([institution, list]) => [
      institution,
      list.map(({ effectiveFrom, effectiveTo }) => periodOf(effectiveFrom, effectiveTo)),
    ]),
  );
}

/** The classes that a cell means on a day. */
export function meaningOn({ dated, otherwise }: CompiledCell, day: number): ClassSet {
  for (const { period, set } of dated) {
    if (isWithin(period, day)) return set;
  }
  return otherwise;
}

/** What the directory says of an institution on a day. */
export function institutionOn(
  { institutions }: CompiledState,
  institution: InstitutionCode,
  day: number,
): CompiledInstitution | undefined {
  return institutions.get(institution)?.find(({ period }) => isWithin(period, day));
}

/** The revision in force on a day; undefined before the first one. */
export function revisionOn({ revisions }: CompiledState, day: number): CompiledRevision | undefined {
  return revisions.findLast(({ first }) => first <= day);
}

function compileRevision(
  revision: PermissionRevision,
  cells: ReadonlyMap<string, CompiledCell>,
): CompiledRevision {
  const rows = new Map<string, Map<string, CompiledRow[]>>();
  for (const row of revision.rows) {
    const compiled: CompiledRow = {
      row,
      period: periodOf(row.effectiveFrom, row.effectiveTo),
      inquirer: cells.get(row.inquirer) as CompiledCell,
      provider: cells.get(row.provider) as CompiledCell,
    };
    for (const affair of new Set([row.affair, row.affairCode ?? row.affair])) {
      const ofAffair = rows.get(affair) ?? new Map<string, CompiledRow[]>();
      rows.set(affair, ofAffair);
      for (const information of new Set([row.information, row.informationCode ?? row.information])) {
        const same = ofAffair.get(information);
        if (same === undefined) ofAffair.set(information, [compiled]);
        else same.push(compiled);
      }
    }
  }
  return { revision, first: parseDay(revision.effectiveFrom) as number, rows };
}

function grouped<T>(all: readonly T[], keyOf: (one: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const one of all) {
    const group = groups.get(keyOf(one));
    if (group === undefined) groups.set(keyOf(one), [one]);
    else group.push(one);
  }
  return groups;
}
