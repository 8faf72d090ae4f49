import assert from 'node:assert/strict';
import { ERROR_CODES, type RenkeiErrorCode } from '../errors/codes.js';
import type { HeldRows } from '../stores/port.js';

/** Answers of a store in a shape that compares and reads well: bytes as hex digits, maps as sorted lists. */

/** Bytes as hex digits. */
export function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('hex');
}

/** Packed codes as hex digits, one text a row. */
export function hexRows(codes: Uint8Array): readonly string[] {
  return hex(codes).match(/.{48}/g) ?? [];
}

/** Own codes by row, in the order of the rows. */
export function ownCodes(canonical: ReadonlyMap<number, Uint8Array>): readonly (readonly [number, string])[] {
  return [...canonical].map(([row, own]) => [row, hex(own)] as const).sort(([a], [b]) => a - b);
}

/** What a store knows of rows. */
export function heldOf({ versions, canonical, aliases }: HeldRows) {
  return {
    versions: [...versions],
    canonical: ownCodes(canonical),
    aliases: [...aliases].sort((a, b) => a - b),
  };
}

/** The versions alone. */
export async function versionsOf(held: Promise<HeldRows>): Promise<readonly number[]> {
  return [...(await held).versions];
}

/**
 * Holds that a call is refused with an error of the library.
 *
 * @param message what the message must say
 */
export async function refused(
  call: Promise<unknown>,
  code: RenkeiErrorCode,
  message: RegExp = /./,
): Promise<void> {
  // Told apart by name, not by class: a store may come with a copy of the library of its own.
  const { retryable } = ERROR_CODES[code];
  await assert.rejects(call, { name: 'RenkeiError', code, retryable, message });
}

/** An answer, or the code of the error. */
export async function outcomeOf(answer: Promise<unknown>): Promise<unknown> {
  try {
    return await answer;
  } catch (error) {
    return { refused: (error as { readonly code?: unknown }).code ?? String(error) };
  }
}
