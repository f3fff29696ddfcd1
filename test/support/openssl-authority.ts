// The time-stamping authority that OpenSSL's command line has, on loopback, with certificates made by it.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const CONFIG = `[tsa]
default_tsa = authority
[authority]
serial = serial
signer_cert = tsa.pem
signer_key = tsa.key
certs = intermediate.pem
signer_digest = sha384
default_policy = 1.3.6.1.4.1.99999.2
digests = sha256
accuracy = secs:1, millisecs:500
ess_cert_id_alg = sha256
`;
const CA_EXTENSIONS = 'basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign,cRLSign\n';
const TSA_EXTENSIONS = [
  'basicConstraints=CA:FALSE',
  'keyUsage=critical,digitalSignature',
  'extendedKeyUsage=critical,timeStamping\n',
].join('\n');

export type OpensslAuthority = AsyncDisposable & {
  readonly url: string;
  readonly roots: string;
  readonly rootFile: string;
  /** Of root.pem and what else a test lays there. */
  readonly folder: string;
  readonly openssl: (...args: readonly string[]) => string;
};

/** A root, an intermediate authority, and the signer: RSA and ECDSA. Its clock is that of the machine. */
export async function opensslAuthority(): Promise<OpensslAuthority> {
  const folder = mkdtempSync(join(tmpdir(), 'openssl-authority-'));
  const openssl = (...args: readonly string[]): string =>
    execFileSync('openssl', args, { cwd: folder, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
  const file = (name: string, text: string | Uint8Array) => writeFileSync(join(folder, name), text);
  file('ts.cnf', CONFIG);
  file('serial', '01\n');
  file('ca.ext', CA_EXTENSIONS);
  file('tsa.ext', TSA_EXTENSIONS);
  const request = (name: string, key: readonly string[]) =>
    openssl(
      'req',
      '-new',
      ...key,
      '-nodes',
      '-keyout',
      `${name}.key`,
      '-out',
      `${name}.csr`,
      '-subj',
      `/O=Test/CN=${name}`,
    );
  const issue = (name: string, by: string, ext: string) =>
    openssl(
      ...['x509', '-req', '-in', `${name}.csr`, '-CA', `${by}.pem`, '-CAkey', `${by}.key`, '-CAcreateserial'],
      ...['-sha256', '-days', '900', '-extfile', ext, '-out', `${name}.pem`],
    );
  request('root', ['-newkey', 'rsa:2048']);
  openssl(
    ...['x509', '-req', '-in', 'root.csr', '-signkey', 'root.key', '-sha256', '-days', '3650'],
    ...['-extfile', 'ca.ext', '-out', 'root.pem'],
  );
  const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256'];
  request('intermediate', curve);
  issue('intermediate', 'root', 'ca.ext');
  request('tsa', ['-newkey', 'rsa:2048']);
  issue('tsa', 'intermediate', 'tsa.ext');
  let asked = 0;
  const server = createServer((incoming, response) => {
    const parts: Buffer[] = [];
    incoming.on('data', (part: Buffer) => parts.push(part));
    incoming.on('end', () => {
      const name = `request-${asked++}`;
      file(`${name}.tsq`, Buffer.concat(parts));
      openssl('ts', '-reply', '-config', 'ts.cnf', '-queryfile', `${name}.tsq`, '-out', `${name}.tsr`);
      response.setHeader('content-type', 'application/timestamp-reply');
      response.end(readFileSync(join(folder, `${name}.tsr`)));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    roots: readFileSync(join(folder, 'root.pem'), 'utf8'),
    rootFile: join(folder, 'root.pem'),
    folder,
    openssl,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
