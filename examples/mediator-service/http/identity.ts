import type { TLSSocket } from 'node:tls';
import { Problem } from './problem.js';

/** Who is at the other end, by the certificate of the connection. */
export type Identity =
  | {
      /** An interface system (インターフェイスシステム) of an inquirer or provider. */
      readonly role: 'institution';
      /** 機関コード. */
      readonly institution: string;
    }
  | {
      /** 情報提供等記録開示システム, which has made sure whom it speaks for. */
      readonly role: 'disclosure-system';
      /** The 機関コード that its codes of people are issued to. */
      readonly institution: string;
    }
  | {
      /** Whoever watches over the service, or the officer who keeps the records (記録の訂正). */
      readonly role: 'operator' | 'records-officer';
    };

/** What a caller may be. */
export type Role = Identity['role'];

const NAMES = 'urn:example:renkei';

/** The URI that a certificate names its holder by. */
export function identityUri(identity: Identity): string {
  const { role } = identity;
  return 'institution' in identity ? `${NAMES}:${role}:${identity.institution}` : `${NAMES}:${role}`;
}

/**
 * Reads who holds the certificate of a connection. The TLS handshake has proved that it is the authority's, valid and
 * not revoked. It must have exactly one alternative name, and that must be one of ours: the text is compared whole, so
 * that nothing can be slipped in beside it.
 *
 * @throws Problem `CERTIFICATE_UNKNOWN`
 */
export function readIdentity(socket: TLSSocket): Identity {
  const name = socket.authorized ? socket.getPeerX509Certificate()?.subjectAltName : undefined;
  const [, role, institution] =
    /^URI:urn:example:renkei:([a-z-]+)(?::([A-Za-z0-9]{1,32}))?$/.exec(name ?? '') ?? [];
  if (institution === undefined && (role === 'operator' || role === 'records-officer')) return { role };
  if (institution !== undefined && (role === 'institution' || role === 'disclosure-system')) {
    return { role, institution };
  }
  throw new Problem('CERTIFICATE_UNKNOWN');
}
