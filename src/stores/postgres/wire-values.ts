import type { CustomTypesConfig } from 'pg';

/** Object ids of the types that our statements give back (pg_type.h). */
const BOOL = 16;
const BYTEA = 17;
const INT8 = 20;
const INT2 = 21;
const INT4 = 23;

/** Reads what a statement gives back in PostgreSQL's binary format; whatever else is text. */
export const WIRE_VALUES: CustomTypesConfig = {
  getTypeParser: ((oid: number, format?: string) => {
    if (format !== 'binary') return (value: string) => value;
    return (value: Buffer) => read(oid, value);
  }) as CustomTypesConfig['getTypeParser'],
};

function read(oid: number, value: Buffer): unknown {
  switch (oid) {
    case BOOL:
      return value[0] === 1;
    case BYTEA:
      return value;
    case INT2:
      return value.readInt16BE();
    case INT4:
      return value.readInt32BE();
    case INT8:
      // Counts and milliseconds: all that is written is a safe integer.
      return Number(value.readBigInt64BE());
    default:
      return value.toString();
  }
}
