// Is a large PUT that S3 refuses before its body a refusal, and not a broken connection?
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { s3Store } from '../../../src/store/s3.ts';
import type { Store } from '../../../src/store/store.ts';

const MIB = 1024 * 1024;
const LOCK = { mode: 'COMPLIANCE', untilMs: Date.UTC(2030, 0, 1) } as const;

let answer: readonly [status: number, code: string];
let expected: boolean[];
let bodyBytes: number;
let store: Store;
let close: () => Promise<unknown>;

/** As S3: with `Expect` it answers before the body; without, it answers too, and closes in the middle of it. */
function refuse(request: IncomingMessage, response: ServerResponse): void {
  const [status, code] = answer;
  expected.push(request.headers.expect === '100-continue');
  request.on('data', (chunk: Buffer) => (bodyBytes += chunk.length));
  response.writeHead(status, { date: new Date().toUTCString(), connection: 'close' });
  response.end(`<Error><Code>${code}</Code><Message>m</Message></Error>`, () =>
    request.socket.resetAndDestroy(),
  );
}

beforeEach(async () => {
  [expected, bodyBytes] = [[], 0];
  const server = createServer(refuse).on('checkContinue', refuse);
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready));
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const credentials = { accessKeyId: 'a', secretAccessKey: 'b' };
  const options = { bucket: 'acme', region: 'eu-central-1', prefix: '', endpoint, credentials };
  store = s3Store({ ...options, attemptsMax: 1 });
  close = async () => {
    await store.close();
    await new Promise((closed) => server.close(closed));
  };
});
afterEach(() => close());

describe('a PUT of 16 MiB', () => {
  const body = new Uint8Array(16 * MIB);

  it.each([
    [403, 'AccessDenied', 'not-permitted'],
    [400, 'InvalidRequest', 's3-refused'],
    [503, 'SlowDown', 'unavailable'],
  ] as const)(
    'that is refused with %i %s is %s, before most of its body was sent',
    async (status, code, meaning) => {
      answer = [status, code];
      await expect(store.putIfAbsent('key', body, LOCK)).rejects.toMatchObject({ code: meaning });
      expect(expected).toEqual([true]);
      expect(bodyBytes).toBeLessThan(MIB);
    },
  );

  it('that lost to another is known to have lost', async () => {
    answer = [412, 'PreconditionFailed'];
    expect(await store.putIfAbsent('key', body, LOCK)).toEqual({ kind: 'exists' });
    expect(bodyBytes).toBeLessThan(MIB);
  });
});

it('a small PUT asks for nothing first: that would open a connection for each', async () => {
  answer = [412, 'PreconditionFailed'];
  expect(await store.putIfAbsent('key', new Uint8Array(MIB), LOCK)).toEqual({ kind: 'exists' });
  expect(expected).toEqual([false]);
});
