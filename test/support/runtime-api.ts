// How does AWS Lambda feed a function? Its Runtime API, as far as a runtime's own loop uses it.
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';

type Invocation = {
  readonly event: unknown;
  /** Until the platform would end it. */
  readonly timeoutMs: number;
};

export type Answer =
  | { readonly kind: 'response'; readonly body: unknown }
  | {
      readonly kind: 'error';
      readonly body: { readonly errorType?: string; readonly errorMessage?: string };
    };

export type RuntimeApi = {
  /** `host:port`: AWS_LAMBDA_RUNTIME_API. */
  readonly address: string;
  /** Resolves with what the function answers. */
  invoke(invocation: Invocation): Promise<Answer>;
  /** What the runtime said when it could not even start. */
  readonly initErrors: readonly unknown[];
  close(): Promise<void>;
};

const BASE = '/2018-06-01/runtime';

export async function startRuntimeApi(): Promise<RuntimeApi> {
  const waiting: { readonly id: string; readonly invocation: Invocation }[] = [];
  const pollers: (() => void)[] = [];
  const answers = new Map<string, (answer: Answer) => void>();
  const initErrors: unknown[] = [];
  let made = 0;
  const server = createServer(async (request, response) => {
    const path = request.url ?? '';
    if (request.method === 'GET' && path === `${BASE}/invocation/next`) {
      let isGone = false;
      response.on('close', () => {
        isGone = true;
      });
      while (waiting.length === 0) await new Promise<void>((resolve) => pollers.push(resolve));
      // A runtime that was killed while it waited takes nothing with it.
      if (isGone) return pollers.shift()?.();
      const { id, invocation } = waiting.shift() as (typeof waiting)[number];
      response.writeHead(200, {
        'content-type': 'application/json',
        'lambda-runtime-aws-request-id': id,
        'lambda-runtime-deadline-ms': String(Date.now() + invocation.timeoutMs),
        'lambda-runtime-invoked-function-arn': 'arn:aws:lambda:eu-central-1:111122223333:function:verifier',
        'lambda-runtime-trace-id': 'Root=1-00000000-000000000000000000000000',
      });
      response.end(JSON.stringify(invocation.event));
      return;
    }
    const body = await jsonOf(request);
    const [, id = '', what] = /\/invocation\/([^/]+)\/(response|error)$/.exec(path) ?? [];
    if (what === 'response') answers.get(id)?.({ kind: 'response', body });
    else if (what === 'error') answers.get(id)?.({ kind: 'error', body: body as { errorType?: string } });
    else if (path === `${BASE}/init/error`) initErrors.push(body);
    response.writeHead(202, { 'content-type': 'application/json' });
    response.end('{"status":"OK"}');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    initErrors,
    invoke: (invocation) =>
      new Promise((resolve) => {
        const id = `request-${++made}`;
        answers.set(id, resolve);
        waiting.push({ id, invocation });
        pollers.shift()?.();
      }),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function jsonOf(request: IncomingMessage): Promise<unknown> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer);
  const text = Buffer.concat(parts).toString();
  return text === '' ? null : JSON.parse(text);
}
