import type { KeyName } from '../../codes/key-names.js';
import type { AttributeName } from './attributes.js';

/**
 * An attribute as the module gave it: a flag, a number, a text (names of classes, types and mechanisms, labels, hex
 * of identifiers), a sorted list of mechanisms, or `null` when the module does not know the attribute.
 */
export type AttributeValue = boolean | number | string | readonly string[] | null;

/** Attributes by their standard names. */
export type ReadAttributes = Readonly<Partial<Record<AttributeName, AttributeValue>>>;

/** A key as the token shows it. */
export interface KeyDescription {
  /** The key's name. */
  readonly name: KeyName;
  /** The key's fingerprint; of an audit key the first 8 bytes of SHA-256 over its public key. */
  readonly fingerprint: string;
  /** Attributes of the secret or private key, each read by itself. */
  readonly attributes: ReadAttributes;
  /** The public half of a pair. */
  readonly publicHalf?: {
    /** SubjectPublicKeyInfo (DER), in hex. */
    readonly publicKey: string;
    /** Its attributes, each read by itself. */
    readonly attributes: ReadAttributes;
  };
}

/** A token and its module, as they describe themselves. */
export interface TokenDescription {
  /** The token: label, serial number and versions. */
  readonly token: {
    /** Label, without the padding. */
    readonly label: string;
    /** Serial number, without the padding. */
    readonly serial: string;
    /** Who made the device. */
    readonly manufacturer: string;
    /** Model of the device. */
    readonly model: string;
    /** `<major>.<minor>` */
    readonly firmwareVersion: string;
    /** `<major>.<minor>` */
    readonly hardwareVersion: string;
  };
  /** The module, the software that speaks to the token. */
  readonly module: {
    /** Who made the module. */
    readonly manufacturer: string;
    /** How the module describes itself. */
    readonly description: string;
    /** `<major>.<minor>` */
    readonly libraryVersion: string;
    /** Version of PKCS#11 it speaks, `<major>.<minor>` */
    readonly cryptokiVersion: string;
  };
}

/** One attempt on a key and the module's answer to it. */
export interface RefusedAttempt {
  /** What was tried. */
  readonly attempt: string;
  /** The answer, such as `CKR_KEY_FUNCTION_NOT_PERMITTED`. */
  readonly answer: string;
}
