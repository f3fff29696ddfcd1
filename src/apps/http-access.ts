// Who is let in: by a token, by a client's certificate, or everybody?
import { createHash, timingSafeEqual } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { IncomingMessage } from 'node:http';
import type { ServerOptions } from 'node:https';
import type { TLSSocket } from 'node:tls';
import { LedgerstoneError, messageOf } from '../base/error.ts';
import { type HttpAuth, type HttpConfig, type HttpTls, TOKEN_FORM, TOKEN_PATTERN } from '../config/http.ts';

type Part = 'token' | 'certFile' | 'keyFile' | 'clientCaFile';
const PARTS: readonly Part[] = ['token', 'certFile', 'keyFile', 'clientCaFile'];

export type HttpAccess = {
  /** Null: HTTP. */
  readonly tls: ServerOptions | null;
  /** Nothing of the request is kept or repeated. */
  lets(request: IncomingMessage): boolean;
  /** Values of `WWW-Authenticate`. */
  readonly challenges: readonly string[];
  /** Whether an earlier one had the same token, certificates and key, and the members that give others. */
  since(before: HttpAccess): { readonly isSame: boolean; readonly changed: readonly string[] };
  /** What is compared: all that was read, by its hash. Null: nothing. */
  readonly digests: Readonly<Record<Part, Buffer | null>>;
};

/** Browsers know Basic alone. */
const CHALLENGES = ['Basic realm="ledgerstone", charset="UTF-8"', 'Bearer realm="ledgerstone"'];

/** Rejects with `config`, and names the file, where a file can't be read or is not what it should be. */
export async function openAccess(
  { auth, tls }: Pick<HttpConfig, 'auth' | 'tls'>,
  member: string,
): Promise<HttpAccess> {
  const options = tls === null ? null : await tlsOptions(tls, member);
  const token = auth === null || auth === 'public' ? null : await tokenOf(auth, member);
  const asksCertificate = options?.ca !== undefined;
  const digests = {
    token: token === null ? null : digestOf(token),
    certFile: digestOrNull(options?.cert),
    keyFile: digestOrNull(options?.key),
    clientCaFile: digestOrNull(options?.ca),
  };
  const tokenMember = auth !== null && auth !== 'public' && 'tokenFile' in auth ? 'tokenFile' : 'token';
  const memberOf = (part: Part) =>
    part === 'token' ? `${member}.auth.${tokenMember}` : `${member}.tls.${part}`;
  const since = (before: HttpAccess) => {
    const others = PARTS.filter((part) => !isEqual(before.digests[part], digests[part]));
    return {
      isSame: others.length === 0,
      changed: others.filter((part) => digests[part] !== null).map(memberOf),
    };
  };
  const all = { tls: options, digests, since };
  if (token === null && !asksCertificate) return { ...all, lets: () => true, challenges: [] };
  const wanted = digests.token;
  return {
    ...all,
    lets: (request) =>
      (asksCertificate && (request.socket as TLSSocket).authorized === true) ||
      (wanted !== null && hasToken(request.headers.authorization, wanted)),
    challenges: wanted === null ? [] : CHALLENGES,
  };
}

/** The token of the configuration, for the server and for commands that ask it. */
export async function tokenOf(auth: Exclude<HttpAuth, 'public'>, member: string): Promise<string> {
  return 'token' in auth ? auth.token : readToken(auth.tokenFile, `${member}.auth.tokenFile`);
}

/** `name`: of the option or member that names the file, for messages, which never hold what is in it. */
export async function readToken(path: string, name: string): Promise<string> {
  const token = (await fileOf(path, name)).toString('utf8').trim();
  if (TOKEN_PATTERN.test(token)) return token;
  throw new LedgerstoneError('config', `${name}: ${path} does not hold a token`, {
    disposition: 'input',
    remedy: `It must hold ${TOKEN_FORM}, and nothing else.`,
  });
}

type Files = ServerOptions & { readonly cert: Buffer; readonly key: Buffer; readonly ca?: Buffer };

async function tlsOptions({ certFile, keyFile, clientCaFile }: HttpTls, member: string): Promise<Files> {
  const [cert, key] = [
    await fileOf(certFile, `${member}.tls.certFile`),
    await fileOf(keyFile, `${member}.tls.keyFile`),
  ];
  if (clientCaFile === null) return { cert, key };
  const ca = await fileOf(clientCaFile, `${member}.tls.clientCaFile`);
  // Who has none gets as far as a probe does.
  return { cert, key, ca, requestCert: true, rejectUnauthorized: false };
}

async function fileOf(path: string, member: string): Promise<Buffer> {
  try {
    return await readFile(path);
  } catch (cause) {
    throw new LedgerstoneError('config', `can't read ${path} of ${member}: ${messageOf(cause)}`, {
      disposition: 'input',
      remedy: 'Name a file that this user may read.',
      cause,
    });
  }
}

/** Of one length, whatever was sent. */
const digestOf = (bytes: string | Buffer): Buffer => createHash('sha256').update(bytes).digest();
const digestOrNull = (bytes: Buffer | undefined): Buffer | null =>
  bytes === undefined ? null : digestOf(bytes);
const isEqual = (a: Buffer | null, b: Buffer | null): boolean =>
  a === null || b === null ? a === b : a.equals(b);

/** As a bearer token (RFC 6750), or as the password of a login with any name (RFC 7617). */
function hasToken(header: string | undefined, wanted: Buffer): boolean {
  const [, scheme = '', sent = ''] = /^(Bearer|Basic) +(\S+)$/i.exec(header ?? '') ?? [];
  const token =
    scheme.toLowerCase() === 'basic'
      ? Buffer.from(sent, 'base64')
          .toString('utf8')
          .replace(/^[^:]*:/, '')
      : sent;
  return scheme !== '' && timingSafeEqual(digestOf(token), wanted);
}
