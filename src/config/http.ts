// Who may ask the HTTP server of a service, and by which way? Both configuration files have it.
import { z } from 'zod';
import { forms, some, text } from './fields.ts';

/** What `Authorization: Bearer` can carry, and long enough that nobody guesses it. */
export const TOKEN_PATTERN = /^[\x21-\x7e]{16,512}$/;
export const TOKEN_FORM = 'a token of 16 to 512 ASCII characters without spaces (openssl rand -hex 32)';

export type HttpAuth =
  /** Everybody who reaches it. */
  'public' | { readonly token: string } | { /** Absolute. */ readonly tokenFile: string };

/** Absolute paths of PEM files. */
export type HttpTls = {
  readonly certFile: string;
  readonly keyFile: string;
  /** Null: clients are asked for no certificate. */
  readonly clientCaFile: string | null;
};

export type HttpConfig = {
  readonly host: string;
  /** 0: no server. */
  readonly port: number;
  readonly names: readonly string[];
  /** Null: nothing was said. Then a server that others reach takes client certificates alone. */
  readonly auth: HttpAuth | null;
  readonly tls: HttpTls | null;
};

const auth = z
  .union([
    z.literal('public'),
    z.strictObject({
      token: text(TOKEN_PATTERN, TOKEN_FORM)
        .optional()
        .describe('The token. Better a reference to the environment than the token itself'),
      tokenFile: some('a path')
        .optional()
        .describe('File with the token, relative to this file. It is read at the start and at each SIGHUP'),
    }),
  ])
  .optional()
  .register(forms, { form: '`public`, or a mapping with one of the two below' })
  .describe(
    [
      'Who may ask for more than /healthz and whether /readyz is 200: who has the token (as a bearer token, or',
      'as the password of a login). Needed if others than this machine reach `host`. `public`: everybody who',
      'reaches it. Default: who is on this machine, or has a certificate of `tls.clientCaFile`',
    ].join(' '),
  );

const tls = z
  .strictObject({
    certFile: some('a path').describe(
      "PEM file, relative to this file: the server's certificate and its chain",
    ),
    keyFile: some('a path').describe('PEM file, relative to this file: its private key'),
    clientCaFile: some('a path')
      .optional()
      .describe('PEM file: who has a certificate of these authorities is let in, as with a token'),
  })
  .optional()
  .describe('HTTPS instead of HTTP. Default: HTTP');

export const server = (port: number, paths: string) =>
  z
    .strictObject({
      host: some('an address to listen on')
        .default('127.0.0.1')
        .describe('Address that the server listens on. For others than this machine it needs `auth`'),
      port: z.int().min(0).max(65_535).default(port).describe(`Port of ${paths}. 0: no server`),
      names: z
        .array(some('a host name'))
        .default([])
        .describe(
          [
            'Host names by which it is asked. Addresses and localhost need no entry, nor do private names',
            '(such as *.svc) where `host` is not loopback',
          ].join(' '),
        ),
      ...{ auth, tls },
    })
    .prefault({});

type Given = z.output<ReturnType<typeof server>>;

export function httpOf(given: Given, resolvePath: (path: string) => string): HttpConfig {
  const { host, port, names, auth: login, tls: files } = given;
  const authOf = (): HttpAuth | null => {
    if (login === undefined || login === 'public') return login ?? null;
    if (login.tokenFile !== undefined) return { tokenFile: resolvePath(login.tokenFile) };
    return { token: login.token ?? '' };
  };
  const tlsOf = (): HttpTls | null => {
    if (files === undefined) return null;
    const { certFile, keyFile, clientCaFile } = files;
    const clientCa = clientCaFile === undefined ? null : resolvePath(clientCaFile);
    return { certFile: resolvePath(certFile), keyFile: resolvePath(keyFile), clientCaFile: clientCa };
  };
  return { host, port, names, auth: authOf(), tls: tlsOf() };
}
