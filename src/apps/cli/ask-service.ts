// What does the running archiver say, asked as its own configuration says it may be?
import { readFile } from 'node:fs/promises';
import { get as getHttp, type IncomingMessage } from 'node:http';
import { get as getHttps, type RequestOptions } from 'node:https';
import { text } from 'node:stream/consumers';
import type { ServiceStatus } from '../../archiver/status.ts';
import { messageOf } from '../../base/error.ts';
import type { Config } from '../../config/archiver.ts';
import { tokenOf } from '../http-access.ts';

/** What was learned of it. Null: it has no server. */
export type AskedService = {
  readonly url: string;
  readonly status: ServiceStatus | null;
  readonly problem: string | null;
} | null;

const SERVICE_TIMEOUT_MS = 3000;

export async function askService({ server, archive }: Config): Promise<AskedService> {
  const { host, port, tls } = server;
  if (port === 0) return null;
  const reachable =
    host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '[::1]' : host.includes(':') ? `[${host}]` : host;
  const url = `${tls === null ? 'http' : 'https'}://${reachable}:${port}/status`;
  try {
    const options = { ...(await loginOf(server)), signal: AbortSignal.timeout(SERVICE_TIMEOUT_MS) };
    const answer = await new Promise<IncomingMessage>((resolve, reject) => {
      const request = tls === null ? getHttp(url, options, resolve) : getHttps(url, options, resolve);
      request.on('error', reject);
    });
    const said = await text(answer);
    if (answer.statusCode !== 200) throw new Error(`it answers ${answer.statusCode}`);
    const status = JSON.parse(said) as ServiceStatus;
    if (!Array.isArray(status.partitions)) throw new Error('another service answers there');
    if (status.origin !== archive.origin) throw new Error(`it archives into ${status.origin}`);
    return { url, status, problem: null };
  } catch (error) {
    return { url, status: null, problem: messageOf(error) };
  }
}

async function loginOf({ auth, tls }: Config['server']): Promise<RequestOptions> {
  if (auth === null && tls?.clientCaFile != null)
    throw new Error(
      'it lets in certificates alone (server.tls.clientCaFile), and none is given to this command',
    );
  const token = auth === null || auth === 'public' ? null : await tokenOf(auth, 'server');
  return {
    ...(token !== null && { headers: { authorization: `Bearer ${token}` } }),
    // Whoever has the key of just that certificate, by whatever name.
    ...(tls !== null && {
      ...{ ca: await readFile(tls.certFile), allowPartialTrustChain: true },
      checkServerIdentity: () => undefined,
    }),
  };
}
