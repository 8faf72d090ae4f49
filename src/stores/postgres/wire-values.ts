import type { CustomTypesConfig } from 'pg';

/** Object ids of the types that our statements give back (pg_type.h); whatever else is text. */
const BOOL = 16;
const BYTEA = 17;
const INT8 = 20;
const INT2 = 21;
const INT4 = 23;

const READ: Readonly<Record<number, (text: string) => unknown>> = {
  [BOOL]: (text) => text === 't',
  // After "\x", two digits a byte. The driver takes everything for text, so the binary format is not for it.
  [BYTEA]: (text) => new Uint8Array(Buffer.from(text.slice(2), 'hex')),
  [INT2]: Number,
  [INT4]: Number,
  // Counts and milliseconds: all that is written is a safe integer.
  [INT8]: Number,
};

/** Reads what our statements give back; for our own connections, not for everybody who uses the driver. */
export const WIRE_VALUES: CustomTypesConfig = {
  getTypeParser: ((oid: number) => READ[oid] ?? String) as CustomTypesConfig['getTypeParser'],
};
