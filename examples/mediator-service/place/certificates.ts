import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ensureSystemPackages } from '../../../test/support/system-packages.js';

/** A certificate and its private key, as files in PEM. */
export interface CertificateFiles {
  readonly certificate: string;
  readonly key: string;
}

const VALID_DAYS = 30;

/**
 * A certificate authority for tests, made with the `openssl` command: its certificate, the list of revoked ones, and
 * what it has issued. Its private key lies beside them, so it vouches for nothing.
 */
export class TestAuthority {
  readonly #folder: string;

  private constructor(folder: string) {
    this.#folder = folder;
  }

  /** Makes the authority, or opens the one that lies in the folder. */
  static open(folder: string): TestAuthority {
    ensureSystemPackages('openssl');
    const authority = new TestAuthority(folder);
    if (!existsSync(authority.revocationList)) authority.#make();
    return authority;
  }

  /** Certificate of the authority. */
  get certificate(): string {
    return this.#path('ca.pem');
  }

  /** The list of revoked certificates (CRL). */
  get revocationList(): string {
    return this.#path('ca.crl.pem');
  }

  /** A server's certificate, for the loopback interface. */
  issueServer(name: string): CertificateFiles {
    return this.#issue(name, 'serverAuth', 'IP:127.0.0.1,DNS:localhost');
  }

  /**
   * A client's certificate.
   *
   * @param identity URI that says who the client is
   */
  issueClient(name: string, identity: string): CertificateFiles {
    return this.#issue(name, 'clientAuth', `URI:${identity}`);
  }

  /** Revokes a certificate that was issued under this name; the list says so at once. */
  revoke(name: string): void {
    this.#openssl('ca', '-config', this.#path('ca.cnf'), '-revoke', this.#path(`${name}.pem`));
    this.#list();
  }

  #make(): void {
    mkdirSync(this.#folder, { recursive: true, mode: 0o700 });
    writeFileSync(this.#path('ca.cnf'), configuration(this.#folder));
    writeFileSync(this.#path('index.txt'), '');
    this.#makeKey('ca');
    const request = ['req', '-x509', '-new', '-config', this.#path('ca.cnf'), '-days', `${VALID_DAYS}`];
    const subject = ['-subj', '/O=renkei example/CN=test authority', '-extensions', 'authority'];
    this.#openssl(...request, ...subject, '-key', this.#path('ca.key'), '-out', this.certificate);
    this.#list();
  }

  #issue(name: string, usage: string, alternativeName: string): CertificateFiles {
    const files = { certificate: this.#path(`${name}.pem`), key: this.#path(`${name}.key`) };
    if (existsSync(files.certificate)) return files;
    const extensions = this.#path(`${name}.cnf`);
    const request = this.#path(`${name}.csr`);
    writeFileSync(
      extensions,
      [
        'basicConstraints=critical,CA:FALSE',
        'keyUsage=critical,digitalSignature',
        `extendedKeyUsage=critical,${usage}`,
        `subjectAltName=${alternativeName}`,
      ].join('\n'),
    );
    this.#makeKey(name);
    const config = ['-config', this.#path('ca.cnf')];
    const subject = ['-subj', `/O=renkei example/CN=${name}`];
    this.#openssl('req', '-new', ...config, ...subject, '-key', files.key, '-out', request);
    const paths = ['-in', request, '-extfile', extensions, '-out', files.certificate];
    this.#openssl('ca', ...config, '-batch', '-notext', '-days', `${VALID_DAYS}`, ...paths);
    return files;
  }

  #makeKey(name: string): void {
    const curve = ['-algorithm', 'EC', '-pkeyopt', 'ec_paramgen_curve:P-256'];
    this.#openssl('genpkey', ...curve, '-out', this.#path(`${name}.key`));
  }

  #list(): void {
    this.#openssl('ca', '-config', this.#path('ca.cnf'), '-gencrl', '-out', this.revocationList);
  }

  #openssl(...args: readonly string[]): void {
    try {
      execFileSync('openssl', args, { stdio: ['ignore', 'ignore', 'pipe'] });
    } catch {
      throw new Error(`openssl ${args[0]} failed`);
    }
  }

  #path(name: string): string {
    return join(this.#folder, name);
  }
}

/** Both files of a certificate, as the options of a TLS connection. */
export function readCertificate({ certificate, key }: CertificateFiles): {
  readonly cert: Buffer;
  readonly key: Buffer;
} {
  return { cert: readFileSync(certificate), key: readFileSync(key) };
}

function configuration(folder: string): string {
  return `
[ca]
default_ca = test
[test]
database = ${folder}/index.txt
new_certs_dir = ${folder}
certificate = ${folder}/ca.pem
private_key = ${folder}/ca.key
default_md = sha256
default_crl_days = ${VALID_DAYS}
rand_serial = yes
unique_subject = no
policy = any
[any]
organizationName = match
commonName = supplied
[req]
distinguished_name = none
[none]
[authority]
basicConstraints = critical,CA:TRUE,pathlen:0
keyUsage = critical,keyCertSign,cRLSign
subjectKeyIdentifier = hash
`;
}
