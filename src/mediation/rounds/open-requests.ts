import { signalOption } from '../../errors/abort.js';
import { RenkeiError } from '../../errors/renkei-error.js';
import type { Issuer } from '../../issuance/issuer.js';
import type { CodeRefusal } from '../../issuance/presented-codes/codes-result.js';
import type {
  MediatedCodes,
  MediatedItem,
  OpenedCode,
} from '../../issuance/presented-codes/mediated-codes.js';
import type { InstitutionCode } from '../../subjects/institution-code.js';

/** A code that is to be opened. */
export interface CodeToOpen {
  readonly inquirer: InstitutionCode;
  /** Whose code of the person is wanted too; nobody's where none may leave. */
  readonly provider: InstitutionCode | undefined;
  /** Record period. */
  readonly period: string;
  /** The inquirer's code, in external form. */
  readonly code: string;
}

/** What came of opening a code. */
export type OpenedRequest =
  | {
      readonly status: 'opened';
      readonly code: OpenedCode;
      /** Generation that the record code carries. */
      readonly generation: number;
    }
  | ({ readonly status: 'refused' } & CodeRefusal)
  /** The vault or the store failed: whoever asked is to ask again. */
  | { readonly status: 'failed'; readonly error: unknown };

interface Group extends Omit<CodeToOpen, 'code'> {
  readonly places: number[];
  readonly texts: string[];
}

/**
 * Opens codes, each once. Those of one inquirer for one provider share calls of the vault; such groups run side by
 * side, and what fails in one fails nobody else.
 */
export async function openRequests(
  issuer: Issuer,
  codes: readonly CodeToOpen[],
  signal: AbortSignal | undefined,
): Promise<readonly OpenedRequest[]> {
  const opened: OpenedRequest[] = new Array(codes.length);
  await Promise.all(
    groupsOf(codes).map(async (group) => {
      const { inquirer, provider, period, places, texts } = group;
      const options = {
        from: inquirer,
        ...(provider === undefined ? {} : { to: provider }),
        period,
        ...signalOption(signal),
      };
      const answer = await mediated(issuer, texts, options);
      places.forEach((place, k) => {
        opened[place] = answer(k);
      });
    }),
  );
  return opened;
}

async function mediated(
  issuer: Issuer,
  texts: readonly string[],
  options: Parameters<Issuer['mediate']>[1],
): Promise<(index: number) => OpenedRequest> {
  try {
    const codes = await issuer.mediate(texts, options);
    return (index) => openedAt(codes, index);
  } catch (error) {
    const isUnknown = error instanceof RenkeiError && error.code === 'INSTITUTION_UNKNOWN';
    // Who is not registered has acquired no code: whatever is presented is none of its own.
    const answer: OpenedRequest = isUnknown
      ? { status: 'refused', error: 'INSTITUTION_UNKNOWN' }
      : { status: 'failed', error };
    return () => answer;
  }
}

function openedAt(codes: MediatedCodes, index: number): OpenedRequest {
  const item = codes.at(index) as MediatedItem;
  if (item.status === 'opened') return { status: 'opened', code: item, generation: codes.generation };
  const { index: _, ...refusal } = item;
  return refusal;
}

function groupsOf(codes: readonly CodeToOpen[]): readonly Group[] {
  const groups = new Map<string, Group>();
  codes.forEach(({ code, ...shared }, place) => {
    const key = `${shared.inquirer}/${shared.provider ?? ''}/${shared.period}`;
    let group = groups.get(key);
    if (group === undefined) {
      group = { ...shared, places: [], texts: [] };
      groups.set(key, group);
    }
    group.places.push(place);
    group.texts.push(code);
  });
  return [...groups.values()];
}
