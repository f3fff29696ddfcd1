// How does a test get an authority and certificates of it? By openssl; none of them is kept.
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';

export type Certificates = {
  /** PEM files in the folder: an authority, a server of it for localhost and 127.0.0.1, a client, and a stranger. */
  readonly at: (name: string) => string;
};

export function makeCertificates(dir: string): Certificates {
  const at = (name: string) => join(dir, name);
  const openssl = (...args: string[]) => execFileSync('openssl', args, { stdio: 'pipe' });
  const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2'];
  const authority = (name: string) =>
    openssl(
      'req',
      '-x509',
      ...newKey,
      '-subj',
      `/CN=${name}`,
      '-keyout',
      at(`${name}.key`),
      '-out',
      at(`${name}.pem`),
    );
  const issue = (name: string, by: string) =>
    openssl(
      ...[
        'req',
        '-x509',
        ...newKey,
        '-subj',
        `/CN=${name}`,
        '-addext',
        'subjectAltName=DNS:localhost,IP:127.0.0.1',
      ],
      ...[
        '-CA',
        at(`${by}.pem`),
        '-CAkey',
        at(`${by}.key`),
        '-keyout',
        at(`${name}.key`),
        '-out',
        at(`${name}.pem`),
      ],
    );
  authority('ca');
  authority('other-ca');
  issue('server', 'ca');
  issue('client', 'ca');
  issue('stranger', 'other-ca');
  return { at };
}
